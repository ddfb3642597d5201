"""Answers that say the same, put together by a ladder of steps; each merge names its step.

The first three steps are equality in some spelling; the last two are judgements, and run only when
something is given that can judge. An answer joins the first cluster, in order, whose first member
it equals by the lowest step that says so; so the order of the answers can matter from step four on.

- exact: after `normalise`
- numbers: after numbers and dates are in digits ("1,000" and "one thousand"), and with what only
  leads up to a number left out ("The answer is 12" and "12")
- aliases: names of one thing, from a table
- meaning: sentence vectors with a cosine of at least 0.85, and no clash (see `clashes`)
- entailment: each says what the other says, by a model of natural language inference
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from playground.labs.hallucination.clashes import find_clash
from playground.labs.hallucination.normalising import normalise
from playground.labs.hallucination.number_reading import in_digits, read_quantities

# Of 25 pairs looked at with all-MiniLM-L6-v2, all at or above it mean the same or clash.
LEAST_COSINE = 0.85

_LEADS_UP = frozenset(
    {"answer", "is", "are", "was", "it", "its", "that", "this", "so", "equals", "equal", "to"}
    | {"result", "makes", "="}
)

_CURRENCIES = "$\u20ac\u00a3\u00a5"
_WITHOUT_SIGNS = str.maketrans("", "", _CURRENCIES)

Step = Literal["exact", "numbers", "aliases", "meaning", "entailment"]
Embed = Callable[[Sequence[str]], NDArray[np.floating]]
Entails = Callable[[str, str], bool]
_Same = Callable[[int, int], str | None]


@dataclass(frozen=True)
class Merge:
    """Why an answer is in a cluster that another began.

    Parameters
    ----------
    place : int
        The answer.
    into : int
        The answer that began the cluster.
    step : str
        The step that put them together.
    why : str
        What was found equal, for people.
    """

    place: int
    into: int
    step: Step
    why: str


@dataclass(frozen=True)
class Clusters:
    """Which answers say the same.

    Parameters
    ----------
    labels : tuple of int
        The cluster of each answer, numbered in the order in which they begin.
    merges : tuple of Merge
        One for each answer that did not begin a cluster.
    """

    labels: tuple[int, ...]
    merges: tuple[Merge, ...]

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The places of the answers of each cluster."""
        return tuple(
            tuple(place for place, label in enumerate(self.labels) if label == each)
            for each in range(max(self.labels, default=-1) + 1)
        )


def cluster(
    texts: Sequence[str],
    *,
    aliases: Iterable[Iterable[str]] = (),
    embed: Embed | None = None,
    least_cosine: float = LEAST_COSINE,
    entails: Entails | None = None,
) -> Clusters:
    """Put answers together that say the same.

    Parameters
    ----------
    texts : sequence of str
        The answers, all to one question. An empty one says the same as another empty one alone.
    aliases : iterable of iterables of str
        Names of one thing together. Give the names of all things of a kind, not the key of this
        question alone: merging only what is right would tell the scores the answer.
    embed : callable or None
        From texts to their vectors, shape (N, C); None leaves the step out.
    least_cosine : float
        From which cosine on two vectors mean the same.
    entails : callable or None
        Whether the first text says what the second says; None leaves the step out.

    Examples
    --------
    >>> found = cluster(["1,000", "Paris", "one thousand", "paris."])
    >>> found.labels, [(each.place, each.into, each.step) for each in found.merges]
    ((0, 1, 0, 1), [(2, 0, 'numbers'), (3, 1, 'exact')])
    """
    ladder = [*_equalities(texts, aliases)]
    if embed is not None:
        ladder.append(("meaning", _alike(texts, embed, least_cosine)))
    if entails is not None:
        ladder.append(("entailment", _each_entails_the_other(texts, entails)))
    labels: list[int] = []
    begun: list[int] = []
    merges: list[Merge] = []
    for place in range(len(texts)):
        merge = _first_equal(place, begun, ladder)
        if merge is None:
            begun.append(place)
            labels.append(len(begun) - 1)
        else:
            merges.append(merge)
            labels.append(labels[merge.into])
    return Clusters(tuple(labels), tuple(merges))


def _first_equal(
    place: int, begun: Sequence[int], ladder: Iterable[tuple[Step, _Same]]
) -> Merge | None:
    """Return the lowest step by which an answer joins a cluster."""
    for step, same in ladder:
        for other in begun:
            if (why := same(other, place)) is not None:
                return Merge(place, other, step, why)
    return None


def _equalities(
    texts: Sequence[str], aliases: Iterable[Iterable[str]]
) -> Iterable[tuple[Step, _Same]]:
    plain = [normalise(text) for text in texts]
    numbers = [number_key(text) for text in texts]
    names = {normalise(name): number for number, group in enumerate(aliases) for name in group}
    known = [names.get(each) for each in plain]
    yield "exact", _equal(plain, lambda key: f"both are {key!r}" if key else "both are empty")
    yield "numbers", _equal(numbers, lambda key: f"both are {key!r} in digits")
    yield "aliases", _equal(known, lambda _: "both name one thing")


def _equal(keys: Sequence[object], say: Callable[[object], str]) -> _Same:
    """Return a step that puts together what has the same key; None is equal to nothing."""
    return lambda one, other: (
        say(keys[one]) if keys[one] is not None and keys[one] == keys[other] else None
    )


def number_key(text: str) -> str | None:
    """Return an answer with its numbers in digits, or None if it has none.

    What only leads up to a number is left out; what follows it stays, for "12 apples" are not 12.

    Examples
    --------
    >>> number_key("The answer is twelve."), number_key("twelve apples"), number_key("not 12")
    ('12', '12 apples', 'not 12')
    """
    if not read_quantities(text):
        return None
    # Read as a value, "$5" is 5; but it is not what "5" says.
    signs = [sign for sign in _CURRENCIES if sign in text]
    words = normalise(in_digits(text.translate(_WITHOUT_SIGNS))).split() + signs
    leading = next((at for at, word in enumerate(words) if word not in _LEADS_UP), 0)
    return " ".join(words[leading:])


def _alike(texts: Sequence[str], embed: Embed, least_cosine: float) -> _Same:
    """Return a step that puts together what an encoder finds alike and what does not clash."""

    @cache
    def vectors() -> NDArray[np.float64]:
        found = np.asarray(embed(texts), np.float64)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return found / np.where(lengths > 0, lengths, 1)

    def same(one: int, other: int) -> str | None:
        if not (normalise(texts[one]) and normalise(texts[other])):
            return None
        cosine = float(vectors()[one] @ vectors()[other])
        if cosine < least_cosine or find_clash(texts[one], texts[other]):
            return None
        return f"cosine {cosine:.2f}, and no clash"

    return same


def _each_entails_the_other(texts: Sequence[str], entails: Entails) -> _Same:
    """Return a step that puts together what says the same in both directions."""

    def same(one: int, other: int) -> str | None:
        a, b = texts[one], texts[other]
        if not (normalise(a) and normalise(b)) or not (entails(a, b) and entails(b, a)):
            return None
        return "each says what the other says"

    return same
