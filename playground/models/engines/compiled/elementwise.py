"""What stands between the products of a block: norms, rotations, gates.

Each row is computed on its own, in one order, so that its bits do not depend on its company.
"""

from __future__ import annotations

import numpy as np
from numba import float32, int64, njit, void
from numpy.typing import NDArray

from playground.models.engines.compiled.addresses import bits_of_float, float_of_bits
from playground.models.engines.compiled.board import SILU

Float32Array = NDArray[np.float32]

# Sums may be cut into lanes, and a product and a sum rounded once.
FAST = {"reassoc", "contract"}

# exp(x) = 2^n exp(r) with |r| <= ln 2 / 2. ln 2 stands in two parts, of which the first has so few
# bits that n times it is exact; the polynomial is that of Cephes' expf (Moshier, 1989).
LOG2_E = np.float32(1.44269504088896341)
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
SERIES = tuple(
    np.float32(each)
    for each in (
        1.9875691500e-4,
        1.3981999507e-3,
        8.3334519073e-3,
        4.1665795894e-2,
        1.6666665459e-1,
        5.0000001201e-1,
    )
)
# Below the first the result is 0 (but for numbers with fewer digits), above the second infinite: a
# little early, for 2^128 is no float32.
LOWEST, HIGHEST = np.float32(-87.33654), np.float32(88.37)
SHIFT = np.float32(128.5)  # makes the number above zero, so that cutting it rounds
BIAS, MANTISSA_BITS = 127, 23  # of a float32's exponent
ONE, TWO = np.float32(1), np.float32(2)

ROOT = np.float32(0.7978845608028654)  # sqrt(2 / pi)
CUBE = np.float32(0.044715)
MAGNITUDE = np.int32(0x7FFFFFFF)  # all bits of a float32 but its sign
MOST = np.float32(25)  # beyond, GELU's sigmoid is 0 or 1


@njit(float32(float32), cache=True, fastmath={"contract"}, inline="always")
def exp_of(x: np.float32) -> np.float32:
    """Return exp(x): `np.exp`, without a call, so that a loop takes sixteen numbers at once."""
    near = min(max(x, LOWEST), HIGHEST)
    power = np.int32(near * LOG2_E + SHIFT) - np.int32(128)
    whole = np.float32(power)
    rest = near - whole * LN2_HIGH - whole * LN2_LOW
    series = SERIES[0]
    for term in SERIES[1:]:
        series = series * rest + term
    exp = series * rest * rest + rest + ONE
    exp *= float_of_bits(np.int32((power + BIAS) << MANTISSA_BITS))
    if x < LOWEST:
        exp = np.float32(0)
    if x > HIGHEST:
        exp = np.float32(np.inf)
    return exp if x == x else x


@njit(void(float32[::1], float32[::1], float32, float32[::1]), cache=True, fastmath=FAST)
def normalise(x: Float32Array, gain: Float32Array, eps: np.float32, normed: Float32Array) -> None:
    """Divide a row by its root mean square: `playground.core.functional.rms_norm`."""
    squares = np.float32(0)
    for place in range(len(x)):
        squares += x[place] * x[place]
    root = np.sqrt(squares / np.float32(len(x)) + eps)
    for place in range(len(x)):
        normed[place] = x[place] / root * gain[place]


@njit(void(float32[::1], float32[::1], float32[::1]), cache=True, fastmath=FAST)
def turn(vector: Float32Array, cosines: Float32Array, sines: Float32Array) -> None:
    """Turn the pairs of a head in place: `playground.core.rope.rotate`."""
    # Of slices an index is known to be in them, so that loops take many numbers at once.
    half = len(cosines) // 2
    left, right = vector[:half], vector[half : 2 * half]
    right_cosines, right_sines = cosines[half:], sines[half:]
    for place in range(half):
        x, y = left[place], right[place]
        left[place] = x * cosines[place] - y * sines[place]
        right[place] = y * right_cosines[place] + x * right_sines[place]


# NumPy's division: Python's looks for zeros one by one.
@njit(void(float32[::1], int64, float32[::1]), cache=True, fastmath=FAST, error_model="numpy")
def gate(gate_up: Float32Array, bend: int, gated: Float32Array) -> None:
    """Bend the first half of a row and multiply it by the second.

    `silu` and `gelu_tanh` of `playground.core.activations`, and ``gated *= gate_up[:, width:]`` of
    `playground.core.transformer`.
    """
    gates, ups = gate_up[: len(gated)], gate_up[len(gated) :]
    if bend == SILU:
        for place in range(len(gated)):
            x = gates[place]
            gated[place] = x / (ONE + exp_of(-x)) * ups[place]
    else:
        for place in range(len(gated)):
            x = gates[place]
            near = min(max(x, -MOST), MOST)
            twice = TWO * ROOT * near * (ONE + CUBE * near * near)
            gated[place] = x / (ONE + exp_of(-twice)) * ups[place]


@njit(void(float32[::1]), cache=True, fastmath=FAST)
def softmax_in_place(scores: Float32Array) -> None:
    """Turn scores into weights: `playground.core.functional.softmax`."""
    # As whole numbers, which are in the order of the floats, and NaN is above them all.
    largest = np.int32(-(2**31))
    for place in range(len(scores)):
        bits = bits_of_float(scores[place])
        largest = max(largest, bits ^ ((bits >> 31) & MAGNITUDE))
    shift = float_of_bits(largest ^ ((largest >> 31) & MAGNITUDE))
    total = np.float32(0)
    for place in range(len(scores)):
        scores[place] = exp_of(scores[place] - shift)
        total += scores[place]
    for place in range(len(scores)):
        scores[place] /= total


@njit(void(float32[:, ::1], float32[::1], float32, float32[:, ::1]), cache=True, nogil=True)
def normalise_rows(
    x: Float32Array, gain: Float32Array, eps: np.float32, normed: Float32Array
) -> None:
    """Normalise each row of a prompt."""
    for row in range(len(x)):
        normalise(x[row], gain, eps, normed[row])


@njit(
    void(float32[:, :, ::1], int64, float32[:, ::1], float32, float32[:, ::1], float32[:, ::1]),
    cache=True,
    nogil=True,
)
def turn_rows(
    vectors: Float32Array,
    turning: int,
    gains: Float32Array,
    eps: np.float32,
    cosines: Float32Array,
    sines: Float32Array,
) -> None:
    """Normalise, where there are gains, and turn the first heads of each row, in place."""
    for row in range(len(vectors)):
        for head in range(turning):
            if len(gains):
                normalise(vectors[row, head], gains[head], eps, vectors[row, head])
            turn(vectors[row, head], cosines[row], sines[row])


@njit(void(float32[:, ::1], int64, float32[:, ::1]), cache=True, nogil=True)
def gate_rows(gate_up: Float32Array, bend: int, gated: Float32Array) -> None:
    """Gate each row of a prompt."""
    for row in range(len(gate_up)):
        gate(gate_up[row], bend, gated[row])
