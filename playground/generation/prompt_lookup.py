"""Prompt lookup: what comes next often stood in the text before, so it is guessed and verified.

Code, lists, quotes and answers about a text say much of it again. The tokens that followed the
newest ones when they stood there before are a draft of what comes next (Saxena, 2023, "Prompt
Lookup Decoding"). All of it runs in one pass, as rows of a batch do, and each token is still chosen
from its own scores by the reply's own dice: the draft is kept as far as it says the same (Leviathan
et al., 2023, arXiv:2211.17192, verify in this way). So the text is the same to the bit, and a wrong
draft costs what its rows took.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Sequence

# How many of the newest tokens must have stood there before; the longer first.
RUNS = (3, 2)

# A draft has so many tokens or none: passes of as many rows are what is measured.
LENGTHS = (7, 3, 1)

# How many tokens of drafts are taken to hold before any was seen, how fast what is seen counts, and
# how fast it is forgotten while nothing is drafted.
FIRST_RATE, LEARNING, FORGETTING = 0.5, 0.1, 0.01

# Costs are medians of so many passes; with fewer than the least, a pass is taken to cost nothing
# more than one of one row, so that it is tried.
MOST_MEASURED, LEAST_MEASURED = 9, 3


class PromptLookup:
    """The text so far, by what followed each run of tokens when it last stood there."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._follows: dict[tuple[int, ...], int] = {}

    def read(self, ids: Sequence[int]) -> None:
        """Take in all that has come; only what was not read before takes time."""
        for token_id in ids[len(self._ids) :]:
            for count in RUNS:
                if count <= len(self._ids):
                    self._follows[tuple(self._ids[-count:])] = len(self._ids)
            self._ids.append(token_id)

    def draft(self, length: int) -> tuple[int, ...]:
        """Return what followed the newest tokens before; empty where they are new.

        Where that reaches the end of the text it goes round: a loop goes on.

        Examples
        --------
        >>> lookup = PromptLookup()
        >>> lookup.read([1, 2, 3, 4, 5, 1, 2])
        >>> lookup.draft(2)
        (3, 4)
        >>> lookup.draft(7)
        (3, 4, 5, 1, 2, 3, 4)
        """
        for count in RUNS:
            start = self._follows.get(tuple(self._ids[-count:]))
            if start is not None:
                period = len(self._ids) - start
                return tuple(self._ids[start + place % period] for place in range(length))
        return ()


class PassCosts:
    """What a pass of several rows costs one engine, in passes of one row: measured as it runs."""

    def __init__(self) -> None:
        self._one: deque[float] = deque(maxlen=MOST_MEASURED)
        self._more: dict[int, deque[float]] = {}

    def note(self, rows: int, seconds: float) -> None:
        """Take in how long a pass took."""
        if rows == 1 and seconds:
            self._one.append(seconds)
        elif rows > 1 and self._one:
            costs = self._more.setdefault(rows, deque(maxlen=MOST_MEASURED))
            costs.append(seconds / statistics.median(self._one))

    def of(self, rows: int) -> float:
        """Return the cost of a pass of so many rows."""
        costs = self._more.get(rows, ())
        return statistics.median(costs) if len(costs) >= LEAST_MEASURED else 1.0


class Drafts:
    """The drafts of one reply, as long as they pay.

    Parameters
    ----------
    prompt_ids : sequence of int
        What stands before the reply.
    """

    def __init__(self, prompt_ids: Sequence[int]) -> None:
        self._prompt_ids = prompt_ids
        self._lookup = PromptLookup()
        self.rate = FIRST_RATE

    def next(
        self, reply_ids: Sequence[int], most: int, cost: Callable[[int], float]
    ) -> tuple[int, ...]:
        """Return a draft of what comes next, of at most so many tokens; empty where none pays.

        Parameters
        ----------
        reply_ids : sequence of int
            What has been written.
        most : int
            Tokens that may be drafted.
        cost : callable
            Takes the rows of a pass and returns its cost, in passes of one row.
        """
        self._lookup.read([*self._prompt_ids, *reply_ids])
        draft = self._lookup.draft(most)
        if not draft:
            return ()
        length = best_length(self.rate, most, cost)
        if not length:
            self.rate += FORGETTING * (FIRST_RATE - self.rate)
        return draft[:length]

    def learn(self, drafted: int, held: int) -> None:
        """Take in how many tokens of a draft held; what stands behind a wrong one says nothing."""
        for holds in [1] * held + [0] * (held < drafted):
            self.rate += LEARNING * (holds - self.rate)


def best_length(rate: float, most: int, cost: Callable[[int], float]) -> int:
    """Return how many tokens to draft, so that most tokens come for their cost.

    Where each token holds with probability `rate` if those before it did, a pass with a draft of n
    tokens gives 1 + rate + ... + rate^n.

    Examples
    --------
    >>> best_length(0.9, 7, lambda rows: 1 + 0.15 * (rows - 1))
    7
    >>> best_length(0.1, 7, lambda rows: 1 + 0.15 * (rows - 1))
    0
    """

    def gain(length: int) -> float:
        return sum(rate**place for place in range(length + 1)) / cost(1 + length)

    lengths = [length for length in LENGTHS if length <= most]
    best = max(lengths, key=gain, default=0)
    return best if best and gain(best) > 1 else 0
