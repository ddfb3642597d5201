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
from playground.labs.hallucination.scores import SCORES

NEAREST = 20  # answers about as sure as a new one
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
    """

    surer_than: float
    near_right: int
    near: int


@dataclass(frozen=True)
class CalibrationSet:
    """Scores of answers with known grades, by one model at one precision.

    Parameters
    ----------
    model, title, precision : str
        Who answered.
    suite : str
        Which set.
    right : tuple of bool
        Of each answer, whether it was right.
    scores : mapping of str to tuple of float
        By the scores' names, in the order of `right`.
    """

    model: str
    title: str
    precision: str
    suite: str
    right: tuple[bool, ...]
    scores: Mapping[str, tuple[float, ...]]

    def place(self, name: str, value: float | None) -> Place | None:
        """Return where a value stands; None where the set has no such score."""
        others = self.scores.get(name)
        if value is None or not others:
            return None
        sign = 1 if _SURER[name] else -1
        scores = sign * np.array(others)
        near = np.argsort(np.abs(scores - sign * value), kind="stable")[:NEAREST]
        right = sum(self.right[each] for each in near)
        return Place(percentile(sign * value, scores), int(right), len(near))

    @property
    def words(self) -> str:
        """What it was measured on."""
        return (
            f"{len(self.right)} answers of {self.title} at {self.precision.upper()} to the set "
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
    return CalibrationSet(right=tuple(found.pop("right")), scores=scores, **found)


def calibration_for(model: str, precision: str) -> CalibrationSet | None:
    """Return the shipped set where it is of this very model and precision."""
    known = shipped()
    return known if (known.model, known.precision) == (model, precision) else None


def write_calibration(title: str, part: Mapping[str, Any], suite: str, names: Sequence[str]) -> str:
    """Return the file that is made of a part of a set's result, as its JSON has it.

    Answers without a grade, and scores that not every answer has, are left out.
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
        "right": [row["right"] for row in rows],
        "scores": scores,
    }
    return json.dumps(found, indent=None, separators=(",", ":")) + "\n"
