"""Many draws from one distribution: what the dice make of the bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playground.generation.settings import SamplingSettings
from playground.labs.temperature.next_token import NextToken, probabilities

# Of the newest draws so many are told one by one.
NEWEST = 100


@dataclass(frozen=True)
class Tally:
    """How often each bar was drawn.

    Parameters
    ----------
    counts : tuple of int
        One a bar, in the order of the bars.
    rest : int
        Draws of all other tokens.
    newest : tuple of int
        The last `NEWEST` draws in order: the place of a bar, or the number of bars for the rest.
    """

    counts: tuple[int, ...]
    rest: int
    newest: tuple[int, ...]

    @property
    def draws(self) -> int:
        """All draws together."""
        return sum(self.counts) + self.rest


def count_draws(
    next_token: NextToken,
    settings: SamplingSettings,
    shown: Sequence[int],
    seed: int,
    draws: int,
) -> Tally:
    """Throw the dice of a seed so many times; the first number is the one that a chat throws first.

    Parameters
    ----------
    next_token : NextToken
        The scores.
    settings : SamplingSettings
        What is made of them; at temperature 0 every draw is the best token.
    shown : sequence of int
        The tokens that have a bar.
    seed : int
        Of the dice.
    draws : int
        How many numbers are thrown.

    Raises
    ------
    OptionError
        When the bans leave no token.
    """
    sums = np.cumsum(probabilities(next_token, settings), dtype=np.float64)
    targets = np.random.default_rng(seed).random(draws) * sums[-1]
    drawn = np.searchsorted(sums, targets, side="right").tolist()
    place_of = {token_id: place for place, token_id in enumerate(shown)}
    places = [place_of.get(token_id, len(shown)) for token_id in drawn]
    times = Counter(places)
    counts = tuple(times[place] for place in range(len(shown)))
    return Tally(counts, times[len(shown)], tuple(places[-NEWEST:]))
