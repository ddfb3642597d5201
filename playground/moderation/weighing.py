"""The words around a term, weighed for and against what a policy means.

A phrase finds the wording that somebody thought of. Here every word of the sentence counts a
little: where it stands, what it stands beside, which groups of the policy it is of. The weights are
a text file that ``benchmarks/policy_weights.py`` makes, so that a reader sees what counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from playground.moderation.following import Found
from playground.moderation.inflecting import stem
from playground.moderation.wording import Wording

REACH = 16
"""Words before and behind a term that count, within its sentence."""

SHOWN = 4
"""So many words are named in a reason."""

PLACES = ("state", "state_other", "capital", "demonym", "demonym_other")
"""Groups of the gazetteer that count as a place, whichever it is."""

FOUND = "found"
"""The feature of a term near which a rule of the same category found something."""

_ENDING = ".txt"
_START = "start"


@dataclass(frozen=True)
class Weights:
    """What each feature counts.

    Attributes
    ----------
    start : float
        The sum before anything is counted.
    each : mapping of str to float
        By feature; what is not there counts nothing.
    groups : tuple of str
        The groups of terms that count.
    """

    start: float
    each: MappingProxyType[str, float]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Occurrence:
    """A term and its surroundings.

    Attributes
    ----------
    start, end : int
        The words of the term.
    first, limit : int
        The words around it that count.
    features : tuple of (str, int)
        What stands there, each with the word that it is of.
    """

    start: int
    end: int
    first: int
    limit: int
    features: tuple[tuple[str, int], ...]

    def touches(self, start: int, end: int) -> bool:
        """Whether some words are among those that count."""
        return start < self.limit and self.first < end


@dataclass(frozen=True)
class Sum:
    """What an occurrence weighs.

    Attributes
    ----------
    total : float
        Above 0 it counts.
    words : tuple of (int, float)
        What each word adds, the most telling first.
    """

    total: float
    words: tuple[tuple[int, float], ...]

    def says(self, wording: Wording) -> str:
        """Return a sentence with the words that told most."""
        told = ", ".join(f"{wording.raw[at]} {weight:+.1f}" for at, weight in self.words[:SHOWN])
        return f"Of its words these weigh most: {told}; {self.total:+.1f} in all, above 0 counts."


def known_weights() -> tuple[str, ...]:
    """Return the names of the weights that are shipped."""
    names = (each.name for each in _folder().iterdir())
    return tuple(sorted(each.removesuffix(_ENDING) for each in names if each.endswith(_ENDING)))


@cache
def shipped_weights(name: str) -> Weights:
    """Return shipped weights; a line is a number and a feature, what follows a ``#`` a remark."""
    text = _folder().joinpath(f"{name}{_ENDING}").read_text(encoding="utf-8")
    rows = (line.partition("#")[0].split(maxsplit=1) for line in text.splitlines())
    each = {row[1].strip(): float(row[0]) for row in rows if row}
    groups = tuple(sorted(key[6:] for key in each if key.startswith("group ")))
    return Weights(each.pop(_START), MappingProxyType(each), groups)


def spans_of(groups: Sequence[str], found: Found) -> list[tuple[int, int]]:
    """Return where terms of some groups stand: the longest from each first word on."""
    longest: dict[int, int] = {}
    for group in groups:
        for start, ends in found.ends.get(f"g:{group}", {}).items():
            longest[start] = max(longest.get(start, 0), *ends)
    spans: list[tuple[int, int]] = []
    for start in sorted(longest):
        if not spans or start >= spans[-1][1]:
            spans.append((start, longest[start]))
    return spans


def occurrences(
    about: Sequence[str], groups: Sequence[str], wording: Wording, found: Found
) -> Iterator[Occurrence]:
    """Yield every term with its surroundings; one that stands in another's is not told again.

    Parameters
    ----------
    about : sequence of str
        The groups of the terms.
    groups : sequence of str
        Groups that count when they stand near one.
    wording : Wording
        The text.
    found : Found
        What stands in it.
    """
    spans = spans_of(about, found)
    terms, places = dict(spans), dict(spans_of(PLACES, found) if spans else ())
    reached = 0
    for start, end in spans:
        if start < reached:
            continue
        sentence = wording.sentence_at(start)
        first = max(wording.sentences[sentence], start - REACH)
        limit = min(wording.limit(sentence), end + REACH)
        reached = limit
        around = _Around(start, first, limit, wording, terms, places)
        features = [*_word_features(around), *_group_features(around, groups, found)]
        features += [(f"name {stem(wording.words[at])}", at) for at in range(start, end)]
        # Each counts once, however often it stands there.
        once = dict(reversed(features))
        yield Occurrence(start, end, first, limit, tuple(once.items()))


def weigh(weights: Weights, features: Sequence[tuple[str, int]]) -> Sum:
    """Return what some features weigh together, and the words by what they add."""
    total, words = weights.start, dict[int, float]()
    for feature, at in features:
        weight = weights.each.get(feature)
        if weight:
            total += weight
            words[at] = words.get(at, 0.0) + weight
    # Rounded: the order in which they are added is no part of the verdict.
    ranked = sorted(words.items(), key=lambda each: (-each[1], each[0]))
    return Sum(round(total, 6), tuple(ranked))


@dataclass(frozen=True)
class _Around:
    """A term at `start` and what stands from `first` to before `limit`."""

    start: int
    first: int
    limit: int
    wording: Wording
    terms: dict[int, int]
    places: dict[int, int]


def _word_features(around: _Around) -> Iterator[tuple[str, int]]:
    """Yield each word, on which side it stands, and each with the one before it."""
    before = "START"
    for word, at in _tokens(around):
        alone, side = _named(word, (at > around.start) - (at < around.start))
        yield alone, at
        yield side, at
        yield f"pair {before} {word}", at
        before = word
    yield f"pair {before} END", around.limit - 1


@lru_cache(maxsize=10_000)  # the words of a language are few
def _named(word: str, side: int) -> tuple[str, str]:
    """Return the features of a word before a term (-1), as a term (0), or behind it (1)."""
    return f"word {word}", f"{('term', 'behind', 'before')[side]} {word}"


def _tokens(around: _Around) -> Iterator[tuple[str, int]]:
    """Yield the words; terms, places, names and numbers as what they are."""
    at, before = around.first, ""
    while at < around.limit:
        word, after = _token(at, around)
        if word != before or word != "NAME":
            yield word, at
        at, before = after, word


def _token(at: int, around: _Around) -> tuple[str, int]:
    """Return what a word counts as, and where the next begins."""
    for spans, name in ((around.terms, "TERM"), (around.places, "PLACE")):
        if spans.get(at, at) > at and spans[at] <= around.limit:
            return (name if at == around.start or name == "PLACE" else "OTHER"), spans[at]
    word, raw = around.wording.words[at], around.wording.raw[at]
    if word.isdecimal():
        old = len(word) == 4 and "1000" <= word < "2020"
        return ("YEAR" if old else "NUMBER"), at + 1
    starts = at == around.wording.sentences[around.wording.sentence_at(at)]
    return ("NAME" if raw[0].isupper() and word != "i" and not starts else stem(word)), at + 1


def _group_features(
    around: _Around, groups: Sequence[str], found: Found
) -> Iterator[tuple[str, int]]:
    """Yield each group of which a term stands here."""
    for group in groups:
        for start, ends in found.ends.get(f"g:{group}", {}).items():
            if around.first <= start and min(ends) <= around.limit:
                yield f"group {group}", start
                break


def _folder() -> Traversable:
    return files("playground.data").joinpath("moderation").joinpath("weights")
