"""The words around a term, weighed for and against what a policy means.

A phrase finds the wording that somebody thought of. Here every word of the sentence counts a
little: where it stands, what it stands beside, which groups of the policy it is of. The weights are
a text file that ``benchmarks/policy_weights.py`` makes, so that a reader sees what counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

from playground.moderation.following import Found
from playground.moderation.inflecting import stem
from playground.moderation.tense import tense_of
from playground.moderation.weights import Weights
from playground.moderation.wording import Wording

T = TypeVar("T")

REACH = 16
"""Words before and behind a term that count, within its sentence."""

EARLIER = 24
"""Words before that sentence that count, too, as what stands around."""

LATER = 12
"""The same behind the last that counts: a text that goes on waits for them."""

SKIPPED = 2
"""Words at the most between two that are weighed as a pair with a gap."""

SHOWN = 4
"""So many words are named in a reason."""

PLACES = ("state", "state_other", "capital", "demonym", "demonym_other")
"""Groups of the gazetteer that count as a place, whichever it is."""

FOUND = "found"
"""The feature of a term near which a rule of the same category found something."""


@dataclass(frozen=True, eq=False)  # each stands at its own place
class Occurrence:
    """A term and its surroundings.

    Attributes
    ----------
    start, end : int
        The words of the term.
    first, limit : int
        The words around it that count.
    earlier, later : range
        Those before its sentence, and behind the last of it, that count as what stands around.
    wording : Wording
        The text.
    terms, places : mapping of int to int
        Where such terms, and places, begin and end.
    """

    start: int
    end: int
    first: int
    limit: int
    earlier: range
    later: range
    wording: Wording
    terms: Mapping[int, int]
    places: Mapping[int, int]

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


def occurrences(about: Sequence[str], wording: Wording, found: Found) -> Iterator[Occurrence]:
    """Yield every term of some groups; one that stands in another's surroundings is not told again.

    Parameters
    ----------
    about : sequence of str
        The groups of the terms.
    wording : Wording
        The text.
    found : Found
        What stands in it.
    """
    spans = spans_of(about, found)
    terms, places = dict(spans), dict(spans_of(PLACES, found) if spans else ())
    reached = 0
    for start, end in spans:
        if start >= reached:
            sentence = wording.sentence_at(start)
            begin = wording.sentences[sentence]
            first = max(begin, start - REACH)
            reached = min(wording.limit(sentence), end + REACH)
            earlier = range(max(0, begin - EARLIER), begin)
            later = range(reached, min(reached + LATER, len(wording.words)))
            yield Occurrence(start, end, first, reached, earlier, later, wording, terms, places)


def total_of(weights: Weights, place: Occurrence, found: Found, *, near: bool) -> float:
    """Return what the words around a term weigh together: the sum of its features, only quicker.

    Parameters
    ----------
    weights : Weights
        What each counts.
    place : Occurrence
        The term.
    found : Found
        What stands in the text.
    near : bool
        Whether another rule found something there.
    """
    total = weights.start + (weights.each.get(FOUND, 0.0) if near else 0.0)
    told: set[object] = set()
    words = ["START"]
    for word, at in _tokens(place):
        known = weights.sides.get(word)
        if known and (word, side := (at > place.start) - (at < place.start)) not in told:
            itself, behind, before, around = known
            total += itself + around if word not in told else 0.0
            total += (0.0, behind, before)[side]
            told.update((word, (word, side)))
        words.append(word)
    words.append("END")
    total += sum(weights.pairs.get(pair, 0.0) for pair in set(pairwise(words)))
    total += sum(weights.gaps.get(pair, 0.0) for pair in set(_gaps(words[1:-1])))
    for word in {stem(place.wording.words[at]) for at in (*place.earlier, *place.later)} - told:
        total += weights.sides[word][3] if word in weights.sides else 0.0
    for feature in {key for key, _ in _other_features(place, weights.groups, found)}:
        total += weights.each.get(feature, 0.0)
    return round(total, 6)


def features_of(
    place: Occurrence, groups: Sequence[str], found: Found, *, near: bool
) -> dict[str, int]:
    """Return what stands around a term, each feature once, with a word that it is of.

    Parameters
    ----------
    place : Occurrence
        The term.
    groups : sequence of str
        Groups that count when they stand there.
    found : Found
        What stands in the text.
    near : bool
        Whether another rule found something there.
    """
    features = [(FOUND, place.start)] if near else []
    features += [*_word_features(place), *_other_features(place, groups, found)]
    for at in (*place.earlier, *place.later):
        features.append((f"around {stem(place.wording.words[at])}", at))
    return dict(reversed(features))


def weigh(weights: Weights, features: Mapping[str, int]) -> Sum:
    """Return what some features weigh together, and the words by what they add."""
    total, words = weights.start, dict[int, float]()
    for feature, at in features.items():
        weight = weights.each.get(feature)
        if weight:
            total += weight
            words[at] = words.get(at, 0.0) + weight
    # Rounded: the order in which they are added is no part of the verdict.
    ranked = sorted(words.items(), key=lambda each: (-each[1], each[0]))
    return Sum(round(total, 6), tuple(ranked))


def _word_features(place: Occurrence) -> Iterator[tuple[str, int]]:
    """Yield each word, on which side it stands, and each with the one before it."""
    tokens = list(_tokens(place))
    before = "START"
    for word, at in tokens:
        for feature in _named(word, (at > place.start) - (at < place.start)):
            yield feature, at
        yield f"pair {before} {word}", at
        before = word
    yield f"pair {before} END", place.limit - 1
    ats = [at for _, at in tokens]
    for (word, later), (_, at) in zip(_gaps([word for word, _ in tokens]), _gaps(ats), strict=True):
        yield f"gap {word} {later}", at


def _gaps(words: Sequence[T]) -> list[tuple[T, T]]:
    """Return each word with those a little behind it, not the next."""
    return [each for gap in range(2, SKIPPED + 2) for each in zip(words, words[gap:], strict=False)]


@lru_cache(maxsize=10_000)  # the words of a language are few
def _named(word: str, side: int) -> tuple[str, str, str]:
    """Return the features of a word before a term (-1), as a term (0), or behind it (1)."""
    return f"word {word}", f"{('term', 'behind', 'before')[side]} {word}", f"around {word}"


def _tokens(place: Occurrence) -> Iterator[tuple[str, int]]:
    """Yield the words; terms, places, names and numbers as what they are."""
    at, before = place.first, ""
    while at < place.limit:
        word, after = _token(at, place)
        if word != before or word != "NAME":
            yield word, at
        at, before = after, word


def _token(at: int, place: Occurrence) -> tuple[str, int]:
    """Return what a word counts as, and where the next begins."""
    if at in place.terms and place.terms[at] <= place.limit:
        return ("TERM" if at == place.start else "OTHER"), place.terms[at]
    if at in place.places and place.places[at] <= place.limit:
        return "PLACE", place.places[at]
    word, raw = place.wording.words[at], place.wording.raw[at]
    if word.isdecimal():
        old = len(word) == 4 and "1000" <= word < "2020"
        return ("YEAR" if old else "NUMBER"), at + 1
    if not raw[0].isupper() or word == "i":
        return stem(word), at + 1
    # The first word of a sentence is written like a name, whatever it is.
    starts = at == place.wording.sentences[place.wording.sentence_at(at)]
    return (stem(word) if starts else "NAME"), at + 1


def _other_features(
    place: Occurrence, groups: Sequence[str], found: Found
) -> Iterator[tuple[str, int]]:
    """Yield the term's words, the tense, and each group with a term here or near by."""
    for at in range(place.start, place.end):
        yield f"name {stem(place.wording.words[at])}", at
    yield f"tense {tense_of(place.wording.words[place.first : place.limit])}", place.start
    for group in groups:
        starts = found.ends.get(f"g:{group}")
        if not starts:
            continue
        here = range(place.first, place.limit)
        for name, part in (("group", here), ("near", place.earlier), ("near", place.later)):
            first = _first_within(starts, part)
            if first is not None:
                yield f"{name} {group}", first


def _first_within(starts: Mapping[int, set[int]], part: range) -> int | None:
    """Return the first word of a term that stands among some words."""
    # Of a long text only the places near the term are looked at.
    some = part if len(starts) > REACH else sorted(starts)
    for start in some:
        if start in part and start in starts and min(starts[start]) <= part.stop:
            return start
    return None
