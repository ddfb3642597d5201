"""Sentences that are known to be meant or not, and what a filter made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """How often a filter did what it should, of the four ways that it can go.

    Attributes
    ----------
    caught, missed : int
        Of those that it should stop.
    stopped, passed : int
        Of those that it should let pass.
    """

    caught: int
    missed: int
    stopped: int
    passed: int

    @property
    def precision(self) -> float | None:
        """Share of what was stopped that should be; None where nothing was."""
        return _share(self.caught, self.caught + self.stopped)

    @property
    def recall(self) -> float | None:
        """Share of what should be stopped that was; None where nothing should be."""
        return _share(self.caught, self.caught + self.missed)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two; None where there is nothing to find and nothing found."""
        return _share(2 * self.caught, 2 * self.caught + self.stopped + self.missed)

    @property
    def accuracy(self) -> float | None:
        """Share that went as it should; None where there is none."""
        right = self.caught + self.passed
        return _share(right, right + self.missed + self.stopped)

    def to_json(self) -> dict[str, int | float | None]:
        """Return the four counts and the four shares."""
        return {
            "caught": self.caught,
            "missed": self.missed,
            "stopped": self.stopped,
            "passed": self.passed,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "accuracy": self.accuracy,
        }


def count(meant: Sequence[bool], stopped: Sequence[bool]) -> Counts:
    """Return how a filter did.

    Parameters
    ----------
    meant, stopped : sequence of bool
        A sentence each: whether it should be stopped, and whether it was.

    Examples
    --------
    >>> count([True, True, False], [True, False, False])
    Counts(caught=1, missed=1, stopped=0, passed=1)
    """
    pairs = list(zip(meant, stopped, strict=True))
    return Counts(
        caught=pairs.count((True, True)),
        missed=pairs.count((True, False)),
        stopped=pairs.count((False, True)),
        passed=pairs.count((False, False)),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
