"""The words around a term, weighed for and against what a policy means.

A phrase finds the wording that somebody thought of. Here every word of the sentence counts a
little: where it stands, what it stands beside, which groups of the policy it is of. The weights are
a text file that ``benchmarks/policy_weights.py`` makes, so that a reader sees what counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from playground.moderation.following import Found
from playground.moderation.inflecting import stem
from playground.moderation.tense import tense_of
from playground.moderation.wording import Wording

REACH = 16
"""Words before and behind a term that count, within its sentence."""

EARLIER = 24
"""Words before that sentence that count as what stands earlier."""

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
    """What each feature counts; what is not there counts nothing.

    Attributes
    ----------
    start : float
        The sum before anything is counted.
    each : mapping of str to float
        By feature.
    groups : tuple of str
        The groups of terms that count.
    sides : mapping of str to (float, float, float)
        The same by word: itself, behind the term, before it.
    pairs : mapping of (str, str) to float
        The same by a word and the next.
    """

    start: float
    each: Mapping[str, float]
    groups: tuple[str, ...]
    sides: Mapping[str, tuple[float, float, float]]
    pairs: Mapping[tuple[str, str], float]


@dataclass(frozen=True, eq=False)  # each stands at its own place
class Occurrence:
    """A term and its surroundings.

    Attributes
    ----------
    start, end : int
        The words of the term.
    first, limit : int
        The words around it that count.
    earlier : range
        Those before its sentence that count.
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
    kinds: dict[str, dict[str, float]] = {}
    for key, weight in each.items():
        kind, _, rest = key.partition(" ")
        kinds.setdefault(kind, {})[rest] = weight
    word, behind, before = (kinds.get(kind, {}) for kind in ("word", "behind", "before"))
    sides = {
        known: (word.get(known, 0.0), behind.get(known, 0.0), before.get(known, 0.0))
        for known in (*word, *behind, *before)
    }
    pairs = {
        (key.split()[0], key.split()[1]): value for key, value in kinds.get("pair", {}).items()
    }
    return Weights(each.pop(_START), each, tuple(sorted(kinds.get("group", {}))), sides, pairs)


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
            yield Occurrence(start, end, first, reached, earlier, wording, terms, places)


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
    before = "START"
    for word, at in _tokens(place):
        known = weights.sides.get(word)
        if known and (word, side := (at > place.start) - (at < place.start)) not in told:
            total += (known[0] if word not in told else 0.0) + (known[side] if side else 0.0)
            told.update((word, (word, side)))
        pair = (before, word)
        before = word
        if pair in weights.pairs and (pair, pair) not in told:
            told.add((pair, pair))
            total += weights.pairs[pair]
    total += weights.pairs.get((before, "END"), 0.0)
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
    before = "START"
    for word, at in _tokens(place):
        alone, side = _named(word, (at > place.start) - (at < place.start))
        yield alone, at
        yield side, at
        yield f"pair {before} {word}", at
        before = word
    yield f"pair {before} END", place.limit - 1


@lru_cache(maxsize=10_000)  # the words of a language are few
def _named(word: str, side: int) -> tuple[str, str]:
    """Return the features of a word before a term (-1), as a term (0), or behind it (1)."""
    return f"word {word}", f"{('term', 'behind', 'before')[side]} {word}"


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
    """Yield the term's words, the tense, the words of earlier and each group with a term here."""
    for at in range(place.start, place.end):
        yield f"name {stem(place.wording.words[at])}", at
    yield f"tense {tense_of(place.wording.words[place.first : place.limit])}", place.start
    for at in place.earlier:
        yield f"earlier {stem(place.wording.words[at])}", at
    for group in groups:
        starts = found.ends.get(f"g:{group}")
        if not starts:
            continue
        # Of a long text only the places near the term are looked at.
        near = range(place.first, place.limit) if len(starts) > REACH else sorted(starts)
        for start in near:
            if start in starts and place.first <= start and min(starts[start]) <= place.limit:
                yield f"group {group}", start
                break


def _folder() -> Traversable:
    return files("playground.data").joinpath("moderation").joinpath("weights")
