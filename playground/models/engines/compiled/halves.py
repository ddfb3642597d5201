"""Numbers of 16 bits: how float32 is rounded to them."""

from __future__ import annotations

import numpy as np
from numba import boolean, float32, njit, void
from numpy.typing import NDArray

from playground.models.engines.compiled.addresses import (
    bits_of_float,
    float_of_bits,
    float_of_half,
    half_of_float,
)

Float32Array = NDArray[np.float32]

# BF16 is the upper half of a float32.
UPPER, LOWER_HALF, ALL_BUT_ONE = 16, 0xFFFF, 0x7FFF


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
