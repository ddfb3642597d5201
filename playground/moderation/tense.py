"""Which tense some words are in, by the small words among them.

Coarse, and good enough to tell a plan from history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

Tense: TypeAlias = Literal["past", "present", "future"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUTURE = _words(
    """
    will 'll shall gonna tomorrow tonight next soon upcoming imminent imminently
    """
)
TOWARDS = _words(
    """
    going about plan plans planning planned intend intends intending
    """
)
"""Words that speak of the future with "to" behind them."""

PAST = _words(
    """
    was were did didn wasn weren had hadn ago yesterday historically formerly died began went came
    became took won wrote
    """
)
PAST_OR_PASSIVE = _words(
    """
    killed made lost fought ended started happened founded built lived born buried invaded attacked
    assassinated murdered bombed
    """
)
"""Words that are the past of a verb, or what is yet to be done: "who is to be killed?"."""

PASSIVE = _words("be being get gets getting to")


def tense_of(words: Sequence[str]) -> Tense:
    """Return the tense of some words, in small letters.

    What speaks of the future wins over what speaks of the past, as in "who did they say will be
    next?".
    """
    known = set(words)
    if "'t" in known and "won" in known:
        return "future"
    if FUTURE & known or ("to" in known and TOWARDS & known):
        return "future"
    past = PAST & known or (PAST_OR_PASSIVE & known and not PASSIVE & known)
    return "past" if past or any(_old(each) for each in known) else "present"


def _old(word: str) -> bool:
    """Whether a word is a year long enough ago that no plan speaks of it."""
    return len(word) == 4 and word.isdecimal() and "1000" <= word < "2020"
