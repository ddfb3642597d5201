"""A text as it comes: only what nothing can change any more is let go.

For every way in which a text may be cut into pieces, what is shown and what is found are the same
as for the whole: what counts is settled by place, never by when a piece came.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from playground.generation.watch import Shown
from playground.moderation.hiding import covers, shown
from playground.moderation.limits import LONGEST, LimitStage, mended, too_long
from playground.moderation.policy import MOST_SENTENCES
from playground.moderation.rail import Findings, Rail
from playground.moderation.verdict import Action, Match, Verdict
from playground.moderation.view import View
from playground.moderation.views import every_view
from playground.moderation.weighing import EARLIER
from playground.moderation.wording import read_words

SPACING = 6
"""The rail is asked again when the text it reads has grown by one part in so many.

So however long a reply is, a character of it is read some eight times.
"""

CONTEXT_SENTENCES = MOST_SENTENCES - 1
"""Whole sentences before what is settled that are read again: no rule goes over more."""

CONTEXT_WORDS = EARLIER
"""Words before a sentence that are read again: it is weighed with them, and no listed phrase has
more."""

LONGEST_BEFORE = 400
"""Characters of what was said before that a text may go on from."""

LONGEST_AFTER = 2_000
"""Characters of a text in which a match that began before it ends."""

_NOTHING: Mapping[str, object] = MappingProxyType({})


class Watching:
    """Read a text piece by piece.

    Parameters
    ----------
    rail : Rail
        What looks at it; it stays the same until the end.
    before : str
        What stood before it, such as the turn that it goes on from: what begins there and ends in
        the text counts.
    about : mapping
        Told with what is found, such as what was hidden of what was asked.

    Examples
    --------
    >>> from playground.moderation.rail import shipped_rail
    >>> watching = Watching(shipped_rail())
    >>> [each.text for each in [*watching.push("It rains, it po"), *watching.push("urs. ")]]
    ['It rains, ', 'it pours. ']
    """

    def __init__(
        self, rail: Rail, before: str = "", about: Mapping[str, object] = _NOTHING
    ) -> None:
        # Of a long text a part is read at a time: its length is measured here.
        self._rail = replace(rail, gate=LimitStage(2 * LONGEST))
        self._text = joint(before)
        self._cut = -len(self._text)  # where what is read begins; the text itself begins at 0
        self._fresh = 0
        self._settled = self._cut
        self._shown = 0
        self._matches: list[Match] = []
        self._block: Match | None = None
        self._ended = False
        self._about = dict(about)

    @property
    def stopped(self) -> bool:
        """Whether something was found that may not be shown, nor anything after it."""
        return self._block is not None

    @property
    def verdict(self) -> Verdict:
        """What was found so far; nothing that begins behind what stopped the text."""
        return Verdict(tuple(_within(each) for each in self._matches))

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain values, and what else is told with it."""
        return {**self.verdict.to_json(), **self._about}

    def push(self, piece: str) -> list[Shown]:
        """Take the next piece and return what may be shown now."""
        if self.stopped or self._ended:
            return []
        self._text += piece
        self._fresh += len(piece)
        if self._fresh < max(1, len(self._text) // SPACING) and self._left() >= 0:
            return []
        return self._look(ended=False)

    def end(self) -> list[Shown]:
        """Say that the text has ended, and return the rest that may be shown."""
        if self.stopped or self._ended:
            return []
        self._ended = True
        return self._look(ended=True)

    def _look(self, ended: bool) -> list[Shown]:
        self._fresh = 0
        behind = self._text[len(self._text) + self._left() :] if self._left() < 0 else ""
        text = self._text.removesuffix(behind)
        if ended or behind:
            findings = Findings(self._rail.check(text).matches, len(text))
        else:
            findings = self._rail.watch(text)
        settled = self._cut + findings.open_from
        for each in findings.matches:
            start, stop = each.start + self._cut, each.end + self._cut
            if self._settled <= start < settled and stop > 0:
                self._take(replace(each, start=start, end=stop))
        if behind:
            self._take(too_long(behind[0], LONGEST))
        self._settled = max(self._settled, settled)
        released = self._release(ended)
        if not self.stopped:
            self._forget(findings.readings)
        return released

    def _left(self) -> int:
        """Return how many characters the whole text may still have; below 0 it has too many."""
        return LONGEST - self._cut - len(self._text)

    def _take(self, match: Match) -> None:
        """Keep a match, unless it begins behind what stopped the text."""
        if self._block is None or match.start == self._block.start:
            self._matches.append(match)
            if match.action is Action.BLOCK:
                self._block = self._block or match

    def _release(self, ended: bool) -> list[Shown]:
        """Return what lies between what was shown and what is settled."""
        hidden = covers(_within(each) for each in self._matches)
        end = max(0, self._block.start) if self._block else self._settled
        if not self._block and not ended and hidden and hidden[-1].end > end:
            end = hidden[-1].start  # its end is not there yet
        if end <= self._shown:
            return []
        text = self._text[self._shown - self._cut : end - self._cut]
        moved = (
            replace(each, start=each.start - self._shown, end=each.end - self._shown)
            for each in hidden
            if each.start >= self._shown
        )
        pieces = [
            replace(each, start=each.start + self._shown, end=each.end + self._shown)
            for each in shown(text, 0, len(text), moved)
        ]
        self._shown = end
        return pieces

    def _forget(self, readings: Sequence[View]) -> None:
        """Leave out the sentences that what comes has nothing to do with."""
        at = _kept_from(readings, min(self._settled, self._shown) - self._cut)
        if at and _reads_alike(self._text, at):
            self._text = self._text[at:]
            self._cut += at


def _kept_from(readings: Sequence[View], place: int) -> int:
    """Return where what counts for the rest begins: a sentence, whichever way it is read."""
    at = min((_begins(each, place, CONTEXT_SENTENCES) for each in readings), default=0)
    while at and (lower := min(_begins(each, at) for each in readings)) < at:
        at = lower
    return at


def _begins(view: View, place: int, sentences: int = 0) -> int:
    """Return where the sentence of a place begins, or one so many before it."""
    wording = read_words(view.text)
    word = bisect_right(wording.starts, place, key=view.starts.__getitem__) - 1
    sentence = wording.sentence_at(word) - sentences
    if sentences and word >= 0:
        begin = wording.sentences[wording.sentence_at(word)]
        sentence = min(sentence, wording.sentence_at(begin - CONTEXT_WORDS))
    return view.starts[wording.starts[wording.sentences[sentence]]] if sentence > 0 else 0


def _reads_alike(text: str, at: int) -> bool:
    """Whether what stands from a place on is read the same without what stands before it."""
    pairs = zip(every_view(text), every_view(text[at:]), strict=True)
    return all(whole.since(at).reads_as(rest) for whole, rest in pairs)


def joint(before: str) -> str:
    """Return the end of what was said before, set apart from what goes on from it.

    What breaks a limit there is left out: a rail reads no further than that.
    """
    before = mended(before[-LONGEST_BEFORE:])
    return f"{before}\n" if before.strip() else ""


def check_after(rail: Rail, text: str, before: str) -> Verdict:
    """Return the verdict on a text, with what it makes together with what was said before."""
    watching, verdict = len(joint(before)), rail.check(text)
    if not watching:
        return verdict
    moved = (
        replace(each, start=each.start - watching, end=each.end - watching)
        for each in rail.check(joint(before) + text[:LONGEST_AFTER]).matches
    )
    over = tuple(_within(each) for each in moved if each.start < 0 < each.end)
    return replace(verdict, matches=(*over, *verdict.matches))


def _within(match: Match) -> Match:
    """Return the part of a match that stands in the text, not before it."""
    if match.start >= 0:
        return match
    reason = f"{match.reason} It began in what was said before."
    return replace(match, start=0, text=match.text[-match.start :], reason=reason)
