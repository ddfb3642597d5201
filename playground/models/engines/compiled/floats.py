"""The product of rows of floats: `Dense` of `playground.core.linear`, and `TorchLinear`'s 16 bits.

Each weight is read once for all rows, at the speed of memory, and each row sums in the order in
which it would alone, so that its bits do not depend on its company. Weights of 16 bits are read as
they lie, half of FP32's bytes, and widened on the way; results are rounded to their format. So are
int8 codes, a quarter of the bytes, whose sums are scaled.
"""

from __future__ import annotations

import numpy as np
from numba import carray, float32, int64, njit, void
from numpy.typing import NDArray

from playground.models.engines.compiled.addresses import floats_at
from playground.models.engines.compiled.board import (
    INPUTS,
    KIND,
    OUTPUTS,
    PRODUCT,
    PRODUCT_OF_BFLOATS,
    PRODUCT_OF_CODES,
    PRODUCT_OF_FLOATS,
    PRODUCT_OF_HALVES,
    ROWS,
    SCALES,
    WEIGHT_BYTES,
    WEIGHTS,
    WIDTH,
    Board,
)
from playground.models.engines.compiled.halves import rounded
from playground.models.engines.compiled.vectors import FOUR, float_sums_of

Float32Array = NDArray[np.float32]

# Outputs that a thread takes at once. Fewer would let threads end together, but each reads memory
# the faster the longer its stretch is.
FLOAT_BLOCK = 64
FLOAT_BYTES = 4

# Two rows of inputs at once, so that each weight is loaded and widened once for both.
PAIR = 2
full_row, full_pair = (float_sums_of(rows, PRODUCT_OF_FLOATS) for rows in (1, PAIR))
bfloat_row, bfloat_pair = (float_sums_of(rows, PRODUCT_OF_BFLOATS) for rows in (1, PAIR))
code_row, code_pair = (float_sums_of(rows, PRODUCT_OF_CODES) for rows in (1, PAIR))
half_row, half_pair = (float_sums_of(rows, PRODUCT_OF_HALVES) for rows in (1, PAIR))


@njit(void(*[int64] * 6), cache=True)
def _sum_row(form: int, x: int, weights: int, apart: int, width: int, to: int) -> None:
    if form == PRODUCT_OF_FLOATS:
        full_row(x, weights, apart, width, to)
    elif form == PRODUCT_OF_BFLOATS:
        bfloat_row(x, weights, apart, width, to)
    elif form == PRODUCT_OF_CODES:
        code_row(x, weights, apart, width, to)
    else:
        half_row(x, weights, apart, width, to)


@njit(void(*[int64] * 6), cache=True)
def _sum_pair(form: int, x: int, weights: int, apart: int, width: int, to: int) -> None:
    if form == PRODUCT_OF_FLOATS:
        full_pair(x, weights, apart, width, to)
    elif form == PRODUCT_OF_BFLOATS:
        bfloat_pair(x, weights, apart, width, to)
    elif form == PRODUCT_OF_CODES:
        code_pair(x, weights, apart, width, to)
    else:
        half_pair(x, weights, apart, width, to)


@njit(void(int64[::1], int64, int64, float32[:, ::1]), cache=True)
def _multiply_four(board: Board, first: int, quarter: int, sums: Float32Array) -> None:
    """Multiply all rows of inputs by four rows of weights, a quarter apart; by one, if it is 0."""
    form, rows, width = board[KIND], board[ROWS], board[WIDTH]
    row_bytes = width * WEIGHT_BYTES[form]
    product = carray(floats_at(board[PRODUCT]), (rows, board[OUTPUTS]))
    scales = carray(floats_at(board[SCALES]), board[OUTPUTS])
    weights, apart = board[WEIGHTS] + first * row_bytes, quarter * row_bytes
    to = sums.ctypes.data
    for row in range(0, rows, PAIR):
        x = board[INPUTS] + row * width * FLOAT_BYTES
        paired = row + 1 < rows
        if paired:
            _sum_pair(form, x, weights, apart, width, to)
        else:
            _sum_row(form, x, weights, apart, width, to)
        for each in range(PAIR if paired else 1):
            for four in range(FOUR if quarter else 1):
                output, total = first + four * quarter, sums[each, four]
                if form == PRODUCT_OF_CODES:
                    total *= scales[output]
                elif form != PRODUCT_OF_FLOATS:
                    total = rounded(total, form == PRODUCT_OF_BFLOATS)
                product[row + each, output] = total


@njit(void(int64[::1], int64), cache=True)
def multiply_floats(board: Board, block: int) -> None:
    """Multiply all rows of inputs by 64 rows of weights; in `Dense.__call__`: ``x @ W.T``."""
    first = block * FLOAT_BLOCK
    last = min(first + FLOAT_BLOCK, board[OUTPUTS])
    # One row of each quarter, so that four long stretches are read: a processor fetches ahead of
    # those, and would not of four short rows that lie together.
    quarter = (last - first) // FOUR
    sums = np.empty((PAIR, FOUR), np.float32)
    for output in range(first, first + quarter):
        _multiply_four(board, output, quarter, sums)
    for output in range(first + FOUR * quarter, last):
        _multiply_four(board, output, 0, sums)
