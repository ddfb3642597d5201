"""A loop detector: small models fall into repeating themselves, word for word, without end.

A reply is in a loop when its last tokens are one short sequence over and over. Lists and refrains
repeat a little too, so much has to repeat before a reply is ended.
"""

from __future__ import annotations

from collections.abc import Sequence

# A sequence of at most this many tokens ...
LONGEST_PERIOD = 48
# ... that stands at least so many times in a row ...
REPEATS = 4
# ... and fills at least so many tokens.
SPAN = 96


def find_loop(token_ids: Sequence[int]) -> int | None:
    """Return the length of the sequence that the end of a reply repeats, or None.

    Parameters
    ----------
    token_ids : sequence of int
        The reply so far.

    Examples
    --------
    >>> find_loop([5, 6, 7] + [1, 2] * 48)
    2
    >>> find_loop(list(range(200))) is None
    True
    """
    for period in range(1, LONGEST_PERIOD + 1):
        span = max(SPAN, REPEATS * period)
        if span > len(token_ids):
            return None
        tail = token_ids[-span:]
        if tail[period:] == tail[:-period]:
            return period
    return None
