"""Store weights in few bits: a small whole number each, and one scale for many.

Every scheme here cuts the array into *blocks* whose numbers share a scale, in row-major order:

- the whole array is one block (per tensor) when `block_size` is left out,
- a row is a block (row-wise) when `block_size` is the length of a row,
- any other size is block-wise; the last block may be short.

Small blocks keep an outlier's harm to themselves and cost more scales. In a block of zeros every
number comes back as 0. So it does where the magnitudes are so small that the factor onto the codes
would overflow (below about 1e-36 in float32, 1e-306 in float64).

Arithmetic runs in the dtype of the input, in float32 at least. Input arrays are never changed.

Sources: Jacob et al., 2018, arXiv:1712.05877 (zero-point, training through it); Dettmers et al.,
2022, arXiv:2208.07339 (LLM.int8, row-wise); Dettmers et al., 2023, arXiv:2305.14314 (NF4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from playground.core.functional import FloatArray

# The 16 levels of NormalFloat4: quantiles of a normal distribution, scaled into [-1, 1], with an
# exact zero. As in appendix E of Dettmers et al., 2023.
NF4_LEVELS = (
    -1.0,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0.0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1.0,
)


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class AbsmaxQuantized:
    """Signed codes around zero, and the largest magnitude of each block."""

    codes: NDArray[np.int8]  # in the shape of the input
    absmax: FloatArray  # (blocks,)
    bits: int
    block_size: int

    @property
    def scale(self) -> FloatArray:
        """The step between two codes, a block: absmax / (2^(bits-1) - 1)."""
        return self.absmax / self.absmax.dtype.type(_largest_code(self.bits))

    def dequantize(self) -> FloatArray:
        """Return the numbers that the codes stand for: x = q / (2^(bits-1) - 1) * absmax."""
        fractions = self.codes / self.absmax.dtype.type(_largest_code(self.bits))
        values: FloatArray = fractions * _spread(self.absmax, fractions.shape, self.block_size)
        return values


@dataclass(frozen=True, eq=False)
class ZeroPointQuantized:
    """Unsigned codes, and for each block a step and the code that stands for 0."""

    codes: NDArray[np.uint8]  # in the shape of the input
    scale: FloatArray  # (blocks,)
    zero_point: NDArray[np.int32]  # (blocks,)
    block_size: int

    def dequantize(self) -> FloatArray:
        """Return the numbers that the codes stand for: x = (q - zero_point) * scale."""
        shape = self.codes.shape
        steps = self.codes - _spread(self.zero_point, shape, self.block_size)
        scale = _spread(self.scale, shape, self.block_size)
        values: FloatArray = steps.astype(scale.dtype) * scale
        return values


@dataclass(frozen=True, eq=False)
class NF4Quantized:
    """Codes 0 to 15 that point into `NF4_LEVELS`, and the largest magnitude of each block."""

    codes: NDArray[np.uint8]  # in the shape of the input, one code a byte
    absmax: FloatArray  # (blocks,)
    block_size: int

    def dequantize(self) -> FloatArray:
        """Return the numbers that the codes stand for: x = NF4_LEVELS[q] * absmax."""
        levels = np.array(NF4_LEVELS, dtype=self.absmax.dtype)
        values: FloatArray = levels[self.codes] * _spread(
            self.absmax, self.codes.shape, self.block_size
        )
        return values


@dataclass(frozen=True)
class ErrorReport:
    """How far restored numbers lie from the original ones."""

    max_abs: float
    mean_square: float
    snr_db: float  # signal-to-noise ratio; infinite when nothing was lost


def quantize_absmax(
    values: ArrayLike, bits: int = 8, block_size: int | None = None
) -> AbsmaxQuantized:
    """Quantize around zero: q = round(x * m / absmax), m = 2^(bits-1) - 1, ties to even.

    Codes run from -m to m; the code -m - 1 stays unused, so that both signs get the same levels.

    Parameters
    ----------
    values : array of any shape
        Finite numbers.
    bits : int
        2 to 8.
    block_size : int, optional
        How many numbers share a scale; left out, all do.

    Raises
    ------
    ValueError
        `bits` or `block_size` is outside its rule, or a value is not finite.

    Examples
    --------
    >>> stored = quantize_absmax(np.array([0.1, -3.2]), bits=8)
    >>> stored.codes
    array([   4, -127], dtype=int8)
    >>> stored.dequantize().round(4)
    array([ 0.1008, -3.2   ])
    """
    _check_bits(bits)
    numbers, block_size = _checked(values, block_size)
    absmax = _reduce_blocks(np.maximum, np.abs(numbers), block_size)
    factor = _safe_divide(_largest_code(bits), absmax)
    codes = np.rint(numbers * _spread(factor, numbers.shape, block_size)).astype(np.int8)
    return AbsmaxQuantized(codes, absmax, bits, block_size)


def quantize_int8_rows(values: ArrayLike) -> AbsmaxQuantized:
    """Quantize each row to 8 bits as bitsandbytes' LLM.int8() does: absmax, in float32.

    Parameters
    ----------
    values : array of shape (..., n)
        Finite numbers; each row of n gets its own scale.

    Examples
    --------
    >>> quantize_int8_rows(np.array([[0.1, -3.2], [0.1, 0.2]])).codes
    array([[   4, -127],
           [  64,  127]], dtype=int8)
    """
    rows = np.atleast_1d(np.asarray(values, dtype=np.float32))
    return quantize_absmax(rows, bits=8, block_size=rows.shape[-1])


def quantize_zero_point(
    values: ArrayLike, bits: int = 8, block_size: int | None = None
) -> ZeroPointQuantized:
    """Quantize between smallest and largest: q = round(x / scale) + zero_point, ties to even.

    scale = (max - min) / (2^bits - 1) and zero_point = round(-min / scale). The range is widened
    to hold 0, so that 0 is stored without error. Numbers that lie on one side of zero get all the
    codes, where absmax leaves half of them unused.

    Parameters
    ----------
    values : array of any shape
        Finite numbers.
    bits : int
        2 to 8.
    block_size : int, optional
        How many numbers share scale and zero point; left out, all do.

    Raises
    ------
    ValueError
        `bits` or `block_size` is outside its rule, or a value is not finite.

    Examples
    --------
    >>> stored = quantize_zero_point(np.array([-1.0, 0.0, 2.0]), bits=4)
    >>> stored.codes, stored.zero_point
    (array([ 0,  5, 15], dtype=uint8), array([5], dtype=int32))
    >>> stored.dequantize()
    array([-1.,  0.,  2.])
    """
    _check_bits(bits)
    numbers, block_size = _checked(values, block_size)
    low = np.minimum(_reduce_blocks(np.minimum, numbers, block_size), 0)
    high = np.maximum(_reduce_blocks(np.maximum, numbers, block_size), 0)
    top = 2**bits - 1
    scale = high / top - low / top  # each divided first: the difference itself can overflow
    factor = _safe_divide(1, scale)
    zero_point = np.rint(-low * factor).astype(np.int32)
    steps = np.rint(numbers * _spread(factor, numbers.shape, block_size))
    codes = np.clip(steps + _spread(zero_point, numbers.shape, block_size), 0, top)
    return ZeroPointQuantized(codes.astype(np.uint8), scale, zero_point, block_size)


def quantize_nf4(values: ArrayLike, block_size: int = 64) -> NF4Quantized:
    """Quantize to 4 bits with levels where weights are: the nearest NF4 level to x / absmax.

    Trained weights are about normally distributed, so the levels lie close together around zero
    and far apart at the ends. Half way between two levels, the lower one is taken.

    Parameters
    ----------
    values : array of any shape
        Finite numbers.
    block_size : int
        How many numbers share a scale.

    Raises
    ------
    ValueError
        `block_size` is outside its rule, or a value is not finite.

    Examples
    --------
    >>> stored = quantize_nf4(np.array([0.1, -3.2, 1.0]))
    >>> stored.codes, stored.dequantize().round(4)
    (array([ 7,  0, 11], dtype=uint8), array([ 0.    , -3.2   ,  1.0813]))
    """
    numbers, block_size = _checked(values, block_size)
    absmax = _reduce_blocks(np.maximum, np.abs(numbers), block_size)
    fractions = numbers * _spread(_safe_divide(1, absmax), numbers.shape, block_size)
    levels = np.array(NF4_LEVELS, dtype=numbers.dtype)
    midpoints = (levels[:-1] + levels[1:]) / 2
    codes = np.searchsorted(midpoints, fractions, side="left").astype(np.uint8)
    return NF4Quantized(codes, absmax, block_size)


def fake_quantize(values: ArrayLike, bits: int = 8, block_size: int | None = None) -> FloatArray:
    """Round numbers to what absmax quantization would leave of them, and keep them as floats.

    Training that shall survive quantization computes with these, and passes the gradient straight
    through to the unrounded weights, as if the rounding were not there (Bengio et al., 2013,
    arXiv:1308.3432).

    Examples
    --------
    >>> fake_quantize(np.array([0.1, 0.6, -1.0]), bits=2)
    array([ 0.,  1., -1.])
    """
    return quantize_absmax(values, bits, block_size).dequantize()


def quantization_error(original: ArrayLike, restored: ArrayLike) -> ErrorReport:
    """Compare restored numbers with the original: SNR = 10 log10(mean x^2 / mean (x - y)^2).

    Six decibels are about one bit. Computed in float64.

    Raises
    ------
    ValueError
        The shapes differ.

    Examples
    --------
    >>> weights = np.array([0.1, -3.2])
    >>> round(quantization_error(weights, fake_quantize(weights)).max_abs, 4)
    0.0008
    """
    before, after = np.asarray(original, dtype=float), np.asarray(restored, dtype=float)
    if before.shape != after.shape:
        raise ValueError(
            f"original and restored must have the same shape, got {before.shape} and {after.shape}"
        )
    error = before - after
    noise = float(np.mean(error**2))
    signal = float(np.mean(before**2))
    with np.errstate(divide="ignore"):
        snr_db = 10 * (np.log10(signal) - np.log10(noise)) if noise else np.inf
    return ErrorReport(float(np.abs(error).max()), noise, float(snr_db))


def _largest_code(bits: int) -> int:
    return int(2 ** (bits - 1) - 1)


def _check_bits(bits: int) -> None:
    if bits not in range(2, 9):
        raise ValueError(f"bits must be a whole number from 2 to 8, got {bits}")


def _checked(values: ArrayLike, block_size: int | None) -> tuple[FloatArray, int]:
    """Return the values as floats, and how many of them share a scale."""
    array = np.asarray(values)
    numbers = array.astype(np.result_type(array, np.float32))
    if numbers.size == 0:
        raise ValueError("values must hold at least one number, got an empty array")
    finite = np.isfinite(numbers)
    if not finite.all():
        raise ValueError(f"values must be finite, got {numbers[~finite].flat[0]}")
    if block_size is None:
        return numbers, numbers.size
    if block_size < 1:
        raise ValueError(f"block_size must be 1 or more, got {block_size}")
    return numbers, min(block_size, numbers.size)


def _reduce_blocks(reduction: np.ufunc, numbers: FloatArray, block_size: int) -> FloatArray:
    """Reduce each block to one number: shape (blocks,)."""
    starts = np.arange(0, numbers.size, block_size)
    reduced: FloatArray = reduction.reduceat(numbers.reshape(-1), starts)
    return reduced


def _spread(per_block: NDArray[Any], shape: tuple[int, ...], block_size: int) -> NDArray[Any]:
    """Repeat each block's number for all members of the block: the given shape."""
    size = math.prod(shape)
    return np.repeat(per_block, block_size)[:size].reshape(shape)


def _safe_divide(numerator: float, per_block: FloatArray) -> FloatArray:
    """Divide, but give 0 where the quotient is not finite: such a block is stored as zeros."""
    with np.errstate(divide="ignore", over="ignore"):
        # In two steps, as torch does it, so that codes equal bitsandbytes' even at ties.
        quotient = per_block.dtype.type(numerator) * np.reciprocal(per_block)
    return np.where(np.isfinite(quotient), quotient, 0).astype(per_block.dtype)
