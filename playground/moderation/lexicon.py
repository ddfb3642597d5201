"""Where the phrases of a policy stand in a text.

Words are looked up in a table, longer phrases in a tree of words, and what is made of groups is
followed step by step. The work grows with the text, not with the number of words in the lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from playground.moderation.phrases import Element, Phrase, groups_of, plain_words, required
from playground.moderation.wording import Wording

NAME = "g:name"
LONGEST_NAME = 4
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


class Lexicon:
    """The phrases of a policy, ready to be looked for.

    Parameters
    ----------
    groups : mapping of str to sequence of Phrase
        Phrases by group; groups may name one another, not themselves.
    rules : mapping of str to sequence of Phrase
        The phrases of each rule; they are found under the symbol ``r:`` and the rule's name.
    """

    def __init__(
        self, groups: Mapping[str, Sequence[Phrase]], rules: Mapping[str, Sequence[Phrase]]
    ) -> None:
        self._words: dict[str, tuple[str, ...]] = {}
        self._stems: dict[str, tuple[str, ...]] = {}
        self._tree: dict[str, Any] = {}
        self._sequences: list[_Sequence] = []
        self._widths: dict[str, int] = {NAME: LONGEST_NAME}
        for group in _inner_first(groups):
            for phrase in groups[group]:
                self._enter(f"g:{group}", phrase)
        for rule, phrases in rules.items():
            for phrase in phrases:
                self._enter(f"r:{rule}", phrase)
        self._lengths = sorted({len(each) for each in self._stems})
        # The words of a language are few, and each is asked for again and again.
        self._symbols = lru_cache(maxsize=20_000)(self._look_up)

    def find(self, wording: Wording, *, watch: bool = False) -> Found:
        """Return where every phrase stands.

        Parameters
        ----------
        wording : Wording
            The words of a text.
        watch : bool
            Whether to note, too, what may still change when the text goes on.
        """
        found = Found()
        ends = found.ends
        for at, (word, raw) in enumerate(zip(wording.words, wording.raw, strict=True)):
            for symbol in self._symbols(word, raw):
                ends.setdefault(symbol, {})[at] = {at + 1}
        if watch and not wording.closed:
            found.horizon = len(wording.words) - 1
        self._climb(wording, found)
        _find_names(wording, found)
        for sequence in self._sequences:
            if _possible(sequence, found):
                _follow_all(sequence, wording, found, 0)
            elif found.horizon != NEVER:
                # It stands nowhere yet: only where it begins near the end may it still come.
                _follow_all(sequence, wording, found, found.horizon - _reach(sequence, found))
        return found

    def _enter(self, symbol: str, phrase: Phrase) -> None:
        spellings = plain_words(phrase)
        if not spellings:
            widths = [self._width(each) for each in phrase]
            self._widths[symbol] = min(WIDEST, max(self._widths.get(symbol, 1), sum(widths)))
            sequence = _Sequence(symbol, phrase, _heads(phrase), _needs(phrase), tuple(widths))
            self._sequences.append(sequence)
            for each in {each for step in phrase for each in step.symbols}:
                self._know(each, each)
        for words in spellings:
            self._widths[symbol] = max(self._widths.get(symbol, 1), len(words))
            if len(words) == 1:
                self._know(words[0], symbol)
                continue
            node = self._tree
            for word in words:
                node = node.setdefault(word, {})
            node.setdefault("", []).append(symbol)

    def _width(self, step: Element) -> int:
        """Return the most words that a step of a phrase takes."""
        return step.gap or max(self._widths.get(each, 1) for each in step.symbols)

    def _know(self, key: str, symbol: str) -> None:
        """Let a word or stem stand for a symbol."""
        table = self._stems if key[0] == "s" else self._words
        name = key[2:] if key[0] == "s" else key
        if key[0] in "wcs" and symbol not in table.get(name, ()):
            table[name] = (*table.get(name, ()), symbol)

    def _look_up(self, word: str, raw: str) -> tuple[str, ...]:
        symbols = self._words.get(f"w:{word}", ()) + self._words.get(f"c:{raw.rstrip('.')}", ())
        for length in self._lengths:
            if length > len(word):
                break
            symbols += self._stems.get(word[:length], ())
        return symbols

    def _climb(self, wording: Wording, found: Found) -> None:
        """Find the phrases of several plain words."""
        horizon = found.horizon
        # Spelt once: most words begin no phrase, and the others are asked for at many nodes.
        keys = [
            (f"w:{word}", f"c:{raw.rstrip('.')}")
            for word, raw in zip(wording.words, wording.raw, strict=True)
        ]
        for start, (plain, exact) in enumerate(keys):
            if plain not in self._tree and exact not in self._tree:
                continue
            nodes = _children(self._tree, keys[start])
            limit = wording.limit(wording.sentence_at(start))
            at = start + 1
            while nodes:
                if at >= horizon:
                    found.horizon = min(found.horizon, start)
                if at >= limit:
                    break
                nodes = [node for each in nodes for node in _children(each, keys[at])]
                at += 1
                for node in nodes:
                    for symbol in node.get("", ()):
                        found.add(symbol, start, at)


@dataclass(frozen=True)
class _Sequence:
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
    widths : tuple of int
        The most words that each step takes.
    """

    symbol: str
    phrase: Phrase
    heads: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


