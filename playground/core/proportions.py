"""What a count is worth: the interval of a share, and whether two counts differ by chance."""

from __future__ import annotations

import math

_Z = 1.959963984540054  # the normal distribution has 95 % within so many standard deviations


def wilson_interval(right: float, count: float) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927).

    Unlike the interval of the bootstrap it does not shrink to nothing where all or none are right:
    one of one says little.

    Parameters
    ----------
    right, count : float
        So many of so many; `count` above 0.

    Examples
    --------
    >>> [round(each, 3) for each in wilson_interval(1, 1)]
    [0.207, 1.0]
    >>> [round(each, 3) for each in wilson_interval(59, 80)]
    [0.632, 0.821]
    """
    if not 0 <= right <= count or not count:
        raise ValueError(f"a share takes 0 to `count` of 1 or more, got {right} of {count}")
    share, room = right / count, _Z**2 / count
    middle = (share + room / 2) / (1 + room)
    reach = _Z * math.sqrt(share * (1 - share) / count + room / (4 * count)) / (1 + room)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def sign_test(one: int, other: int) -> float:
    """Return how often chance alone divides so many changes as unequally or more: the exact p.

    Parameters
    ----------
    one, other : int
        How many changed in either direction.

    Examples
    --------
    >>> sign_test(4, 0), sign_test(0, 0)
    (0.125, 1.0)
    """
    changed = one + other
    tail = sum(math.comb(changed, each) for each in range(min(one, other) + 1))
    # Whole numbers up to the division: 2 to the thousandth is more than a float holds.
    return min(1.0, float(2 * tail / 2**changed))
