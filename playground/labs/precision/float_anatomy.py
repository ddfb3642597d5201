"""One number in five formats: what each stores of it, and what is lost on the way.

The number itself is held in float64, which is finer than all five. Errors are differences to that
number: between it and its nearest neighbour in a format the difference is exact in float64.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from playground.core.floats import (
    FORMATS,
    Anatomy,
    FloatFormat,
    explain,
    explain_code,
    flip_bit,
)
from playground.core.quantization import quantization_error, quantize_absmax
from playground.errors import OptionError
from playground.sentences import quoted

# A format and a code of it.
Pattern = tuple[FloatFormat, int]

# What became of the number: kept as it is, moved to a neighbour, below the format's smallest, or
# beyond its largest (so is an infinity where there is none).
Fate = Literal["exact", "rounded", "vanished", "overflowed"]

_DECIMAL = re.compile(
    r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True)
class Stored:
    """What one format holds of a number."""

    format: FloatFormat
    anatomy: Anatomy
    fate: Fate
    absolute_error: float  # NaN where a number became NaN
    relative_error: float  # the share of the number that was lost; 0 if nothing was
    gap: float  # to the next larger number; NaN at infinity and NaN


@dataclass(frozen=True)
class NotesExample:
    """One weight through 8-bit absmax quantization and back."""

    weight: float
    absmax: float
    levels: int  # the largest code
    scaled: float  # weight x levels / absmax, before it is rounded
    code: int
    restored: float
    error: float


def parse_number(text: str) -> float:
    """Read what a person typed: a decimal, ``inf`` or ``nan``, each with or without a sign.

    Raises
    ------
    OptionError
        The text is none of these, or float64 cannot hold the number.

    Examples
    --------
    >>> parse_number(" 1e-8 "), parse_number("-0"), parse_number("-inf")
    (1e-08, -0.0, -inf)
    >>> parse_number("abc")
    Traceback (most recent call last):
        ...
    playground.errors.OptionError: `number` must be a decimal such as 0.1, 1e-8, inf or nan, \
got 'abc'.
    """
    word = text.strip()
    if not _DECIMAL.fullmatch(word):
        got = repr(word) if word else "nothing"
        raise OptionError(f"`number` must be a decimal such as 0.1, 1e-8, inf or nan, got {got}.")
    number = float(word)
    if _is_beyond_float64(word.lower(), number):
        raise OptionError(
            "`number` must be 0 or between 5e-324 and 1.8e308 in size, what float64 holds, got "
            f"{quoted(word)}."
        )
    return number


def spell(number: float) -> str:
    """Write a number as a person would type it, so that reading it gives the very same number.

    Examples
    --------
    >>> spell(65504.0), spell(-0.0), spell(0.1), spell(math.inf), spell(-math.nan)
    ('65504', '-0', '0.1', 'inf', '-nan')
    """
    if math.isnan(number):  # Python writes NaN without its sign
        return "-nan" if math.copysign(1, number) < 0 else "nan"
    return repr(number).removesuffix(".0")


def take_apart(number: float, kept: Pattern | None = None) -> tuple[Stored, ...]:
    """Store a number in every format, and take apart what is stored.

    Parameters
    ----------
    number : float
        Any number, infinity and NaN too.
    kept : (FloatFormat, int), optional
        A format and its code to show as it stands. NaN has many codes: the one that a flipped bit
        gave would otherwise be replaced by the usual one.

    Returns
    -------
    tuple of Stored
        In the order of `FORMATS`.

    Examples
    --------
    >>> for stored in take_apart(65520.0):
    ...     print(stored.format.name, stored.anatomy.value, stored.fate)
    FP32 65520.0 exact
    FP16 inf overflowed
    BF16 65536.0 rounded
    FP8 E4M3 nan overflowed
    FP8 E5M2 inf overflowed
    """
    return tuple(
        _stored(number, explain_code(kept[1], fmt), fmt)
        if kept and kept[0] == fmt
        else _stored(number, explain(number, fmt), fmt)
        for fmt in FORMATS
    )


def flip(code: int, bit: int, fmt: FloatFormat) -> Anatomy:
    """Turn one bit of a stored number over and take apart what it stands for then.

    Examples
    --------
    The sign, and the highest exponent bit, of 1 in FP16:

    >>> from playground.core.floats import FP16
    >>> flip(0x3C00, 15, FP16).value, flip(0x3C00, 14, FP16).value
    (-1.0, inf)
    """
    return explain_code(int(flip_bit(code, bit, fmt)), fmt)


def notes_example(weight: float = 0.1, absmax: float = 3.2) -> NotesExample:
    """Quantize one weight to 8 bits beside a larger one, and bring it back.

    Examples
    --------
    >>> example = notes_example()
    >>> example.code, round(example.restored, 4), round(example.error, 4)
    (4, 0.1008, 0.0008)
    """
    weights = np.array([weight, absmax])
    quantized = quantize_absmax(weights, bits=8)
    restored = quantized.dequantize()
    levels = int(quantized.codes[1])
    return NotesExample(
        weight=weight,
        absmax=absmax,
        levels=levels,
        scaled=weight * levels / absmax,
        code=int(quantized.codes[0]),
        restored=float(restored[0]),
        error=quantization_error(weights[:1], restored[:1]).max_abs,
    )


def _is_beyond_float64(word: str, number: float) -> bool:
    """Say whether reading a decimal made it infinite, or zero though it has other digits."""
    if math.isinf(number):
        return "inf" not in word
    return number == 0 and any(digit in "123456789" for digit in word.partition("e")[0])


def _stored(number: float, anatomy: Anatomy, fmt: FloatFormat) -> Stored:
    absolute = _absolute_error(number, anatomy.value)
    return Stored(
        format=fmt,
        anatomy=anatomy,
        fate=_fate(number, anatomy.value),
        absolute_error=absolute,
        relative_error=_relative_error(number, absolute),
        gap=_gap(anatomy, fmt),
    )


def _gap(anatomy: Anatomy, fmt: FloatFormat) -> float:
    """Return `playground.core.floats.ulp`, whose exponent is known here already."""
    if not math.isfinite(anatomy.value):
        return math.nan
    return math.ldexp(1.0, anatomy.exponent - fmt.mantissa_bits)


def _is_same(number: float, stored: float) -> bool:
    return number == stored or (math.isnan(number) and math.isnan(stored))


def _fate(number: float, stored: float) -> Fate:
    if _is_same(number, stored):
        return "exact"
    if stored == 0:
        return "vanished"
    return "rounded" if math.isfinite(stored) else "overflowed"


def _absolute_error(number: float, stored: float) -> float:
    # The difference of an infinity to itself would be NaN.
    return 0.0 if _is_same(number, stored) else abs(stored - number)


def _relative_error(number: float, absolute: float) -> float:
    # Nothing is lost of zero, so that it is never divided by.
    return absolute / abs(number) if absolute else 0.0
