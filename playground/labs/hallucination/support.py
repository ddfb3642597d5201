"""An answer held against a source: sentence by sentence, what of it stands there and what does not.

It looks for words, numbers and names. That shows what the source cannot have given, not that a
sentence is true, nor that it says what the source says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from playground.labs.hallucination.answer_text import Span, sentence_spans, words_of
from playground.labs.hallucination.clashes import find_clashes
from playground.labs.hallucination.content_words import words_without
from playground.labs.hallucination.names import read_names
from playground.labs.hallucination.normalising import normalise
from playground.labs.hallucination.number_reading import (
    DateRead,
    in_digits,
    read_dates,
    read_numbers,
    read_quantities,
)
from playground.labs.hallucination.sentence_openers import length_of_opener, may_be_no_name

# Shares of a sentence's words that stand in one sentence of the source.
ENOUGH_WORDS, FEW_WORDS = 2 / 3, 1 / 3
# Unlike a number or a name that is elsewhere in the source, these turn a sentence round.
_TURNS_ROUND = ("a negation", "an opposite", "the order of the words")

_PERCENT = re.compile(r"\s*(?:%|per ?cent\b)")

Verdict = Literal["supported", "unclear", "unsupported"]


@dataclass(frozen=True)
class Lacking:
    """A number, a date or a name that the source does not have.

    Parameters
    ----------
    start, end : int
        Where it stands in the answer.
    text : str
        It, as it stands there.
    kind : str
        What it is.
    """

    start: int
    end: int
    text: str
    kind: Literal["number", "date", "name"]


@dataclass(frozen=True)
class SentenceSupport:
    """What of one sentence stands in the source.

    Parameters
    ----------
    sentence : Span
        In the answer.
    nearest : Span or None
        The sentence of the source that shares most words with it; None where none shares any.
    token_f1 : float
        Their token F1, 0 to 1 (as SQuAD counts it).
    words : float
        The share of its words that stand in `nearest`, 0 to 1.
    covered : float or None
        The share of its numbers, dates and names that stand anywhere in the source; None where it
        has none.
    lacking : tuple of Lacking
        The rest of them.
    clash : str or None
        What turns it round against `nearest`: "a negation".
    unknown : tuple of str
        What `nearest` does not have: words that say something, and numbers, dates and names that
        stand elsewhere in the source. One such word may make the contrary of it.
    """

    sentence: Span
    nearest: Span | None
    token_f1: float
    words: float
    covered: float | None
    lacking: tuple[Lacking, ...]
    clash: str | None
    unknown: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What the rule says: see `rule`."""
        if self.lacking or self.words < FEW_WORDS:
            return "unsupported"
        doubtful = self.words < ENOUGH_WORDS or self.clash or self.unknown
        return "unclear" if doubtful else "supported"

    @property
    def rule(self) -> str:
        """One sentence that says why."""
        if self.lacking:
            what = ", ".join(each.text for each in self.lacking)
            return f"The source does not have: {what}."
        share = f"{100 * self.words:.0f} % of its words stand in one sentence of the source"
        lacks = f", which does not have: {', '.join(self.unknown)}" if self.unknown else ""
        join = ";" if lacks else ", but"
        clashes = f"{join} {self.clash} sets them apart" if self.clash else ""
        return f"{share}{lacks}{clashes}."


@dataclass(frozen=True)
class Support:
    """What of an answer stands in a source.

    Parameters
    ----------
    sentences : tuple of SentenceSupport
        In their order.
    """

    sentences: tuple[SentenceSupport, ...]

    @property
    def lacking(self) -> tuple[Lacking, ...]:
        """All numbers, dates and names that the source does not have."""
        return tuple(each for sentence in self.sentences for each in sentence.lacking)

    @property
    def supported(self) -> float | None:
        """The share of sentences that are supported; None where there are none."""
        verdicts = Counter(each.verdict for each in self.sentences)
        return verdicts["supported"] / len(self.sentences) if self.sentences else None


def support(answer: str, source: str) -> Support:
    """Hold an answer against a source.

    Parameters
    ----------
    answer, source : str
        In English; in a script without capitals no names are seen.

    Examples
    --------
    >>> found = support("She was born in 1776, in Bath.", "Jane Austen was born in 1775.")
    >>> [(each.text, each.kind) for each in found.lacking]
    [('1776', 'number'), ('Bath', 'name')]
    """
    known = _Known.of(source)
    return Support(tuple(_hold(each, known) for each in sentence_spans(answer)))


def token_f1(one: str, other: str) -> float:
    """Return the harmonic mean of the shares of words that two texts have in common, 0 to 1.

    Numbers are compared in digits, and what `normalise` folds does not count.

    Examples
    --------
    >>> token_f1("one thousand ships", "1,000 ships sank") == 4 / 5
    True
    """
    return _f1(_words(one), _words(other))


def _f1(mine: Counter[str], theirs: Counter[str]) -> float:
    shared = (mine & theirs).total()
    return 2 * shared / (mine.total() + theirs.total()) if shared else 0.0


