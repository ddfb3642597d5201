"""The product of int8 rows: what `SplitInt8Linear` computes, in the same bits."""

from __future__ import annotations

import numpy as np
from numba import carray, float32, int16, int64, njit, void
from numpy.typing import NDArray

from playground.models.engines.compiled.board import (
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
from playground.models.engines.compiled.vectors import BLOCK, QUAD, block_sums, floats_at

Float32Array = NDArray[np.float32]
Int16Array = NDArray[np.int16]

INPUT_PAD = 64  # oneDNN fills rows up to a multiple of this, with zeros

# As in `playground.models.engines.linear_layers`.
STEPS_OF_16_BITS = np.float32(127 * 257)
TINY = np.float32(1e-30)
TO_UNSIGNED = np.float32(128 * 257 + 0.5)
HIGH = np.float32(256)
MAGNITUDE = 0x7FFFFFFF  # all bits of a float32 but its sign


@njit(float32(float32[::1], int16[:, ::1]), cache=True)
def split(x: Float32Array, inputs: Int16Array) -> np.float32:
    """Round a row to 16 bits; put low and high bytes, less 128, into two rows. Return the step.

    In `SplitInt8Linear.__call__`: from ``step = np.maximum(...)`` to ``low_and_high``.
    """
    # Magnitudes are in the order of their bits, and NaN is above them all, so that it is kept.
    bits = np.zeros(1, np.int32)
    for each in x.view(np.int32):
        bits[0] = max(bits[0], each & MAGNITUDE)
    largest = bits.view(np.float32)[0]
    step = np.float32((TINY if largest < TINY else largest) / STEPS_OF_16_BITS)
    for place in range(len(x)):
        whole = np.int32(np.float32(x[place] / step) + TO_UNSIGNED)
        inputs[0, place] = (whole & 255) - 128
        inputs[1, place] = (whole >> 8) - 128
    return step


@njit(void(int64[::1], int64), cache=True)
def multiply_integers(board: Board, block: int) -> None:
    """Multiply all rows of inputs by 64 rows of codes.

    In `SplitInt8Linear.__call__`: ``products = self._multiply(...)`` and all after it.
    """
    width, outputs = board[WIDTH], board[OUTPUTS]
    plane = width * 2
    codes = board[WEIGHTS] + block * width * BLOCK
    first = block * BLOCK
    count = min(BLOCK, outputs - first)
    scales = carray(floats_at(board[SCALES]), outputs)[first : first + count]
    steps = carray(floats_at(board[STEPS]), board[ROWS])
    product = carray(floats_at(board[PRODUCT]), (board[ROWS], outputs))
    sums = np.empty((2, BLOCK), np.int32)
    for row in range(board[ROWS]):
        inputs = board[INPUTS] + row * 2 * plane
        block_sums(inputs, plane, codes, width // QUAD, sums.ctypes.data)
        for place in range(count):
            low = np.float32(sums[0, place]) * scales[place]
            high = np.float32(sums[1, place]) * scales[place]
            product[row, first + place] = (high * HIGH + low) * steps[row]
