"""Fit the learned wording of the policies of the notes from their own examples.

::

    python benchmarks/policy_heads.py

For each policy it fits a logistic regression on MiniLM's vectors: its rules' `match` against their
`pass`, the other policy's examples and harmless sentences. Nothing else is read, so that a policy
and what was learned of it rest on the same sentences.
"""

from __future__ import annotations

import json
import random
from importlib.resources import files
from pathlib import Path

import numpy as np
from harm_pairs import kindly_sentences
from numpy.typing import NDArray

from playground.core.logistic import fit_logistic
from playground.data import shipped_sentences
from playground.models.acquire.fetch import ensure_model
from playground.models.engines.embedder import EMBEDDER, load_embedder
from playground.moderation.classifier import LAYERS
from playground.moderation.policies import shipped_policies
from playground.settings import Settings

CATEGORIES = ("politics.figure_location", "politics.war_targeting")
PENALTY = 20.0
FOLDS = 10
TWINS, REST = 0.03, 0.002
"""Of sentences left out of the fit, so many twins, and so many others, may be caught by mistake."""


def main() -> None:
    """Fit, print what ten folds say, write."""
    texts = {each: _examples(each) for each in CATEGORIES}
    harmless = _harmless()
    embed = load_embedder(ensure_model(EMBEDDER, Settings.from_env(), any_kind=True), LAYERS).embed
    weights, intercepts, speaks = [], [], []
    for category in CATEGORIES:
        match, let_pass = texts[category]
        others = [
            text for name in CATEGORIES if name != category for each in texts[name] for text in each
        ]
        every = match + let_pass + others + harmless
        vectors = embed(every).astype(np.float64)
        labels = np.arange(len(every)) < len(match)
        chances = _left_out(vectors, labels)
        speaks.append(_speaks(chances, len(match), len(let_pass)))
        print(
            f"{category}: {len(match)} to catch, {len(let_pass)} twins; from {speaks[-1]:.2f} on "
            f"{np.mean(chances[: len(match)] >= speaks[-1]):.2f} of what was left out is caught"
        )
        fitted = fit_logistic(vectors, labels, penalty=PENALTY)
        # The fit is on standardized features; the head reads them as they are.
        weights.append(fitted.weights / fitted.scales)
        intercepts.append(fitted.intercept - fitted.means @ weights[-1])
    np.savez(
        Path("playground/data/moderation/policy_heads.npz"),
        categories=np.array(CATEGORIES),
        weights=np.array(weights, np.float32),
        intercepts=np.array(intercepts),
        speaks=np.array(speaks),
    )


def _examples(category: str) -> tuple[list[str], list[str]]:
    """Return what the rules of a category must find, and what they must let pass."""
    rules = [each for stage in shipped_policies() for each in stage.loaded.policy.rules]
    examples = [each.examples for each in rules if each.category == category]
    match = [text for each in examples for text in each.match]
    return match, [text for each in examples for text in each.let_pass]


def _harmless() -> list[str]:
    traps = files("playground.data").joinpath("moderation", "traps.jsonl").read_text("utf-8")
    lines = [json.loads(line)["text"] for line in traps.splitlines() if line.strip()]
    return [*lines, *shipped_sentences(), *kindly_sentences(random.Random(0))]  # noqa: S311 # a draw of sentences, no secret


def _speaks(chances: NDArray[np.float64], match: int, twins: int) -> float:
    """Return the lowest probability from which on few are caught by mistake."""
    for bound in np.arange(0.5, 1.0, 0.01):
        caught = chances >= bound
        alike, rest = caught[match : match + twins], caught[match + twins :]
        if alike.mean() <= TWINS and rest.mean() <= REST:
            return float(bound.round(2))
    return 1.0


def _left_out(vectors: NDArray[np.float64], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how likely each is, by a fit on the other folds."""
    fold = np.random.default_rng(0).permutation(len(labels)) % FOLDS
    chances = np.zeros(len(labels))
    for each in range(FOLDS):
        rest = fold != each
        fitted = fit_logistic(vectors[rest], labels[rest], penalty=PENALTY)
        chances[~rest] = fitted.predict_proba(vectors[~rest])
    return chances


if __name__ == "__main__":
    main()