def _follow_all(sequence: _Sequence, wording: Wording, found: Found, since: int) -> None:
    """Note every place where a sequence stands that begins at a word or later."""
    starts = {at for head in sequence.heads for at in found.ends.get(head, ())}
    if found.open:
        starts.update(at for head in sequence.heads for at in found.open.get(head, ()))
    for start in sorted(each for each in starts if each >= since):
        limit = min(wording.limit(wording.sentence_at(start)), start + WIDEST)
        ends, touched = _follow(sequence.phrase, start, limit, found)
        for end in ends:
            if end > start:
                found.add(sequence.symbol, start, end)
        if touched:
            found.open.setdefault(sequence.symbol, set()).add(start)


def _inner_first(groups: Mapping[str, Sequence[Phrase]]) -> list[str]:
    """Return the groups such that each comes after those that it names."""
    order: list[str] = []
    waiting = {
        name: {each for phrase in phrases for each in groups_of(phrase)} & groups.keys()
        for name, phrases in groups.items()
    }
    while waiting:
        ready = [name for name, inside in waiting.items() if not inside & waiting.keys()]
        order += ready
        for name in ready:
            del waiting[name]
    return order


def _children(node: dict[str, Any], keys: tuple[str, str]) -> list[dict[str, Any]]:
    return [node[key] for key in keys if key in node]


def _find_names(wording: Wording, found: Found) -> None:
    """Note every run of capitalised words as a name."""
    for start, raw in enumerate(wording.raw):
        if not raw[0].isupper():
            continue
        limit = min(wording.limit(wording.sentence_at(start)), start + LONGEST_NAME)
        end = start + 1
        found.add(NAME, start, end)
        while end < limit and wording.raw[end][0].isupper():
            end += 1
            found.add(NAME, start, end)


def _heads(phrase: Phrase) -> tuple[str, ...]:
    """Return the symbols with which a phrase may begin."""
    heads: list[str] = []
    for step in phrase:
        if not step.forbidden:
            heads.extend(step.symbols)
        if not (step.optional or step.forbidden):
            break
    return tuple(heads)


def _needs(phrase: Phrase) -> tuple[tuple[str, ...], ...]:
    """Return what must be there, groups before words: a group is rarer than "the" or "where"."""
    needs = [each.symbols for each in phrase if required(each)]
    return tuple(sorted(needs, key=lambda symbols: symbols[0][0] != "g"))


def _possible(sequence: _Sequence, found: Found) -> bool:
    """Whether everything that must be there is somewhere in the text."""
    ends = found.ends
    for symbols in sequence.needs:
        for symbol in symbols:
            if symbol in ends:
                break
        else:
            return False
    return True


def _reach(sequence: _Sequence, found: Found) -> int:
    """Return how many words the steps take before the first that stands nowhere."""
    reach = 0
    for step, width in zip(sequence.phrase, sequence.widths, strict=True):
        if required(step) and not any(
            each in found.ends or each in found.open for each in step.symbols
        ):
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


def _unsettled(step: Element, frontier: Iterable[int], found: Found) -> bool:
    return any(
        at + step.gap >= found.horizon
        or any(at in found.open.get(symbol, ()) for symbol in step.symbols)
        for at in frontier
    )


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
                further.update(end for end in ends.get(at, EMPTY) if end <= limit)
    return further | frontier if step.optional else further


def _stands(step: Element, at: int, found: Found) -> bool:
    return any(at in found.ends.get(symbol, EMPTY) for symbol in step.symbols)
