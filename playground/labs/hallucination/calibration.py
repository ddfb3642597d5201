"""How sure a model was of answers whose truth is known: what a new one is held to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from playground.core.resampling import percentile
from playground.data import shipped_calibration
from playground.labs.hallucination.scores import CONTROLS, SCORES
from playground.models.engines.precision import Precision

NEAREST = 20  # answers about as sure as a new one
CONTROL_NAMES = frozenset(score.name for score in CONTROLS)
_OF_SAMPLES = {
    "samples": "number of samples",
    "temperature": "temperature",
    "top_p": "top-p",
    "by_meaning": "way to compare",
}
_SURER = {score.name: score.higher_is_surer for score in SCORES}


@dataclass(frozen=True)
class Place:
    """Where a score stands among those of the calibration set.

    Parameters
    ----------
    surer_than : float
        Share of its answers that the model was less sure of, equals counted half; 0 to 1.
    near_right, near : int
        Of so many answers nearest to it, how many were right.
    low, high : float
        Between which the scores of those lie.
    """

    surer_than: float
    near_right: int
    near: int
    low: float
    high: float


@dataclass(frozen=True)
class CalibrationSet:
    """Scores of answers with known grades, by one model at one precision.

    Parameters
    ----------
    model, title, precision : str
        Who answered.
    suite : str
        Which set.
    drawn : mapping of str to object
        The settings of the answers and of their samples: what other settings give is not held to
        it.
    ids : tuple of str
        The questions; each began a reply of the chat.
    right : tuple of bool
        Of each answer, whether it was right.
    scores : mapping of str to tuple of float
        By the scores' names, in the order of `right`.
    """

    model: str
    title: str
    precision: str
    suite: str
    drawn: Mapping[str, object]
    ids: tuple[str, ...]
    right: tuple[bool, ...]
    scores: Mapping[str, tuple[float, ...]]

    def place(self, name: str, value: float | None, item_id: str | None = None) -> Place | None:
        """Return where a value stands; None where nothing can be held to it.

        That is where the set has no such score, where the score is a control, and where none of
        its answers was as sure, or none as unsure.

        Parameters
        ----------
        name : str
            The score's.
        value : float or None
            Of the answer.
        item_id : str or None
            A question of the set that is left out, for an answer is not held to itself.
        """
        kept = [place for place, each in enumerate(self.ids) if each != item_id]
        others = self.scores.get(name)
        if value is None or not others or name in CONTROL_NAMES:
            return None
        found = np.array(others)[kept]
        if not found.min() <= value <= found.max():
            return None
        sign = 1 if _SURER[name] else -1
        near = np.argsort(np.abs(found - value), kind="stable")[:NEAREST]
        right = sum(self.right[kept[each]] for each in near)
        low, high = float(found[near].min()), float(found[near].max())
        return Place(percentile(sign * value, sign * found), int(right), len(near), low, high)

    def other_sampling(self, settings: Mapping[str, object]) -> str | None:
        """Return the first setting of samples that differs, in words; None where none does."""
        differ = (
            words for name, words in _OF_SAMPLES.items() if settings[name] != self.drawn[name]
        )
        return next(differ, None)

    @property
    def words(self) -> str:
        """What it was measured on."""
        precision = Precision(self.precision).label
        return (
            f"{len(self.right)} answers of {self.title} at {precision} to the set "
            f"{self.suite}, {sum(self.right)} of them right"
        )


@cache
def shipped() -> CalibrationSet:
    """Return the set that ships."""
    return read_calibration(shipped_calibration())


def read_calibration(text: str) -> CalibrationSet:
    """Return a set as `write_calibration` wrote it."""
    found: dict[str, Any] = json.loads(text)
    scores = {name: tuple(values) for name, values in found.pop("scores").items()}
    ids, right = tuple(found.pop("ids")), tuple(found.pop("right"))
    return CalibrationSet(ids=ids, right=right, scores=scores, **found)


def calibration_for(model: str, precision: str) -> CalibrationSet | None:
    """Return the shipped set where it is of this very model and precision."""
    known = shipped()
    return known if (known.model, known.precision) == (model, precision) else None


def write_calibration(
    title: str,
    part: Mapping[str, Any],
    suite: str,
    names: Sequence[str],
    drawn: Mapping[str, object],
) -> str:
    """Return the file that is made of a part of a set's result, as its JSON has it.

    Answers without a grade, and scores that not every answer has, are left out.

    Parameters
    ----------
    title : str
        The model's.
    part : mapping
        The answers.
    suite : str
        The set they belong to.
    names : sequence of str
        The scores to keep.
    drawn : mapping of str to object
        With which settings they were answered.
    """
    rows = [row for row in part["items"] if row["right"] is not None and not row["error"]]
    scores = {
        name: [round(row["scores"][name], 5) for row in rows]
        for name in names
        if all(row["scores"].get(name) is not None for row in rows)
    }
    found = {
        "model": part["model"],
        "title": title,
        "precision": part["precision"],
        "suite": suite,
        "drawn": dict(drawn),
        "ids": [row["id"] for row in rows],
        "right": [row["right"] for row in rows],
        "scores": scores,
    }
    return json.dumps(found, indent=None, separators=(",", ":")) + "\n"
