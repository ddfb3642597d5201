"""The rows of a table that point the same way as a vector: exact search by cosine.

Reading the table is what takes the time, so it is read once, in float32. What could then still be
among the nearest, given how far float32 can be off, is computed again in float64. The answer is
that of a search in float64 throughout.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]

# Below this length float32 loses the squares, and a row counts as a zero vector.
_ZERO_LENGTH = 1e-12
_ROUNDING = 2.0**-24  # half a unit in the last place of float32


@dataclass(frozen=True)
class Hit:
    """A row that was found.

    Parameters
    ----------
    row : int
        Its number in the table.
    cosine : float
        Of the angle to the vector asked for, from -1 to 1, in float64.
    """

    row: int
    cosine: float


class CosineTable:
    """A table of vectors that is searched by direction; their lengths play no part.

    Zero vectors point nowhere: they are never found.

    Parameters
    ----------
    vectors : array of shape (V, C), float32
        One vector a row. It is not copied and not changed.

    Examples
    --------
    >>> table = CosineTable(np.array([[1, 0], [3, 4], [0, 0], [-2, 0]], dtype=np.float32))
    >>> ranking = table.towards([5.0, 0.0])
    >>> ranking.nearest(2)
    [Hit(row=0, cosine=1.0), Hit(row=1, cosine=0.6)]
    >>> ranking.place_of(1)
    2
    """

    def __init__(self, vectors: Float32Array) -> None:
        self.vectors = vectors
        lengths = np.sqrt(np.vecdot(vectors, vectors))
        zero = lengths < _ZERO_LENGTH
        self.zero_rows = np.flatnonzero(zero)
        # Divided by infinity, a zero row has the cosine 0; it is left out by its number besides.
        self._lengths: Float32Array = np.where(zero, np.inf, lengths).astype(np.float32)

    def towards(self, query: ArrayLike, leave_out: Collection[int] = ()) -> Ranking:
        """Rank all rows by how nearly they point the same way as a vector.

        Parameters
        ----------
        query : array of shape (C,)
            What to look for; computed with in float64.
        leave_out : collection of int
            Rows that may not be found.

        Raises
        ------
        ValueError
            When the query is a zero vector or not finite.
        """
        direction = _direction(query)
        rough: Float32Array = (self.vectors @ direction.astype(np.float32)) / self._lengths
        rough[self.zero_rows] = -np.inf
        rough[list(leave_out)] = -np.inf
        return Ranking(self.vectors, direction, rough)


@dataclass(frozen=True, eq=False)
class Ranking:
    """All rows by their cosine with one vector; of equal ones the lower row comes first.

    Parameters
    ----------
    vectors : array of shape (V, C), float32
        The table.
    direction : array of shape (C,)
        The vector asked for, of length 1.
    rough : array of shape (V,), float32
        The cosines as float32 gives them, minus infinity for rows that are left out.
    """

    vectors: Float32Array
    direction: Float64Array
    rough: Float32Array

    def nearest(self, count: int) -> list[Hit]:
        """Return the first so many rows; fewer where the table has no more."""
        count = min(count, int(np.count_nonzero(self.rough > -np.inf)))
        if count < 1:
            return []
        least = np.partition(self.rough, -count)[-count]
        rows = np.flatnonzero(self.rough >= least - self._margin)
        exact = self._exact(rows)
        best = np.lexsort((rows, -exact))[:count]
        return [Hit(int(rows[place]), float(exact[place])) for place in best]

    def place_of(self, row: int) -> int:
        """Return the place of a row, 1 for the nearest, whether or not it is left out itself.

        Raises
        ------
        ValueError
            When that row is a zero vector.
        """
        if not self.vectors[row].any():
            raise ValueError(f"row {row} is a zero vector, which points nowhere")
        own = float(self._exact(np.array([row]))[0])
        unsure = np.flatnonzero(np.abs(self.rough - own) <= self._margin)
        exact = self._exact(unsure)
        nearer = (exact > own) | ((exact == own) & (unsure < row))
        return 1 + int(np.count_nonzero(self.rough > own + self._margin) + nearer.sum())

    @property
    def _margin(self) -> float:
        """How far apart two cosines must be in float32 to be sure of their order."""
        # A sum of C products is off by at most C roundings of its terms' magnitudes, a length by
        # half as many, and each is stored (Higham, Accuracy and Stability, 2002, section 3.1).
        return 4 * (int(self.vectors.shape[1]) + 8) * _ROUNDING

    def _exact(self, rows: NDArray[np.integer]) -> Float64Array:
        """Return the cosines with some rows in float64: shape (rows,)."""
        some = self.vectors[rows].astype(np.float64)
        # Summed row by row, so that equal rows get equal bits wherever they stand.
        lengths = np.sqrt((some * some).sum(axis=1))
        found: Float64Array = (some * self.direction).sum(axis=1) / lengths
        return found


def _direction(query: ArrayLike) -> Float64Array:
    vector = np.asarray(query, dtype=np.float64)
    largest = float(np.abs(vector).max(initial=0.0))
    if not 0 < largest < np.inf:
        raise ValueError("the vector must be finite and not zero: a zero vector points nowhere")
    scaled = vector / largest  # so that no square under- or overflows
    direction: Float64Array = scaled / np.sqrt((scaled * scaled).sum())
    return direction
