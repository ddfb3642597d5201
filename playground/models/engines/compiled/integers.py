"""The product of int8 rows: what `SplitInt8Linear` computes, in the same bits."""

from __future__ import annotations

import numpy as np
from numba import carray, float32, int64, njit, uint8, void
from numpy.typing import NDArray

from playground.models.engines.compiled.addresses import floats_at, integers_at
from playground.models.engines.compiled.board import (
    EXCESS,
    INPUTS,
    OUTPUTS,
    PRODUCT,
    ROWS,
    SCALES,
    STEPS,
    WEIGHTS,
    WIDTH,
    Board,
)
from playground.models.engines.compiled.vectors import BLOCK, QUAD, sums_of

Float32Array = NDArray[np.float32]
Uint8Array = NDArray[np.uint8]

# Two rows, each of low and of high bytes, are multiplied at once: their sums fill half of AVX-512's
# registers.
PAIR = 2
sums_of_a_row, sums_of_two_rows = sums_of(2), sums_of(2 * PAIR)

INPUT_PAD = 64  # oneDNN fills rows up to a multiple of this, with zeros

# As in `playground.models.engines.integer_layers`.
STEPS_OF_16_BITS = np.float32(127 * 257)
TINY = np.float32(1e-30)
TO_UNSIGNED = np.float32(128 * 257 + 0.5)
HIGH = np.float32(256)
MAGNITUDE = 0x7FFFFFFF  # all bits of a float32 but its sign


@njit(float32(float32[::1]), cache=True)
def step_of(x: Float32Array) -> np.float32:
    """Return what a row is rounded to multiples of.

    In `SplitInt8Linear._by_onednn`: ``step = np.maximum(...)`` and ``step /= STEPS``.
    """
    # Magnitudes are in the order of their bits, and NaN is above them all, so that it is kept.
    bits = np.zeros(1, np.int32)
    for each in x.view(np.int32):
        bits[0] = max(bits[0], each & MAGNITUDE)
    largest = bits.view(np.float32)[0]
    return np.float32((TINY if largest < TINY else largest) / STEPS_OF_16_BITS)


@njit(float32(float32[::1], uint8[::1], uint8[::1]), cache=True)
def split(x: Float32Array, low: Uint8Array, high: Uint8Array) -> np.float32:
    """Round a row to 16 bits; put low and high bytes into two rows. Return the step.

    In `SplitInt8Linear._by_onednn`: from ``step = np.maximum(...)`` to ``low_and_high``.
    """
    step: np.float32 = step_of(x)
    for place in range(len(x)):
        whole = np.int32(np.float32(x[place] / step) + TO_UNSIGNED)
        low[place] = np.uint8(whole & 255)
        high[place] = np.uint8(whole >> 8)
    return step


@njit(void(float32[:, ::1], uint8[:, :, ::1], float32[:, ::1]), cache=True, nogil=True)
def split_rows(x: Float32Array, low_and_high: Uint8Array, steps: Float32Array) -> None:
    """Round rows to 16 bits as oneDNN takes them: all low bytes, then all high ones."""
    for row in range(len(x)):
        steps[row, 0] = split(x[row], low_and_high[0, row], low_and_high[1, row])


@njit(void(float32[:, ::1], float32[:, ::1]), cache=True, nogil=True)
def join_rows(products: Float32Array, steps: Float32Array) -> None:
    """Put the products of both bytes together, in the rows of the high ones."""
    rows = len(steps)
    for row in range(rows):
        for place in range(products.shape[1]):
            high = products[rows + row, place] * HIGH
            products[rows + row, place] = (high + products[row, place]) * steps[row, 0]


@njit(void(int64[::1], int64), cache=True)
def multiply_integers(board: Board, block: int) -> None:
    """Multiply all rows of inputs by 64 rows of codes.

    In `SplitInt8Linear._by_onednn`: ``products = self._multiply(...)`` and all after it.
    """
    rows, width, outputs = board[ROWS], board[WIDTH], board[OUTPUTS]
    codes = board[WEIGHTS] + block * width * BLOCK
    first = block * BLOCK
    count = min(BLOCK, outputs - first)
    scales = carray(floats_at(board[SCALES]), outputs)[first : first + count]
    excess = carray(integers_at(board[EXCESS]), outputs)[first : first + count]
    steps = carray(floats_at(board[STEPS]), rows)
    product = carray(floats_at(board[PRODUCT]), (rows, outputs))
    sums = np.empty((2 * PAIR, BLOCK), np.int32)
    for row in range(0, rows, PAIR):
        inputs = board[INPUTS] + row * 2 * width
        if row + 1 < rows:
            sums_of_two_rows(inputs, width, codes, width // QUAD, sums.ctypes.data)
        else:
            sums_of_a_row(inputs, width, codes, width // QUAD, sums.ctypes.data)
        for each in range(min(PAIR, rows - row)):
            for place in range(count):
                low = np.float32(sums[2 * each, place] - excess[place]) * scales[place]
                high = np.float32(sums[2 * each + 1, place] - excess[place]) * scales[place]
                product[row + each, first + place] = (high * HIGH + low) * steps[row + each]
