"""All policies in force as one stage, with one time limit for the patterns of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from playground.moderation.rules import (
    LEAST,
    PATTERN_SECONDS,
    SLOW_SECONDS,
    STAGE,
    Clock,
    PolicyStage,
)
from playground.moderation.verdict import Match
from playground.moderation.view import View

SHARE = 2
"""A policy may use one part in so many of the time that is left, so that the next has some too."""


class AllPolicies:
    """The policies, one after another.

    However many of them are hostile, a text costs little more than `SHARE` times what one may take.

    Parameters
    ----------
    policies : sequence of PolicyStage
        In their order.
    """

    name = STAGE

    def __init__(self, policies: Sequence[PolicyStage]) -> None:
        self.policies = tuple(policies)
        self._seconds = SHARE * PATTERN_SECONDS

    def find(self, given: str, views: Sequence[View]) -> list[Match]:
        """Return every match of every policy."""
        left, matches = self._seconds, list[Match]()
        for each in self.policies:
            clock = Clock(max(left / SHARE, LEAST))
            matches += each.find(given, views, clock)
            left -= clock.spent
            if clock.slow:
                self._seconds = SHARE * SLOW_SECONDS  # from then on, as of the policy itself
        return matches

    def open_from(self, given: str, views: Sequence[View]) -> int:
        """Return from where on the text could still become a match of one, or change one."""
        return min((each.open_from(given, views) for each in self.policies), default=len(given))


@lru_cache(maxsize=8)
def together(policies: tuple[PolicyStage, ...]) -> AllPolicies:
    """Return the stage of some policies, the same for all who ask."""
    return AllPolicies(policies)
