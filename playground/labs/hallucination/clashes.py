"""What makes two texts say different things however alike they look to an encoder.

Sentence vectors hardly see a "not", a number or who did what to whom: all-MiniLM-L6-v2 gives "7411
is a prime number." and "7411 is not a prime number." a cosine of 0.96.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from playground.labs.hallucination.names import read_names
from playground.labs.hallucination.normalising import normalise
from playground.labs.hallucination.number_reading import read_quantities
from playground.labs.hallucination.opposites import are_opposed
from playground.labs.hallucination.units import units_of

_NEGATION = re.compile(
    r"\b(?:not|no|none|nor|never|nothing|nobody|nowhere|neither|without|cannot|hardly"
    r"|rarely|scarcely|fails? to|failed to|\w+n['\u2019]t)\b",
    re.IGNORECASE,
)


def find_clash(one: str, other: str) -> str | None:
    """Return what sets two texts apart, or None if nothing was found.

    Parameters
    ----------
    one, other : str
        In English; what is not known of another language sets nothing apart.

    Returns
    -------
    str or None
        A few words: "a number", "a unit", "a negation", "an opposite", "a name", "the order of
        the words".

    Examples
    --------
    >>> find_clash("7411 is prime.", "7411 is not prime."), find_clash("He died in 1821", "in 1812")
    ('a negation', 'a number')
    >>> find_clash("the largest planet", "the biggest planet") is None
    True
    """
    return next(find_clashes(one, other), None)


def find_clashes(one: str, other: str) -> Iterator[str]:
    """Return all that sets two texts apart; see `find_clash`."""
    if _numbers(one) != _numbers(other):
        yield "a number"
    if units_of(one) != units_of(other):
        yield "a unit"
    if bool(_NEGATION.search(one)) != bool(_NEGATION.search(other)):
        yield "a negation"
    mine, theirs = normalise(one).split(), normalise(other).split()
    only_mine, only_theirs = set(mine) - set(theirs), set(theirs) - set(mine)
    if are_opposed(only_mine, only_theirs):
        yield "an opposite"
    if _names(one) - _names(other) and _names(other) - _names(one):
        yield "a name"
    if mine != theirs and sorted(mine) == sorted(theirs):
        yield "the order of the words"


def _numbers(text: str) -> frozenset[object]:
    return frozenset(each.value for each in read_quantities(text))


def _names(text: str) -> frozenset[str]:
    """Return the words that names are made of, in one spelling."""
    return frozenset(word for name in read_names(text) for word in normalise(name.text).split())
