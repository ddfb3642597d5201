"""The rail: a text through the limits, its readings, and one stage after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from playground.moderation.all_policies import together
from playground.moderation.classifier import CATEGORY, Classifier
from playground.moderation.limits import LimitStage
from playground.moderation.personal import PERSONAL
from playground.moderation.policies import shipped_policies
from playground.moderation.rewriting import as_written
from playground.moderation.verdict import Match, Verdict
from playground.moderation.view import Stage, View
from playground.moderation.views import read_views, settled_views
from playground.moderation.words import word_stage

_LIMITS = LimitStage()


@dataclass(frozen=True)
class Findings:
    """What is settled in a text that may go on.

    Attributes
    ----------
    matches : tuple of Match
        Those that begin before `open_from`, in the order of their places.
    open_from : int
        Whatever follows, no match that begins before this offset appears, goes or changes.
    readings : tuple of View
        The settled part of each reading; none where what follows is not read.
    """

    matches: tuple[Match, ...]
    open_from: int
    readings: tuple[View, ...] = ()


@dataclass(frozen=True)
class Rail:
    """Stages in their order.

    Attributes
    ----------
    stages : tuple of Stage
        What reads a text; every one of them is asked.
    gate : Stage
        Asked first: what it finds, and all that stands behind it, is read by no other stage.
    classifier : Classifier or None
        The learned stage, asked last; it needs an encoder, so that it is there only on request.

    Examples
    --------
    >>> shipped_rail().check("Where does the Danube rise?").action
    <Action.ALLOW: 'allow'>
    """

    stages: tuple[Stage, ...]
    gate: Stage = _LIMITS
    classifier: Classifier | None = None

    def check(self, text: str) -> Verdict:
        """Return what is to be done with a text, and why.

        Parameters
        ----------
        text : str
            Any; what no stage can read is blocked with a sentence that says so.
        """
        broken = self.gate.find(text, (as_written(text),))
        read = text[: broken[0].start] if broken else text
        views = read_views(read)
        matches = in_order([*self._asked(read, views), *broken])
        scores = ((CATEGORY, self.classifier.highest(views)),) if self.classifier else ()
        return Verdict(matches, scores)

    def watch(self, text: str) -> Findings:
        """Return what is settled in a text that may go on.

        Of each reading only the settled part is asked: how the rest reads now says nothing of how
        it will read, so that to every stage it is as if it were not there yet.
        """
        if self.gate.find(text, (as_written(text),)):  # what follows is not read
            return Findings(self.check(text).matches, len(text))
        views = settled_views(text)
        known = views[0].text
        # First what may come: what is found for it need not be looked for again.
        open_from = min(each.open_from(known, views) for each in (self.gate, *self.every))
        found = self._asked(known, views)
        return Findings(tuple(each for each in found if each.start < open_from), open_from, views)

    def _asked(self, read: str, views: Sequence[View]) -> tuple[Match, ...]:
        """Return what the stages behind the gate find."""
        return in_order(match for each in self.every for match in each.find(read, views))

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
    return Rail((word_stage(), PERSONAL, together(shipped_policies())))