@dataclass(frozen=True)
class _Known:
    """What a source has, ready to be looked up."""

    numbers: frozenset[object]
    dates: tuple[DateRead, ...]
    words: frozenset[str]
    sentences: tuple[tuple[Span, Counter[str]], ...]

    @classmethod
    def of(cls, source: str) -> _Known:
        return cls(
            _values(source),
            read_dates(source),
            frozenset(_pieces(source)),
            tuple((each, _words(each.text)) for each in sentence_spans(source)),
        )

    def has_date(self, date: DateRead) -> bool:
        """Tell whether a date of the source says all that this one says."""
        return any(
            all(own in {None, other} for own, other in zip(date.value, each.value, strict=True))
            for each in self.dates
        )


def _hold(sentence: Span, known: _Known) -> SentenceSupport:
    """Hold one sentence against the source."""
    opener = length_of_opener(sentence.text)
    said = Span(sentence.start + opener, sentence.end, sentence.text[opener:])
    stated = [*_quantities(said, known), *_names(said, known)]
    lacking = tuple(sorted((each for each, there in stated if not there), key=lambda e: e.start))
    covered = 1 - len(lacking) / len(stated) if stated else None
    mine = _words(said.text)
    shares = [_f1(mine, words) for _, words in known.sentences]
    best = max(shares, default=0.0)
    if not best:
        return SentenceSupport(sentence, None, 0.0, 0.0, covered, lacking, None)
    nearest, theirs = known.sentences[shares.index(best)]
    clash = _clash(said.text, nearest.text)
    words = (mine & theirs).total() / mine.total()
    unknown = tuple(dict.fromkeys([*_unknown(said, nearest), *_elsewhere(said, nearest, stated)]))
    return SentenceSupport(sentence, nearest, best, words, covered, lacking, clash, unknown)


def _clash(said: str, nearest: str) -> str | None:
    """Return what turns a sentence round against the nearest one."""
    clashes = find_clashes(said, nearest)
    clash = next((each for each in clashes if each in _TURNS_ROUND), None)
    mine, theirs = ([each.value for each in read_numbers(text)] for text in (said, nearest))
    turned = mine != theirs and sorted(mine) == sorted(theirs)
    return clash or ("the order of the numbers" if turned else None)


def _elsewhere(said: Span, nearest: Span, stated: Sequence[tuple[Lacking, bool]]) -> Iterator[str]:
    """Return what the source has, but not in the sentence that this one is held against.

    "Born in 1817" is not what a source says that has the year in "died in 1817". The name that a
    sentence begins with stands for its "she", and may be elsewhere.
    """
    there = _Known.of(nearest.text)
    begins = said.start + len(said.text) - len(said.text.lstrip())
    held = [*_quantities(said, there), *_names(said, there)]
    known = {(each.start, each.end) for each, is_known in stated if is_known}
    for each, is_there in held:
        if not is_there and (each.start, each.end) in known and each.start != begins:
            yield each.text


def _unknown(sentence: Span, nearest: Span) -> tuple[str, ...]:
    """Return the words that the nearest sentence lacks; numbers and names have their own rule."""
    names = [each for each in read_names(sentence.text) if not _opens(sentence, each)]
    own = [*read_quantities(sentence.text), *names]
    return tuple(
        dict.fromkeys(
            each.text
            for each in words_without(sentence.text, nearest.text)
            if not any(o.start < each.end and each.start < o.end for o in own)
        )
    )


def _quantities(sentence: Span, known: _Known) -> Iterator[tuple[Lacking, bool]]:
    """Return the numbers and dates of a sentence, and whether the source has each."""
    for each in read_quantities(sentence.text):
        span = (sentence.start + each.start, sentence.start + each.end)
        text = sentence.text[each.start : each.end]
        if isinstance(each, DateRead):
            yield Lacking(*span, text, "date"), known.has_date(each)
        # "One of them" and "the first" count nothing.
        elif not (each.spelled and (each.ordinal or each.value == 1)):
            yield Lacking(*span, text, "number"), each.value in known.numbers


def _names(sentence: Span, known: _Known) -> Iterator[tuple[Lacking, bool]]:
    """Return the names of a sentence outside its numbers and dates, and whether each is known."""
    quantities = read_quantities(sentence.text)
    for name in read_names(sentence.text):
        if any(each.start < name.end and name.start < each.end for each in quantities):
            continue
        span = (sentence.start + name.start, sentence.start + name.end)
        is_known = _pieces(name.text) <= known.words
        if is_known or not _opens(sentence, name):
            yield Lacking(*span, name.text, "name"), is_known


def _opens(sentence: Span, name: Span) -> bool:
    """Say whether a word has its capital perhaps only because the sentence begins with it."""
    begins = not any(map(str.isalnum, sentence.text[: name.start]))
    return begins and " " not in name.text and may_be_no_name(sentence.text, name.end)


def _values(text: str) -> frozenset[object]:
    """Return the numbers of a text; "50%" is a half, too, and the other way round."""
    numbers = read_numbers(text)
    shares = [each.value / 100 for each in numbers if _PERCENT.match(text, each.end)]
    parts = [each.value * 100 for each in numbers if each.spelled and 0 < each.value < 1]
    return frozenset([*(each.value for each in numbers), *shares, *parts])


def _words(text: str) -> Counter[str]:
    return Counter(normalise(in_digits(text)).split())


def _pieces(text: str) -> set[str]:
    """Return the words of a text in one spelling, parted at every mark, and as they stand too."""
    whole = {normalise(each.text) for each in words_of(text)}
    return whole | {piece for each in re.findall(r"\w+", text) if (piece := normalise(each))}
