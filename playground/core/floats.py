"""How a computer stores a number in few bits: sign, exponent and mantissa.

A floating-point number is scientific notation in base 2: (-1)^sign x 2^exponent x significand. The
exponent's bits buy range, the mantissa's bits buy precision. FP16 and BF16 both take 16 bits: BF16
spends more of them on the exponent, so it reaches further and is coarser (see `FloatFormat`).

A *code* is the stored bit pattern read as an unsigned integer. Among positive numbers, one code up
is the next number up: zero comes first, then the subnormal ones, at the end infinity and NaN.

Sources: IEEE 754-2019 (FP32, FP16); Kalamkar et al., 2019, arXiv:1905.12322 (BF16); Micikevicius
et al., 2022, arXiv:2209.05433 (FP8).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

CodeArray = NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class FloatFormat:
    """How the bits of a number are shared out.

    Parameters
    ----------
    name : str
        What the field calls it.
    exponent_bits, mantissa_bits : int
        Width of the two fields; one more bit holds the sign.
    has_infinity : bool
        Whether the highest exponent is kept for infinity and NaN. If not, it holds ordinary
        numbers, and only the pattern of all ones is NaN (the "fn" of ``float8_e4m3fn``).

    Examples
    --------
    BF16 has more range than FP16, and less precision:

    >>> f"{FP16.largest:.3g}, {BF16.largest:.3g}"
    '6.55e+04, 3.39e+38'
    >>> FP16.epsilon, BF16.epsilon
    (0.0009765625, 0.0078125)
    """

    name: str
    exponent_bits: int
    mantissa_bits: int
    has_infinity: bool = True

    @property
    def bits(self) -> int:
        """Width of a code: sign, exponent and mantissa."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def bias(self) -> int:
        """What is added to an exponent before it is stored, so that it is never negative."""
        return int(2 ** (self.exponent_bits - 1) - 1)

    @property
    def min_exponent(self) -> int:
        """Exponent of the smallest normal number and of all subnormal ones."""
        return 1 - self.bias

    @property
    def code_dtype(self) -> np.dtype[np.unsignedinteger]:
        """The unsigned integer that holds a code."""
        return np.dtype(f"u{self.bits // 8}")

    @property
    def largest_code(self) -> int:
        """Code of the largest number. The next one is infinity, or NaN where there is none."""
        if self.has_infinity:
            return int((2**self.exponent_bits - 1) << self.mantissa_bits) - 1
        return int(2 ** (self.bits - 1)) - 2

    @property
    def nan_code(self) -> int:
        """Code of the NaN that `encode` writes."""
        if self.has_infinity:
            return self.largest_code + 1 + (1 << (self.mantissa_bits - 1))
        return self.largest_code + 1

    @cached_property
    def largest(self) -> float:
        """The largest finite number."""
        return float(decode(self.largest_code, self))

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number with a full significand."""
        return 2.0**self.min_exponent

    @property
    def smallest_subnormal(self) -> float:
        """The smallest positive number."""
        return 2.0 ** (self.min_exponent - self.mantissa_bits)

    @property
    def epsilon(self) -> float:
        """The gap between 1 and the next larger number."""
        return 2.0**-self.mantissa_bits

    @property
    def decimal_digits(self) -> float:
        """How many decimal digits the significand is worth: (mantissa_bits + 1) x log10 2."""
        return (self.mantissa_bits + 1) * math.log10(2)


FP32 = FloatFormat("FP32", exponent_bits=8, mantissa_bits=23)
FP16 = FloatFormat("FP16", exponent_bits=5, mantissa_bits=10)
BF16 = FloatFormat("BF16", exponent_bits=8, mantissa_bits=7)
FP8_E4M3 = FloatFormat("FP8 E4M3", exponent_bits=4, mantissa_bits=3, has_infinity=False)
FP8_E5M2 = FloatFormat("FP8 E5M2", exponent_bits=5, mantissa_bits=2)
FORMATS = (FP32, FP16, BF16, FP8_E4M3, FP8_E5M2)


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Fields:
    """The three fields of codes, as stored: the exponent still carries its bias."""

    sign: CodeArray
    exponent: CodeArray
    mantissa: CodeArray


@dataclass(frozen=True)
class Anatomy:
    """One stored number taken apart: value = (-1)^sign x 2^exponent x significand.

    The significand is 1.mantissa for a normal number, 0.mantissa for a subnormal one and for zero;
    for infinity and NaN it is the same as the value's magnitude, so that the formula still holds.
    """

    value: float
    code: int
    bits: str  # sign, exponent and mantissa with a space between
    sign: int
    exponent: int  # without the bias
    significand: float
    is_subnormal: bool
    is_infinite: bool
    is_nan: bool


def encode(values: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Store numbers in a format: the nearest one it has, ties to the even mantissa.

    The rounding is done once, from float64. What rounds beyond the largest number becomes
    infinity, or NaN in a format without infinity. Signs are kept, that of zero and of NaN too.

    Parameters
    ----------
    values : array of numbers
        Float64, or anything that float64 holds exactly.
    fmt : FloatFormat
        The format to store them in.

    Returns
    -------
    array of unsigned integers
        The codes, in the shape of `values`.

    Examples
    --------
    >>> [hex(code) for code in encode([1.0, -2.0, 0.1], FP16)]
    ['0x3c00', '0xc000', '0x2e66']
    """
    with np.errstate(invalid="ignore"):  # widening a signaling float32 NaN warns
        numbers = np.asarray(values, dtype=np.float64)
    # Infinity becomes a number that overflows below; NaN gets its code there.
    magnitude = np.where(np.isnan(numbers), 0.0, np.minimum(np.abs(numbers), 2 * fmt.largest))
    exponent = _exponent(magnitude, fmt)
    # Scaling by a power of two is exact; only `rint` rounds, half to even.
    steps = np.rint(np.ldexp(magnitude, fmt.mantissa_bits - exponent)).astype(np.int64)
    # A carry out of the mantissa runs into the exponent, which is just what it should do.
    codes = steps + ((exponent.astype(np.int64) - fmt.min_exponent) << fmt.mantissa_bits)
    codes = np.minimum(codes, fmt.largest_code + 1)
    codes = np.where(np.isnan(numbers), fmt.nan_code, codes)
    sign = np.signbit(numbers).astype(np.int64) << (fmt.bits - 1)
    return (sign | codes).astype(fmt.code_dtype)


