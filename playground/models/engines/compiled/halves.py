"""The product of rows of 16 bits: what `TorchLinear` computes, but for the order of its sums.

Weights are read as they lie, half of FP32's bytes, and widened on the way. Inputs and results are
rounded to the format, sums are float32.
"""

from __future__ import annotations

import numpy as np
from numba import boolean, carray, float32, int64, njit, uint16, void
from numba.types import UniTuple
from numpy.typing import NDArray

from playground.models.engines.compiled.board import (
    INPUTS,
    KIND,
    OUTPUTS,
    PRODUCT,
    PRODUCT_OF_BFLOATS,
    ROWS,
    WEIGHTS,
    WIDTH,
    Board,
)
from playground.models.engines.compiled.floats import FAST, FLOAT_BLOCK, FOUR
from playground.models.engines.compiled.vectors import (
    bits_of_float,
    float_of_bits,
    float_of_half,
    floats_at,
    half_of_float,
    halves_at,
)

Float32Array = NDArray[np.float32]
Uint16Array = NDArray[np.uint16]

# BF16 is the upper half of a float32.
UPPER, LOWER_HALF, ALL_BUT_ONE = 16, 0xFFFF, 0x7FFF


@njit(float32(uint16, boolean), cache=True, inline="always")
def widened(bits: np.uint16, bfloat: bool) -> np.float32:
    """Return the float32 that 16 bits mean, in BF16 or in FP16."""
    wide: np.float32 = float_of_bits(np.int32(bits) << UPPER) if bfloat else float_of_half(bits)
    return wide


@njit(float32(float32, boolean), cache=True, inline="always")
def rounded(x: np.float32, bfloat: bool) -> np.float32:
    """Round to the nearest number of BF16 or FP16, ties to even."""
    near: np.float32 = x
    if not bfloat:
        near = float_of_half(half_of_float(x))
    elif x == x:
        bits = np.int64(bits_of_float(x))
        bits += ALL_BUT_ONE + ((bits >> UPPER) & 1)
        near = float_of_bits(np.int32(bits & ~LOWER_HALF))
    return near


@njit(void(float32[:, ::1], boolean, float32[:, ::1]), cache=True)
def round_rows(x: Float32Array, bfloat: bool, rounded_rows: Float32Array) -> None:
    """Round inputs to the format: ``torch.from_numpy(x).to(dtype)`` in `TorchLinear.__call__`."""
    for row in range(len(x)):
        for place in range(x.shape[1]):
            rounded_rows[row, place] = rounded(x[row, place], bfloat)


@njit(
    UniTuple(float32, FOUR)(
        float32[::1], uint16[::1], uint16[::1], uint16[::1], uint16[::1], boolean
    ),
    cache=True,
    fastmath=FAST,
)
def four_half_products(
    x: Float32Array, a: Uint16Array, b: Uint16Array, c: Uint16Array, d: Uint16Array, bfloat: bool
) -> tuple[np.float32, ...]:
    """Multiply a row by four rows of weights at once, so that it is read once for them."""
    by_a, by_b, by_c, by_d = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    for place in range(len(x)):
        by_a += x[place] * widened(a[place], bfloat)
        by_b += x[place] * widened(b[place], bfloat)
        by_c += x[place] * widened(c[place], bfloat)
        by_d += x[place] * widened(d[place], bfloat)
    return (
        rounded(by_a, bfloat),
        rounded(by_b, bfloat),
        rounded(by_c, bfloat),
        rounded(by_d, bfloat),
    )


@njit(float32(float32[::1], uint16[::1], boolean), cache=True, fastmath=FAST)
def half_product_of(x: Float32Array, weights: Uint16Array, bfloat: bool) -> np.float32:
    """Multiply a row by one of weights."""
    total = np.float32(0)
    for place in range(len(x)):
        total += x[place] * widened(weights[place], bfloat)
    near: np.float32 = rounded(total, bfloat)
    return near


@njit(void(int64[::1], int64), cache=True)
def multiply_halves(board: Board, block: int) -> None:
    """Multiply all rows of inputs by 64 rows of weights, as `multiply_floats` does."""
    width, outputs, bfloat = board[WIDTH], board[OUTPUTS], board[KIND] == PRODUCT_OF_BFLOATS
    x = carray(floats_at(board[INPUTS]), (board[ROWS], width))
    weights = carray(halves_at(board[WEIGHTS]), (outputs, width))
    product = carray(floats_at(board[PRODUCT]), (board[ROWS], outputs))
    first = block * FLOAT_BLOCK
    last = min(first + FLOAT_BLOCK, outputs)
    quarter = (last - first) // FOUR
    for a in range(first, first + quarter):
        b, c, d = a + quarter, a + 2 * quarter, a + 3 * quarter
        for row in range(board[ROWS]):
            given = product[row]
            given[a], given[b], given[c], given[d] = four_half_products(
                x[row], weights[a], weights[b], weights[c], weights[d], bfloat
            )
    for output in range(first + FOUR * quarter, last):
        for row in range(board[ROWS]):
            product[row, output] = half_product_of(x[row], weights[output], bfloat)
