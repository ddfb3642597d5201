"""Answers graded and scored: the rows of the table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from playground.errors import OptionError
from playground.labs.hallucination.clusters import Embed
from playground.labs.hallucination.families import families
from playground.labs.hallucination.grading import Grade, grade
from playground.labs.hallucination.items import Item
from playground.labs.hallucination.knowing import Known
from playground.labs.hallucination.names_alike import names_alike
from playground.labs.hallucination.scores import SCORES
from playground.labs.hallucination.scoring import cluster_answers, evidence_of
from playground.sentences import quoted

_OVERRULED = re.compile(r"(.+):(right|wrong)")


@dataclass(frozen=True, eq=False)
class Row:
    """A question with its answer, its grade and its scores.

    Parameters
    ----------
    item : Item
        The question and its key.
    known : Known
        What the model answered.
    grade : Grade or None
        What the rule says; None where there is no answer, or no key.
    right : bool or None
        The grade, or what the learner put in its place; None where neither says.
    overruled : bool
        Whether it is the learner's.
    scores : mapping of str to float or None
        By the names of `SCORES`.
    family : str
        What it shares with the items that it belongs to; empty where nobody has looked.
    """

    item: Item
    known: Known
    grade: Grade | None
    right: bool | None
    overruled: bool
    scores: Mapping[str, float | None]
    family: str = ""

    @property
    def belongs_to(self) -> str:
        """What it shares with items that must stay on its side of a split."""
        if self.family:
            return self.family
        if self.item.group:
            return self.item.group
        return min(self.item.id, self.item.twin) if self.item.twin else self.item.id

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        answered = self.known.answered
        return {
            "id": self.item.id,
            "prompt": self.item.prompt,
            "key": list(self.item.answers),
            "answer": answered.answer.text,
            "finish_reason": answered.answer.finish_reason,
            "error": answered.answer.error,
            "right": self.right,
            "overruled": self.overruled,
            "rule": self.grade.rule if self.grade else None,
            "scores": dict(self.scores),
            "samples": [each.text for each in answered.samples],
            "tokens": [
                {"text": t.text, "logprob": t.logprob, "entropy_nats": t.entropy_nats}
                for t in answered.answer.tokens
            ],
        }


@dataclass(frozen=True, eq=False)
class Judge:
    """Grades and scores the answers to a set.

    Parameters
    ----------
    items : sequence of Item
        The set: its names together tell which name means which thing.
    overruled : mapping of str to bool
        What the learner says goes before the rule.
    seed : int
        Of the random control.
    embed : callable or None
        Vectors of the meaning of texts; see `playground.labs.hallucination.clusters`.
    own : bool
        Whether it is a person's own set, whose answers may be several things that are all right.
    """

    items: Sequence[Item]
    overruled: Mapping[str, bool] = field(default_factory=dict)
    seed: int = 0
    embed: Embed | None = None
    own: bool = False

    @cached_property
    def aliases(self) -> tuple[tuple[str, ...], ...]:
        """The names of all things of the set, so that no cluster is told what is right."""
        keys = dict.fromkeys(item.answers for item in self.items if item.kind == "name")
        return tuple(group for key in keys for group in (names_alike(key) if self.own else [key]))

    @cached_property
    def _by_id(self) -> Mapping[str, Item]:
        return {item.id: item for item in self.items}

    @cached_property
    def _families(self) -> Mapping[str, str]:
        return families(self.items)

    def row(self, item: Item, known: Known, kind: str = "") -> Row:
        """Return the row of one answer; `kind` is that by which its samples are compared."""
        if known.answered.answer.error:
            return Row(item, known, None, None, False, {}, self._families.get(item.id, ""))
        found = self._grade(item, known.answered.answer.text)
        own = self.overruled.get(item.id)
        clusters = cluster_answers(known.answered, kind or item.kind, self.aliases, self.embed)
        evidence = evidence_of(known, clusters, self.seed, item.id)
        scores = {score.name: score.of(evidence) for score in SCORES}
        right = found.right if found and own is None else own
        family = self._families.get(item.id, "")
        return Row(item, known, found, right, own is not None, scores, family)

    def _grade(self, item: Item, text: str) -> Grade | None:
        """Return the grade; None of a question that has no key, such as a learner's own pair."""
        if not item.answers and item.kind != "unanswerable":
            return None
        return grade(text, item, self._by_id.get(item.twin or ""))


def read_overruled(given: Iterable[str] | None) -> dict[str, bool]:
    """Return the learner's grades.

    Examples
    --------
    >>> read_overruled(["capital-ua:right", "capital-in:wrong"])
    {'capital-ua': True, 'capital-in': False}

    Raises
    ------
    OptionError
        When one has another form, or an id has both.
    """
    found: dict[str, bool] = {}
    for each in given or ():
        match = _OVERRULED.fullmatch(each)
        if match is None:
            raise OptionError(
                f"`overruled` must be ids with right or wrong, such as capital-ua:right, got "
                f"{quoted(each):.80}."
            )
        right = match[2] == "right"
        if found.setdefault(match[1], right) is not right:
            raise OptionError(
                f"`overruled` must give one grade for each id, got both for "
                f"{quoted(match[1]):.80}; take one of them out."
            )
    return found
