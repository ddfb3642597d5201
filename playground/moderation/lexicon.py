"""Where the phrases of a policy stand in a text.

Words are looked up in a table, longer phrases in a tree of words, and what is made of groups is
followed step by step. The work grows with the text, not with the number of words in the lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from playground.moderation.phrases import Element, Phrase, groups_of, plain_words
from playground.moderation.wording import Wording

NAME = "g:name"
LONGEST_NAME = 4
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
        self._sequences: list[tuple[str, Phrase]] = []
        for group in _inner_first(groups):
            for phrase in groups[group]:
                self._enter(f"g:{group}", phrase)
        for rule, phrases in rules.items():
            for phrase in phrases:
                self._enter(f"r:{rule}", phrase)
        self._lengths = sorted({len(each) for each in self._stems})
        # The words of a language are few, and each is asked for again and again.
        self._symbols = lru_cache(maxsize=20_000)(self._look_up)

    def find(self, wording: Wording) -> Found:
        """Return where every phrase stands."""
        found = Found()
        for at in range(len(wording.words)):
            for symbol in self._symbols(wording.words[at], wording.raw[at]):
                found.add(symbol, at, at + 1)
        last = len(wording.words) - 1
        if not wording.closed:
            found.horizon = last
        self._climb(wording, found)
        _find_names(wording, found)
        for symbol, phrase in self._sequences:
            self._follow_all(symbol, phrase, wording, found)
        return found

    def _enter(self, symbol: str, phrase: Phrase) -> None:
        plain = plain_words(phrase)
        if plain is None:
            self._sequences.append((symbol, phrase))
            for each in {each for step in phrase for each in step.symbols}:
                self._know(each, each)
        elif len(plain) == 1:
            self._know(plain[0], symbol)
        else:
            node = self._tree
            for word in plain:
                node = node.setdefault(word, {})
            node.setdefault("", []).append(symbol)

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
        count, horizon = len(wording.words), found.horizon
        for start in range(count):
            nodes = _children(self._tree, wording, start)
            if not nodes:
                continue
            limit = wording.limit(wording.sentence_at(start))
            at = start + 1
            while nodes:
                if at >= horizon:
                    found.horizon = min(found.horizon, start)
                if at >= limit:
                    break
                nodes = [node for each in nodes for node in _children(each, wording, at)]
                at += 1
                for node in nodes:
                    for symbol in node.get("", ()):
                        found.add(symbol, start, at)

    def _follow_all(self, symbol: str, phrase: Phrase, wording: Wording, found: Found) -> None:
        heads = _heads(phrase)
        starts = {at for head in heads for at in found.ends.get(head, ())}
        waiting = {at for head in heads for at in found.open.get(head, ())}
        if not starts and not waiting:
            return
        if found.horizon == NEVER and not _possible(phrase, found):
            return
        for start in sorted(starts | waiting):
            limit = wording.limit(wording.sentence_at(start))
            ends, touched = _follow(phrase, start, limit, found)
            for end in ends:
                if end > start:
                    found.add(symbol, start, end)
            if touched:
                found.open.setdefault(symbol, set()).add(start)


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


def _children(node: dict[str, Any], wording: Wording, at: int) -> list[dict[str, Any]]:
    keys = (f"w:{wording.words[at]}", f"c:{wording.raw[at].rstrip('.')}")
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


def _heads(phrase: Phrase) -> list[str]:
    """Return the symbols with which a phrase may begin."""
    heads: list[str] = []
    for step in phrase:
        if not step.forbidden:
            heads.extend(step.symbols)
        if not (step.optional or step.forbidden):
            break
    return heads


def _possible(phrase: Phrase, found: Found) -> bool:
    """Whether everything that must be there is somewhere in the text."""
    return all(
        step.optional or step.forbidden or step.gap or any(e in found.ends for e in step.symbols)
        for step in phrase
    )


def _follow(phrase: Phrase, start: int, limit: int, found: Found) -> tuple[set[int], bool]:
    """Return after which words a phrase ends that begins here, and whether that may change."""
    frontier, touched = {start}, False
    for step in phrase:
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
    if step.gap:
        return {to for at in frontier for to in range(at, min(at + step.gap, limit) + 1)}
    further = {
        end
        for symbol in step.symbols
        for at in frontier
        for end in found.ends.get(symbol, {}).get(at, ())
    }
    if step.forbidden:
        return {
            at
            for at in frontier
            if not any(at in found.ends.get(symbol, ()) for symbol in step.symbols)
        }
    return further | frontier if step.optional else further
