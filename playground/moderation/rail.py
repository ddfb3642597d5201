"""The rail: a text through the limits, its readings, and one stage after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from playground.moderation.classifier import CATEGORY, Classifier
from playground.moderation.limits import LimitStage
from playground.moderation.personal import PersonalStage
from playground.moderation.policies import shipped_policies
from playground.moderation.verdict import Match, Verdict
from playground.moderation.view import Stage
from playground.moderation.views import read_views
from playground.moderation.words import word_stage


@dataclass(frozen=True)
class Rail:
    """Stages in their order.

    Attributes
    ----------
    stages : tuple of Stage
        What reads a text; every one of them is asked.
    gate : Stage
        Asked first: what it finds in a text is not read.
    classifier : Classifier or None
        The learned stage, asked last; it needs an encoder, so that it is there only on request.
    """

    stages: tuple[Stage, ...]
    gate: Stage = field(default_factory=LimitStage)
    classifier: Classifier | None = None

    def check(self, text: str) -> Verdict:
        """Return what is to be done with a text, and why.

        Parameters
        ----------
        text : str
            Any; what no stage can read is blocked with a sentence that says so.
        """
        broken = self.gate.find(text, ())
        if broken:
            return Verdict(tuple(broken))
        views = read_views(text)
        matches = in_order(match for each in self.every for match in each.find(text, views))
        scores = ((CATEGORY, self.classifier.highest(views)),) if self.classifier else ()
        return Verdict(matches, scores)

    @property
    def every(self) -> Sequence[Stage]:
        """All that read a text, the learned one last."""
        return (*self.stages, self.classifier) if self.classifier else self.stages

    def asking(self, classifier: Classifier | None) -> Rail:
        """Return the same rail with a learned stage at its end, or without."""
        return replace(self, classifier=classifier)


def in_order(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Return matches by where they begin; of equal ones the longest first."""
    return tuple(sorted(matches, key=lambda each: (each.start, -each.end)))


@cache
def shipped_rail() -> Rail:
    """Return the rail that ships, without the learned stage: nothing is fetched for it."""
    return Rail((word_stage(), PersonalStage(), *shipped_policies()))
