"""The product of float32 rows: what `playground.core.linear.Dense` computes, but for the last bits.

Each weight is read once for all rows, at the speed of memory, and each row sums in the order in
which it would alone, so that its bits do not depend on its company.
"""

from __future__ import annotations

import numpy as np
from numba import carray, float32, int64, njit, void
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


@njit(void(float32[::1], float32[:, ::1], float32[:]), cache=True, fastmath=FAST)
def four_products(x: Float32Array, weights: Float32Array, products: Float32Array) -> None:
    """Multiply a row by four rows of weights at once, so that it is read once for them."""
    one, two, three, four = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    for place in range(len(x)):
        one += x[place] * weights[0, place]
        two += x[place] * weights[1, place]
        three += x[place] * weights[2, place]
        four += x[place] * weights[3, place]
    products[0], products[1], products[2], products[3] = one, two, three, four


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
    fours = last - (last - first) % FOUR
    for four in range(first, fours, FOUR):
        for row in range(board[ROWS]):
            four_products(x[row], weights[four : four + FOUR], product[row, four : four + FOUR])
    for output in range(fours, last):
        for row in range(board[ROWS]):
            product[row, output] = product_of(x[row], weights[output])
