"""Where two replies first have different tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playground.generation.choosing import Choice
from playground.generation.row import Step


@dataclass(frozen=True)
class Parting:
    """The first place at which two replies part, and both choices there."""

    position: int
    first: Choice
    second: Choice


def find_parting(first: Sequence[Step], second: Sequence[Step]) -> Parting | None:
    """Return where two replies first have different tokens; None while one begins the other."""
    for position, (mine, theirs) in enumerate(zip(first, second, strict=False)):
        if mine.token_id != theirs.token_id:
            return Parting(position, mine.choice, theirs.choice)
    return None


def common_tokens(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens two texts share from their start.

    Examples
    --------
    >>> common_tokens([5, 6, 7], [5, 6, 8]), common_tokens([5], [5])
    (2, 1)
    """
    pairs = enumerate(zip(first, second, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(first), len(second)))
