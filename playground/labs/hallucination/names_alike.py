"""Which answers of one key are spellings of one thing.

"Kyiv|Kiev" are two spellings, "Helium|Neon|Argon" three things that are all right: put together,
they would tell the agreement of the samples what is right. Only the spelling can say which.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from playground.labs.hallucination.normalising import normalise

_LEAST_RATIO = 0.6


def names_alike(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the names in groups of one thing: one has the other's words, or is spelled like it.

    Examples
    --------
    >>> names_alike(["Washington, D.C.", "Washington", "Brasília", "Brasilia"])
    [('Washington, D.C.', 'Washington'), ('Brasília', 'Brasilia')]
    >>> names_alike(["Helium", "Neon", "Argon"])
    [('Helium',), ('Neon',), ('Argon',)]
    """
    groups: list[list[str]] = []
    for name in names:
        alike = next((group for group in groups if _are_alike(group[0], name)), None)
        if alike is None:
            groups.append([name])
        else:
            alike.append(name)
    return [tuple(group) for group in groups]


def _are_alike(one: str, other: str) -> bool:
    first, second = normalise(one), normalise(other)
    mine, theirs = set(first.split()), set(second.split())
    if mine and theirs and (mine <= theirs or theirs <= mine):
        return True
    return SequenceMatcher(None, first, second).ratio() >= _LEAST_RATIO
