"""From answers to scores: what each says in short, which say the same, and the evidence of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.experiments.run import Run
from playground.labs.hallucination.answering import Answered
from playground.labs.hallucination.clusters import Clusters, Embed, cluster
from playground.labs.hallucination.gist import gist
from playground.labs.hallucination.knowing import Known
from playground.labs.hallucination.scores import Evidence
from playground.models.acquire.fetch import ensure_model
from playground.models.engines.embedder import EMBEDDER

Aliases = Iterable[Iterable[str]]
# Kinds by which samples are compared where there is no key: in whole, or by what comes first.
WHOLE, OPEN = "whole", "open"


@dataclass(frozen=True)
class Group:
    """Answers that say the same.

    Parameters
    ----------
    has_answer : bool
        Whether the likeliest answer is among them.
    samples : tuple of int
        Which samples, from 0.
    wordings : tuple of str
        Their different texts, the first one first.
    step : str
        What put them together.
    """

    has_answer: bool
    samples: tuple[int, ...]
    wordings: tuple[str, ...]
    step: str


def cluster_answers(
    answered: Answered, kind: str, aliases: Aliases = (), embed: Embed | None = None
) -> Clusters:
    """Return which of the answers, the likeliest first, say the same."""
    texts = [answered.answer.text, *(each.text for each in answered.samples)]
    said = [gist(text, answered.prompt, kind) for text in texts]
    return cluster(said, aliases=aliases, embed=embed)


def groups_of(answered: Answered, clusters: Clusters) -> tuple[Group, ...]:
    """Return the clusters with what is in them, the largest first."""
    texts = [answered.answer.text, *(each.text for each in answered.samples)]
    steps = {merge.place: f"{merge.step}: {merge.why}" for merge in clusters.merges}
    groups = [
        Group(
            0 in members,
            tuple(place - 1 for place in members if place),
            tuple(dict.fromkeys(texts[place] or "(no word)" for place in members)),
            "; ".join(dict.fromkeys(steps[place] for place in members if place in steps)),
        )
        for members in clusters.members
    ]
    return tuple(sorted(groups, key=lambda group: -len(group.samples)))


def evidence_of(known: Known, clusters: Clusters, seed: int, name: str) -> Evidence:
    """Return what the scores look at."""
    answered = known.answered
    # A sample that failed says nothing, neither the same nor another.
    places = [place for place, each in enumerate(answered.samples) if not each.error]
    return Evidence(
        tokens=answered.answer.tokens,
        text=answered.answer.text,
        samples=[answered.samples[place].text for place in places],
        cluster=clusters.labels[0],
        clusters=[clusters.labels[place + 1] for place in places],
        says_true=known.says_true,
        seed=seed,
        name=name,
    )


def encoder(wanted: bool, run: Run) -> Embed | None:
    """Return what turns texts into vectors of their meaning, fetched if need be; None unwanted.

    Raises
    ------
    ModelUnavailable
        When it cannot be had.
    """
    if not wanted:
        return None
    model = ensure_model(EMBEDDER, run.pool.settings, lambda _: None, run.stopped, any_kind=True)

    def embed(texts: Sequence[str]) -> NDArray[np.floating]:
        return run.pool.embedder(model).embed(texts)

    return embed
