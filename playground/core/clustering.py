"""k-means: groups that nobody named, each around its mean (Lloyd, 1957; MacQueen, 1967)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Clusters:
    """Points in groups.

    Parameters
    ----------
    centres : array of shape (K, C)
        The means that the points were given to.
    members : array of int, shape (N,)
        The nearest centre of each point.
    spread : float
        The sum of the points' squared distances from their centres: what k-means makes small.
    """

    centres: Float64Array
    members: NDArray[np.int64]
    spread: float


def k_means(points: ArrayLike, start: ArrayLike) -> Iterator[Clusters]:
    """Give each point to its nearest centre, move the centres to their means, and go on.

    Neither step can make the spread larger, and there are finitely many ways to divide points, so
    it ends; where depends on the start.

    Parameters
    ----------
    points : array of shape (N, C)
        One point a row.
    start : array of shape (K, C)
        The first centres.

    Yields
    ------
    Clusters
        One a round; the last is where no point changes its group. A centre without points stays
        where it is.

    Examples
    --------
    >>> *_, last = k_means([[0.0], [1.0], [10.0], [12.0]], [[0.0], [1.0]])
    >>> last.centres.ravel(), last.members, last.spread
    (array([ 0.5, 11. ]), array([0, 0, 1, 1]), 2.5)
    """
    rows, centres = np.asarray(points, np.float64), np.asarray(start, np.float64)
    before = np.full(len(rows), -1)
    while True:
        far = squared_distances(rows, centres)
        members = far.argmin(axis=1)
        yield Clusters(centres, members, float(far.min(axis=1).sum()))
        if np.array_equal(members, before):
            return
        means = [
            rows[members == place].mean(axis=0) if (members == place).any() else centre
            for place, centre in enumerate(centres)
        ]
        before, centres = members, np.array(means)


def squared_distances(some: Float64Array, others: Float64Array) -> Float64Array:
    """Return the squared distance of every row from every other: shape (N, M).

    Examples
    --------
    >>> squared_distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [1.0, 0.0]]))
    array([[25.,  1.]])
    """
    # |a - b|^2 = |a|^2 - 2 ab + |b|^2: one product of matrices; rounding may fall just below 0.
    lengths = np.vecdot(some, some)[:, None] + np.vecdot(others, others)
    far: Float64Array = np.maximum(lengths - 2 * (some @ others.T), 0)
    return far
