"""What each stage of the rail says of a text, and how long it took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from time import perf_counter
from typing import Any

from playground.moderation.rail import in_order
from playground.moderation.rewriting import as_written
from playground.moderation.verdict import Action, Match, Verdict
from playground.moderation.view import Stage, View


@dataclass(frozen=True)
class StageReport:
    """What one stage found.

    Attributes
    ----------
    name : str
        Which stage.
    matches : tuple of Match
        Everything it found, in the order of their places.
    milliseconds : float
        How long it looked.
    """

    name: str
    matches: tuple[Match, ...]
    milliseconds: float

    @property
    def said(self) -> str:
        """One sentence."""
        stopping = [each for each in self.matches if each.action is not Action.ALLOW]
        rules = ", ".join(dict.fromkeys(each.rule for each in stopping or self.matches))
        if stopping:
            return f"Found {rules}."
        if rules:
            return f"Saw {rules}, and lets it pass."
        return "Found nothing."

    def to_json(self) -> dict[str, Any]:
        """Return it under the names of the export."""
        return {
            "stage": self.name,
            "matches": [each.to_json() for each in self.matches],
            "milliseconds": self.milliseconds,
        }


@dataclass(frozen=True)
class Examined:
    """A text that has been through all stages.

    Attributes
    ----------
    given : str
        The text.
    views : tuple of View
        Its readings; the first is the text as written.
    stages : tuple of StageReport
        In the order of the rail.
    reading_milliseconds : float
        How long the readings took.
    scores : tuple of (str, float)
        The highest score of a category that a stage gives also below its threshold.
    """

    given: str
    views: tuple[View, ...]
    stages: tuple[StageReport, ...]
    reading_milliseconds: float
    scores: tuple[tuple[str, float], ...] = ()

    @property
    def matches(self) -> tuple[Match, ...]:
        """What all stages found, in the order of their places."""
        return in_order(match for stage in self.stages for match in stage.matches)

    @property
    def verdict(self) -> Verdict:
        """What is to be done with the text."""
        return Verdict(self.matches, self.scores)

    @property
    def decisive(self) -> Match | None:
        """The find that decides: of the first stage that asks for the strictest action."""
        action = self.verdict.action
        if action is Action.ALLOW:
            return None
        found = (match for stage in self.stages for match in stage.matches)
        return next(each for each in found if each.action is action)

    @property
    def milliseconds(self) -> float:
        """How long all of it took."""
        return self.reading_milliseconds + sum(each.milliseconds for each in self.stages)


def examine(
    given: str, gate: Stage, read_views: Callable[[str], Sequence[View]], stages: Sequence[Stage]
) -> Examined:
    """Read a text in every way and show it to one stage after another.

    Every stage is asked, also behind one that would stop the text: that is what is to be seen.
    What breaks a limit, and all that stands behind it, is read by no other stage.

    Parameters
    ----------
    given : str
        The text.
    gate : Stage
        Asked first, before the text is read.
    read_views : callable
        Returns its readings.
    stages : sequence of Stage
        In the order of the rail.
    """
    limits = _ask(gate.name, [gate], given, [as_written(given)])
    read = given[: limits.matches[0].start] if limits.matches else given
    began = perf_counter()
    views = tuple(read_views(read))
    reading = _milliseconds_since(began)
    # Each policy is a stage of its own to the rail; to the reader they are one step.
    steps = groupby(stages, key=lambda each: each.name)
    reports = (_ask(name, list(some), read, views) for name, some in steps)
    return Examined(given, views, (limits, *reports), reading)


def _ask(name: str, stages: Sequence[Stage], given: str, views: Sequence[View]) -> StageReport:
    began = perf_counter()
    matches = in_order(match for each in stages for match in each.find(given, views))
    return StageReport(name, matches, _milliseconds_since(began))


def _milliseconds_since(began: float) -> float:
    return 1000 * (perf_counter() - began)