def decode(codes: ArrayLike, fmt: FloatFormat) -> NDArray[np.float64]:
    """Return the numbers that codes stand for; float64 holds them exactly.

    Normal: (-1)^s x 2^(e - bias) x 1.m; subnormal (e = 0): (-1)^s x 2^(1 - bias) x 0.m.

    Examples
    --------
    >>> decode([0x3C00, 0xC000, 0x2E66], FP16).round(6)
    array([ 1.      , -2.      ,  0.099976])
    """
    return _value(split(codes, fmt), fmt)


def split(codes: ArrayLike, fmt: FloatFormat) -> Fields:
    """Cut codes into sign, stored exponent and mantissa.

    Raises
    ------
    ValueError
        A code is no whole number or does not fit the format.

    Examples
    --------
    >>> fields = split(0x2E66, FP16)
    >>> int(fields.sign), int(fields.exponent), int(fields.mantissa)
    (0, 11, 614)
    """
    patterns = _checked_codes(codes, fmt)
    return Fields(
        sign=patterns >> fmt.code_dtype.type(fmt.bits - 1),
        exponent=(patterns >> fmt.mantissa_bits) & (2**fmt.exponent_bits - 1),
        mantissa=patterns & (2**fmt.mantissa_bits - 1),
    )


def explain(value: float, fmt: FloatFormat) -> Anatomy:
    """Store one number and take apart what is stored.

    Examples
    --------
    >>> tenth = explain(0.1, BF16)
    >>> tenth.bits, tenth.exponent, tenth.significand, tenth.value
    ('0 01111011 1001101', -4, 1.6015625, 0.10009765625)
    """
    return explain_code(int(encode(value, fmt)), fmt)


