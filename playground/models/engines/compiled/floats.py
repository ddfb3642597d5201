"""The product of float32 rows: what `playground.core.linear.Dense` computes, but for the last bits.

Each weight is read once for all rows, at the speed of memory, and each row sums in the order in
which it would alone, so that its bits do not depend on its company.
"""

from __future__ import annotations

import numpy as np
from numba import carray, float32, int64, njit, void
from numba.types import UniTuple
from numpy.typing import NDArray

from playground.models.engines.compiled.board import (
    INPUTS,
    OUTPUTS,
    PRODUCT,
    ROWS,
    WEIGHTS,
    WIDTH,
    Board,
)
from playground.models.engines.compiled.vectors import floats_at

Float32Array = NDArray[np.float32]

# Outputs that a thread takes at once. Fewer would let threads end together, but each reads memory
# the faster the longer its stretch is.
FLOAT_BLOCK = 64
FOUR = 4

# Sums may be cut into lanes, and a product and a sum rounded once.
FAST = {"reassoc", "contract"}


@njit(
    UniTuple(float32, FOUR)(float32[::1], float32[::1], float32[::1], float32[::1], float32[::1]),
    cache=True,
    fastmath=FAST,
)
def four_products(
    x: Float32Array, a: Float32Array, b: Float32Array, c: Float32Array, d: Float32Array
) -> tuple[np.float32, ...]:
    """Multiply a row by four rows of weights at once, so that it is read once for them."""
    by_a, by_b, by_c, by_d = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    for place in range(len(x)):
        by_a += x[place] * a[place]
        by_b += x[place] * b[place]
        by_c += x[place] * c[place]
        by_d += x[place] * d[place]
    return by_a, by_b, by_c, by_d


@njit(float32(float32[::1], float32[::1]), cache=True, fastmath=FAST)
def product_of(x: Float32Array, weights: Float32Array) -> np.float32:
    """Multiply a row by one of weights."""
    total = np.float32(0)
    for place in range(len(x)):
        total += x[place] * weights[place]
    return total


@njit(void(int64[::1], int64), cache=True)
def multiply_floats(board: Board, block: int) -> None:
    """Multiply all rows of inputs by 64 rows of weights; in `Dense.__call__`: ``x @ W.T``."""
    width, outputs = board[WIDTH], board[OUTPUTS]
    x = carray(floats_at(board[INPUTS]), (board[ROWS], width))
    weights = carray(floats_at(board[WEIGHTS]), (outputs, width))
    product = carray(floats_at(board[PRODUCT]), (board[ROWS], outputs))
    first = block * FLOAT_BLOCK
    last = min(first + FLOAT_BLOCK, outputs)
    # One row of each quarter, so that four long stretches are read: a processor fetches ahead of
    # those, and would not of four short rows that lie together.
    quarter = (last - first) // FOUR
    for a in range(first, first + quarter):
        b, c, d = a + quarter, a + 2 * quarter, a + 3 * quarter
        for row in range(board[ROWS]):
            given = product[row]
            given[a], given[b], given[c], given[d] = four_products(
                x[row], weights[a], weights[b], weights[c], weights[d]
            )
    for output in range(first + FOUR * quarter, last):
        for row in range(board[ROWS]):
            product[row, output] = product_of(x[row], weights[output])
