"""Where the phrases of a policy stand in a text.

Words are looked up in a table, longer phrases in a tree of words, and what is made of groups is
followed step by step. The work grows with the text, not with the number of words in the lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import Any

from playground.moderation.following import (
    NEVER,
    WIDEST,
    Found,
    WordSequence,
    follow_from,
    heads,
    needs,
    possible,
    reach,
)
from playground.moderation.phrases import Element, Phrase, groups_of, plain_words, required
from playground.moderation.wording import LONGEST_NAME, MOST_READINGS, Wording

NAME = "g:name"


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
        self._sequences: list[WordSequence] = []
        self._begun_by: dict[str, list[int]] = {}
        self._widths: dict[str, int] = {NAME: LONGEST_NAME}
        for group in _inner_first(groups):
            for phrase in groups[group]:
                self._enter(f"g:{group}", phrase)
        for rule, phrases in rules.items():
            for phrase in phrases:
                self._enter(f"r:{rule}", phrase)
        for place, sequence in enumerate(self._sequences):
            for head in dict.fromkeys(sequence.heads):
                self._begun_by.setdefault(head, []).append(place)
        self._lengths = sorted({len(each) for each in self._stems})
        # The words of a language are few, and each is asked for again and again.
        self._symbols = lru_cache(maxsize=20_000)(self._look_up)
        self._watched: tuple[tuple[Wording, Found], ...] = ()

    def find(self, wording: Wording, *, watch: bool = False) -> Found:
        """Return where every phrase stands.

        Parameters
        ----------
        wording : Wording
            The words of a text.
        watch : bool
            Whether to note, too, what may still change when the text goes on.
        """
        for known, found in self._watched:
            if known is wording:
                return found
        found = Found()
        ends = found.ends
        for at, (word, raw) in enumerate(zip(wording.words, wording.raw, strict=True)):
            for symbol in self._symbols(word, raw):
                ends.setdefault(symbol, {})[at] = {at + 1}
        if watch and not wording.closed:
            found.horizon = len(wording.words) - 1
        self._climb(wording, found)
        if wording.names:
            ends[NAME] = wording.names
        self._follow_all(wording, found)
        if watch:  # kept for who asks without next: it tells all that is told then
            self._watched = ((wording, found), *self._watched[: MOST_READINGS - 1])
        return found

    def _follow_all(self, wording: Wording, found: Found) -> None:
        """Follow the sequences that something found begins, those of inner groups first.

        What follows from a sequence stands behind it in the list, so that one way is enough.
        """
        waiting = list({at for head in found.ends for at in self._begun_by.get(head, ())})
        heapify(waiting)
        queued = set(waiting)
        while waiting:
            sequence = self._sequences[heappop(waiting)]
            since = 0
            if not possible(sequence, found):
                if found.horizon == NEVER:
                    continue
                # It stands nowhere yet: only where it begins near the end may it still come.
                since = found.horizon - reach(sequence, found)
            symbol = sequence.symbol
            before = symbol in found.ends or symbol in found.open
            follow_from(sequence, wording, found, since)
            if not before and (symbol in found.ends or symbol in found.open):
                for at in self._begun_by.get(symbol, ()):
                    if at not in queued:
                        queued.add(at)
                        heappush(waiting, at)

    def _enter(self, symbol: str, phrase: Phrase) -> None:
        spellings = plain_words(phrase)
        if not spellings:
            widths = [self._width(each) for each in phrase]
            self._widths[symbol] = min(WIDEST, max(self._widths.get(symbol, 1), sum(widths)))
            musts = (each.symbols if required(each) else () for each in phrase)
            steps = tuple(zip(musts, widths, strict=True))
            sequence = WordSequence(symbol, phrase, heads(phrase), needs(phrase), steps)
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
        keys = wording.keys
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
