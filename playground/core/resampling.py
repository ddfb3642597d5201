"""What a figure over a set is worth: its interval, a value's place in it, and its two halves."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def bootstrap_interval(
    statistic: Callable[..., float],
    *arrays: ArrayLike,
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
    groups: Sequence[Hashable] | None = None,
) -> tuple[float, float]:
    """Return where a figure would lie had other items of the kind been asked (Efron, 1979).

    The items are drawn again with replacement, all that belongs to one together; the interval is
    that of the percentiles. Draws in which the figure is NaN are left out.

    Parameters
    ----------
    statistic : callable
        Takes arrays as those given and returns a number.
    *arrays : array of shape (N,)
        Row i of each belongs to item i.
    seed : int
        The same seed gives the same interval.
    resamples : int
        How often to draw.
    level : float
        How much of the draws the interval holds, between 0 and 1.
    groups : sequence of hashable or None
        What each item belongs to: items of one group are drawn together, for they say the same
        over again, and drawn apart would make the interval too narrow.

    Returns
    -------
    low, high : float
        Both NaN where the figure is NaN in every draw.

    Examples
    --------
    >>> bootstrap_interval(np.mean, [0.0, 1.0, 1.0, 1.0])
    (0.25, 1.0)
    """
    values = [np.asarray(array) for array in arrays]
    count = len(values[0])
    if not count or any(len(each) != count for each in values):
        raise ValueError(
            f"arrays must be of one length, 1 or more, got {[len(each) for each in values]}"
        )
    if not 0 < level < 1:
        raise ValueError(f"`level` must be between 0 and 1, got {level}")
    if resamples < 1:
        raise ValueError(f"`resamples` must be 1 or more, got {resamples}")
    rows = _drawn(count, groups, resamples, np.random.default_rng(seed))
    found = np.array([statistic(*(each[row] for each in values)) for row in rows], np.float64)
    found = found[~np.isnan(found)]
    if not found.size:
        return float("nan"), float("nan")
    low, high = np.percentile(found, [50 * (1 - level), 50 * (1 + level)])
    return float(low), float(high)


def _drawn(
    count: int, groups: Sequence[Hashable] | None, resamples: int, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """Yield the places of each draw."""
    members: dict[Hashable, list[int]] = {}
    for place, name in enumerate(range(count) if groups is None else groups):
        members.setdefault(name, []).append(place)
    if sum(map(len, members.values())) != count:
        raise ValueError(
            f"`groups` must name one for each of {count} items, got {len(groups or ())}"
        )
    together = [np.array(each, np.intp) for each in members.values()]
    for row in rng.integers(0, len(together), (resamples, len(together))):
        yield row if len(together) == count else np.concatenate([together[each] for each in row])


def percentile(value: float, others: ArrayLike) -> float:
    """Return the share of others below a value, its equals counted half: 0 to 1.

    Examples
    --------
    >>> percentile(2, [1, 2, 3, 4])
    0.375
    """
    values = np.asarray(others, np.float64)
    if not values.size or np.isnan(values).any() or np.isnan(value):
        raise ValueError("a percentile needs numbers to compare with, got none or NaN")
    return float(((values < value).mean() + (values <= value).mean()) / 2)


def halves(labels: ArrayLike, seed: int = 0) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return two parts of a set, each with its half of the right and of the wrong items.

    What is fitted on the first is reported on the second. An odd one out goes to the second.

    Examples
    --------
    >>> fitted, reported = halves([True, True, False, False])
    >>> len(fitted), len(reported)
    (2, 2)
    """
    right = np.asarray(labels, np.bool_)
    rng = np.random.default_rng(seed)
    mixed = [rng.permutation(np.flatnonzero(right == label)) for label in (True, False)]
    first = np.concatenate([group[: len(group) // 2] for group in mixed])
    second = np.concatenate([group[len(group) // 2 :] for group in mixed])
    return np.sort(first), np.sort(second)


def groups_of_each(right: ArrayLike, groups: Sequence[Hashable] | None = None) -> tuple[int, int]:
    """Return how many groups have a right item, and how many a wrong one.

    Examples
    --------
    >>> groups_of_each([True, True, False], ["a", "a", "b"]), groups_of_each([True, True, False])
    ((1, 1), (2, 1))
    """
    good = np.asarray(right, np.bool_)
    names = range(len(good)) if groups is None else groups
    found = [
        {name for name, each in zip(names, good, strict=True) if each == side}
        for side in (True, False)
    ]
    return len(found[0]), len(found[1])