def explain_code(code: int, fmt: FloatFormat) -> Anatomy:
    """Take apart the one number that a code stands for.

    Examples
    --------
    >>> smallest = explain_code(1, FP8_E4M3)
    >>> smallest.is_subnormal, smallest.exponent, smallest.significand, smallest.value
    (True, -6, 0.125, 0.001953125)
    """
    fields = split(code, fmt)
    sign, stored, mantissa = int(fields.sign), int(fields.exponent), int(fields.mantissa)
    value = float(_value(fields, fmt))
    significand = min(stored, 1) + mantissa / 2**fmt.mantissa_bits
    return Anatomy(
        value=value,
        code=code,
        bits=f"{sign} {stored:0{fmt.exponent_bits}b} {mantissa:0{fmt.mantissa_bits}b}",
        sign=sign,
        exponent=max(stored, 1) - fmt.bias,
        significand=significand if math.isfinite(value) else abs(value),
        is_subnormal=stored == 0 and mantissa > 0,
        is_infinite=math.isinf(value),
        is_nan=math.isnan(value),
    )


def ulp(values: ArrayLike, fmt: FloatFormat) -> NDArray[np.float64]:
    """Return the unit in the last place: the gap from a stored number to the next larger one.

    ulp = 2^(exponent - mantissa_bits). Storing a number moves it by half of that at most.

    Returns
    -------
    array of float64
        In the shape of `values`; NaN where the format stores infinity or NaN.

    Examples
    --------
    >>> ulp([1.0, 1000.0], FP16)
    array([0.00097656, 0.5       ])
    """
    magnitude = np.abs(decode(encode(values, fmt), fmt))
    gaps = np.ldexp(1.0, _exponent(magnitude, fmt) - fmt.mantissa_bits)
    return np.where(np.isfinite(magnitude), gaps, np.nan)


def flip_bit(codes: ArrayLike, bit: int, fmt: FloatFormat) -> CodeArray:
    """Turn one bit of each code over; bit 0 is the mantissa's last, the highest is the sign.

    Raises
    ------
    ValueError
        The format has no such bit, or a code does not fit it.

    Examples
    --------
    The highest exponent bit of 0.1 makes it large:

    >>> float(decode(flip_bit(0x2E66, 14, FP16), FP16))
    6552.0
    """
    if bit not in range(fmt.bits):
        raise ValueError(f"a bit of {fmt.name} must be from 0 to {fmt.bits - 1}, got {bit}")
    return _checked_codes(codes, fmt) ^ fmt.code_dtype.type(1 << bit)


def _value(fields: Fields, fmt: FloatFormat) -> NDArray[np.float64]:
    """Return the numbers that fields stand for (see `decode`)."""
    hidden_one = np.where(fields.exponent > 0, 2.0**fmt.mantissa_bits, 0.0)
    exponent = np.maximum(fields.exponent, 1).astype(np.int32) - fmt.bias - fmt.mantissa_bits
    magnitude = np.ldexp(hidden_one + fields.mantissa, exponent)
    unsigned = (fields.exponent.astype(np.int64) << fmt.mantissa_bits) | fields.mantissa
    magnitude = np.where(unsigned > fmt.largest_code, np.nan, magnitude)
    if fmt.has_infinity:
        magnitude = np.where(unsigned == fmt.largest_code + 1, np.inf, magnitude)
    return np.where(fields.sign == 1, -magnitude, magnitude)


def _exponent(magnitude: NDArray[np.float64], fmt: FloatFormat) -> NDArray[np.int32]:
    """Return e with 2^e <= magnitude < 2^(e+1), but no less than the format's smallest."""
    # `frexp` puts its fraction into [0.5, 1): one more than the exponent meant here.
    return np.frexp(np.maximum(magnitude, fmt.smallest_normal))[1] - 1


def _checked_codes(codes: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return codes in the format's integer type, or say which one does not fit."""
    patterns = np.asarray(codes)
    top = 2**fmt.bits - 1
    wrong = (patterns < 0) | (patterns > top) | (patterns.dtype.kind not in "iu")
    if wrong.any():
        got = patterns[wrong].flat[0]
        raise ValueError(f"a code of {fmt.name} must be a whole number from 0 to {top}, got {got}")
    return patterns.astype(fmt.code_dtype)
