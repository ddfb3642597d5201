"""The stage of words and phrases: thousands are looked for in one walk over the text.

The automaton (Aho and Corasick, 1975) finds terms anywhere; only those that begin and end with a
word count, so that *skill* and *Scunthorpe* hold nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import ahocorasick

from playground.moderation.rewriting import Edit, rewrite
from playground.moderation.verdict import Match
from playground.moderation.view import View
from playground.moderation.word_lists import Term, shipped_innocent, shipped_terms

STAGE = "words"
_GAP = re.compile(r"[\s\u2010-\u2013_-]+")
_APOSTROPHES = {0x2018: "'", 0x2019: "'", 0x02BC: "'"}


class WordStage:
    """Find listed words and phrases with the edges of words around them.

    Parameters
    ----------
    terms : sequence of Term
        What is looked for.
    innocent : sequence of str
        Phrases inside which a find is none.
    """

    name = STAGE

    def __init__(self, terms: Sequence[Term], innocent: Sequence[str]) -> None:
        self._longest = max(len(each) for each in [*(term.text for term in terms), *innocent])
        self._automaton = ahocorasick.Automaton()
        for phrase in innocent:
            self._automaton.add_word(phrase, (len(phrase), None))
        for term in terms:
            self._automaton.add_word(term.text, (len(term.text), term))
        self._automaton.make_automaton()

    def find(self, given: str, views: Sequence[View]) -> list[Match]:
        """Return every match, each once though it stands in several readings."""
        matches: dict[tuple[str, int, int], Match] = {}
        for view in views:
            for match in self._in_view(given, _even(view), view.name):
                matches.setdefault((match.rule, match.start, match.end), match)
        return sorted(matches.values(), key=lambda each: (each.start, each.end))

    def open_from(self, given: str, views: Sequence[View]) -> int:
        """Return where the longest begin of a term stands that the text ends with."""
        return min((self._open_in(_even(view), len(given)) for view in views), default=len(given))

    def _in_view(self, given: str, view: View, name: str) -> Iterator[Match]:
        text = _small(view.text)
        found: list[tuple[int, int, Term]] = []
        innocent: list[tuple[int, int]] = []
        for last, (length, term) in self._automaton.iter(text):
            start, end = last - length + 1, last + 1
            if _word_at(text, start, end):
                if term is None:
                    innocent.append((start, end))
                elif not (term.no_name and view.text[start:end].istitle()):
                    found.append((start, end, term))
        for start, end, term in _guilty(_outermost(found), sorted(innocent)):
            yield _match(given, view, name, (start, end), term)

    def _open_in(self, view: View, length: int) -> int:
        text = _small(view.text)
        for at in range(max(0, len(text) - self._longest), len(text)):
            whole = self._automaton.longest_prefix(text[at:]) == len(text) - at
            if whole and not _joins(text, at):
                return view.starts[at]
        return length


@cache
def word_stage() -> WordStage:
    """Return the stage with the shipped lists."""
    return WordStage(shipped_terms(), shipped_innocent())


def _even(view: View) -> View:
    """Read one space for every gap between words, and for a hyphen."""
    gaps = (each for each in _GAP.finditer(view.text) if each.group() != " ")
    return rewrite(view, view.name, (Edit(each.start(), each.end(), " ") for each in gaps))


def _small(text: str) -> str:
    """Return a text of the same length in small letters, with plain apostrophes."""
    small = text.lower()
    if len(small) != len(text):  # such as the Turkish capital i with its dot
        small = "".join(each.lower() if len(each.lower()) == 1 else each for each in text)
    return small.translate(_APOSTROPHES)


def _word_at(text: str, start: int, end: int) -> bool:
    return not _joins(text, start) and not _joins(text, end)


def _joins(text: str, at: int) -> bool:
    """Whether letters or digits stand on both sides of a place."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _outermost(found: list[tuple[int, int, Term]]) -> Iterator[tuple[int, int, Term]]:
    """Yield the finds that lie in no other of their category."""
    reached: dict[str, int] = {}
    for start, end, term in sorted(found, key=lambda each: (each[0], -each[1])):
        if end > reached.get(term.category, -1):
            reached[term.category] = end
            yield start, end, term


def _guilty(
    found: Iterable[tuple[int, int, Term]], innocent: list[tuple[int, int]]
) -> Iterator[tuple[int, int, Term]]:
    """Yield the finds, in the order of their starts, that no innocent phrase covers."""
    covered, at = 0, 0
    for start, end, term in found:
        while at < len(innocent) and innocent[at][0] <= start:
            covered = max(covered, innocent[at][1])
            at += 1
        if end > covered:
            yield start, end, term


def _match(given: str, view: View, name: str, span: tuple[int, int], term: Term) -> Match:
    start, end = view.span(*span)
    what = "phrase" if " " in term.text else "word"
    return Match(
        STAGE,
        f"words.{term.category.replace('/', '.')}",
        term.category,
        start,
        end,
        given[start:end],
        term.action,
        view=name,
        reason=f"The {what} \u201c{term.text}\u201d is on the list {term.category} "
        f"(Llama Guard: {term.llama_guard}).",
    )
