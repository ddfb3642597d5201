"""Phrases that are made of groups, choices and gaps, followed step by step over a text's words."""

from __future__ import annotations

from dataclasses import dataclass, field

from playground.moderation.phrases import Element, Phrase, required
from playground.moderation.wording import Wording

WIDEST = 60
"""The most words of one phrase, whatever its gaps add up to."""

EMPTY: frozenset[int] = frozenset()
NEVER = 1 << 60
"""A word's index that no text reaches."""


@dataclass
class Found:
    """What stands where, by symbol.

    Attributes
    ----------
    ends : mapping of symbol to mapping of int to set of int
        For each first word, after which words it may end.
    open : mapping of symbol to set of int
        First words from which it may still come, or end elsewhere, when the text goes on.
    horizon : int
        From this word on nothing is settled. `NEVER` where the last sentence is closed.
    """

    ends: dict[str, dict[int, set[int]]] = field(default_factory=dict)
    open: dict[str, set[int]] = field(default_factory=dict)
    horizon: int = NEVER

    def add(self, symbol: str, start: int, end: int) -> None:
        """Note an occurrence."""
        self.ends.setdefault(symbol, {}).setdefault(start, set()).add(end)


@dataclass(frozen=True)
class WordSequence:
    """A phrase that is followed step by step.

    Attributes
    ----------
    symbol : str
        What it stands for.
    phrase : Phrase
        Its steps.
    heads : tuple of str
        The symbols with which it may begin.
    needs : tuple of tuple of str
        Of each of these, one must be there; first what most texts have not.
    widths : tuple of (symbols, int)
        What must be there for each step, if anything, and the most words that it takes.
    """

    symbol: str
    phrase: Phrase
    heads: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    widths: tuple[tuple[tuple[str, ...], int], ...]


def follow_from(sequence: WordSequence, wording: Wording, found: Found, since: int) -> None:
    """Note every place where a sequence stands that begins at a word or later."""
    starts: set[int] = set()
    for head in sequence.heads:
        starts.update(found.ends.get(head, EMPTY), found.open.get(head, EMPTY))
    for start in sorted(each for each in starts if each >= since):
        limit = min(wording.limit(wording.sentence_at(start)), start + WIDEST)
        ends, touched = _follow(sequence.phrase, start, limit, found)
        for end in ends:
            if end > start:
                found.add(sequence.symbol, start, end)
        if touched:
            found.open.setdefault(sequence.symbol, set()).add(start)


def heads(phrase: Phrase) -> tuple[str, ...]:
    """Return the symbols with which a phrase may begin."""
    heads: list[str] = []
    for step in phrase:
        if not step.forbidden:
            heads.extend(step.symbols)
        if not (step.optional or step.forbidden):
            break
    return tuple(heads)


def needs(phrase: Phrase) -> tuple[tuple[str, ...], ...]:
    """Return what must be there, groups before words: a group is rarer than "the" or "where"."""
    needs = [each.symbols for each in phrase if required(each)]
    return tuple(sorted(needs, key=lambda symbols: symbols[0][0] != "g"))


def possible(sequence: WordSequence, found: Found) -> bool:
    """Whether everything that must be there is somewhere in the text."""
    ends = found.ends
    for symbols in sequence.needs:
        for symbol in symbols:
            if symbol in ends:
                break
        else:
            return False
    return True


def reach(sequence: WordSequence, found: Found) -> int:
    """Return how many words the steps take before the first that stands nowhere."""
    reach, ends, opened = 0, found.ends, found.open
    for symbols, width in sequence.widths:
        for each in symbols:
            if each in ends or each in opened:
                break
        else:
            if symbols:
                break
        reach += width
    return reach


def _follow(phrase: Phrase, start: int, limit: int, found: Found) -> tuple[set[int], bool]:
    """Return after which words a phrase ends that begins here, and whether that may change."""
    frontier, touched = {start}, False
    watch = found.horizon != NEVER
    for step in phrase:
        if watch:
            touched = touched or _unsettled(step, frontier, found)
        frontier = _stepped(step, frontier, limit, found)
        if not frontier:
            return frontier, touched
    return frontier, touched or max(frontier) > found.horizon


def _unsettled(step: Element, frontier: set[int], found: Found) -> bool:
    if max(frontier) + step.gap >= found.horizon:
        return True
    opened = (found.open[symbol] for symbol in step.symbols if symbol in found.open)
    return any(not frontier.isdisjoint(each) for each in opened)


def _stepped(step: Element, frontier: set[int], limit: int, found: Found) -> set[int]:
    """Return after which words a step may end; it takes no word from `limit` on."""
    if step.gap:
        return {to for at in frontier for to in range(at, min(at + step.gap, limit) + 1)}
    if step.forbidden:
        return {at for at in frontier if at >= limit or not _stands(step, at, found)}
    further: set[int] = set()
    for symbol in step.symbols:
        ends = found.ends.get(symbol)
        if ends:
            for at in frontier:
                if at in ends:
                    further |= ends[at]
    if further and max(further) > limit:
        further = {each for each in further if each <= limit}
    return further | frontier if step.optional else further


def _stands(step: Element, at: int, found: Found) -> bool:
    return any(at in found.ends.get(symbol, EMPTY) for symbol in step.symbols)
