"""Encoding and decoding, on hand-worked codes and by exact arguments that need no other library."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.floats import (
    BF16,
    FORMATS,
    FP8_E4M3,
    FP8_E5M2,
    FP16,
    FP32,
    FloatFormat,
    decode,
    encode,
    explain,
    explain_code,
    flip_bit,
    split,
    ulp,
)

any_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
formats = st.sampled_from(FORMATS)


def sampled_codes(fmt: FloatFormat) -> np.ndarray:
    """Return all codes from zero to the largest number; in FP32 some, and both ends."""
    if fmt.bits <= 16:
        return np.arange(fmt.largest_code + 1)
    inner = np.random.default_rng(5).integers(0, fmt.largest_code, 50_000)
    ends = np.arange(1000)
    return np.unique(np.concatenate([inner, ends, fmt.largest_code - ends]))


@pytest.mark.parametrize(
    ("fmt", "value", "code"),
    [
        (FP32, 1.0, 0x3F800000),
        (FP32, 0.1, 0x3DCCCCCD),
        (FP32, -0.0, 0x80000000),
        (FP16, 1.0, 0x3C00),
        (FP16, 65504.0, 0x7BFF),
        (FP16, 65519.99, 0x7BFF),
        (FP16, 65520.0, 0x7C00),  # a tie; the even neighbour is infinity
        (FP16, -math.inf, 0xFC00),
        (FP16, math.nan, 0x7E00),
        (FP16, 2.0**-24, 0x0001),
        (FP16, 2.0**-25, 0x0000),  # a tie; the even neighbour is zero
        (FP16, 3 * 2.0**-25, 0x0002),
        (FP16, 2.0**-14, 0x0400),
        (BF16, 1.0, 0x3F80),
        (BF16, 0.1, 0x3DCD),
        (BF16, 3.4e38, 0x7F80),
        (BF16, -math.nan, 0xFFC0),
        (FP8_E4M3, 448.0, 0x7E),
        (FP8_E4M3, 464.0, 0x7E),  # a tie; 448 is the even neighbour
        (FP8_E4M3, 464.0001, 0x7F),
        (FP8_E4M3, math.inf, 0x7F),
        (FP8_E4M3, -math.inf, 0xFF),
        (FP8_E4M3, math.nan, 0x7F),
        (FP8_E4M3, 1.0, 0x38),
        (FP8_E4M3, 2.0**-9, 0x01),
        (FP8_E5M2, 57344.0, 0x7B),
        (FP8_E5M2, 61440.0, 0x7C),
        (FP8_E5M2, math.nan, 0x7E),
    ],
)
def test_encode_gives_the_code_worked_by_hand(fmt: FloatFormat, value: float, code: int) -> None:
    codes = encode([value], fmt)
    assert codes.dtype == fmt.code_dtype
    assert hex(codes[0]) == hex(code)


@pytest.mark.parametrize(
    ("fmt", "largest", "smallest_normal", "smallest_subnormal", "epsilon", "digits"),
    [
        (FP32, (2 - 2**-23) * 2.0**127, 2.0**-126, 2.0**-149, 2.0**-23, 7.22),
        (FP16, 65504.0, 2.0**-14, 2.0**-24, 2.0**-10, 3.31),
        (BF16, (2 - 2**-7) * 2.0**127, 2.0**-126, 2.0**-133, 2.0**-7, 2.41),
        (FP8_E4M3, 448.0, 2.0**-6, 2.0**-9, 2.0**-3, 1.20),
        (FP8_E5M2, 57344.0, 2.0**-14, 2.0**-16, 2.0**-2, 0.90),
    ],
)
def test_format_knows_its_limits(
    fmt: FloatFormat,
    largest: float,
    smallest_normal: float,
    smallest_subnormal: float,
    epsilon: float,
    digits: float,
) -> None:
    assert fmt.largest == largest
    assert fmt.smallest_normal == smallest_normal
    assert fmt.smallest_subnormal == smallest_subnormal
    assert fmt.epsilon == epsilon
    assert fmt.decimal_digits == pytest.approx(digits, abs=0.005)


@any_format
def test_ties_go_to_the_even_code_and_neighbours_of_ties_to_the_nearer(fmt: FloatFormat) -> None:
    """Float64 holds each midpoint exactly, so the right code is known without a reference.

    The neighbours of a midpoint also show that nothing is rounded twice: by way of float32 they
    would become the tie itself.
    """
    lower = sampled_codes(fmt)
    below = decode(lower, fmt)
    above = below + ulp(below, fmt)  # past the largest number: where the next one would be
    middle = (below + above) / 2
    np.testing.assert_array_equal(encode(middle, fmt), lower + lower % 2)
    np.testing.assert_array_equal(encode(np.nextafter(middle, np.inf), fmt), lower + 1)
    np.testing.assert_array_equal(encode(np.nextafter(middle, 0.0), fmt), lower)
    sign = 1 << (fmt.bits - 1)
    np.testing.assert_array_equal(encode(-middle, fmt), sign + lower + lower % 2)


@any_format
def test_every_finite_code_survives_decode_and_encode(fmt: FloatFormat) -> None:
    codes = sampled_codes(fmt)
    signed = np.concatenate([codes, codes + (1 << (fmt.bits - 1))])
    np.testing.assert_array_equal(encode(decode(signed, fmt), fmt), signed)


@any_format
def test_values_rise_with_codes(fmt: FloatFormat) -> None:
    codes = sampled_codes(fmt)
    assert (np.diff(decode(codes, fmt)) > 0).all()


@any_format
def test_codes_past_the_largest_number_are_infinity_and_nan(fmt: FloatFormat) -> None:
    past = np.arange(fmt.largest_code + 1, 2 ** (fmt.bits - 1))[:2000]
    infinities = 1 if fmt.has_infinity else 0
    for sign in (0, 1):
        values = decode(past + (sign << (fmt.bits - 1)), fmt)
        assert np.isinf(values[:infinities]).all()
        assert np.isnan(values[infinities:]).all()
        assert (np.signbit(values) == sign).all()


@given(st.floats(), formats)
def test_encode_is_odd_and_never_further_than_half_an_ulp(value: float, fmt: FloatFormat) -> None:
    code = int(encode(value, fmt))
    assert int(encode(-value, fmt)) == code ^ (1 << (fmt.bits - 1))
    stored = float(decode(code, fmt))
    if math.isfinite(stored):
        gap = Fraction(float(ulp(value, fmt)))
        assert abs(Fraction(stored) - Fraction(value)) <= gap / 2


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_encode_keeps_the_order(first: float, second: float) -> None:
    low, high = sorted([first, second])
    for fmt in (FP32, FP16, BF16, FP8_E5M2):
        assert decode(encode(low, fmt), fmt) <= decode(encode(high, fmt), fmt)


def test_encode_and_decode_keep_shape_and_input() -> None:
    values = np.array([[0.1, -np.inf, np.nan], [1e-9, 7e4, -0.0]], dtype=np.float32)
    before = values.copy()
    codes = encode(values, FP16)
    assert codes.shape == decode(codes, FP16).shape == values.shape
    np.testing.assert_array_equal(values, before)
    assert encode([], FP16).shape == decode([], FP16).shape == (0,)


def test_encode_takes_a_signaling_nan_without_a_warning() -> None:
    narrow = np.array([0xFFA12345], dtype=np.uint32).view(np.float32)
    wide = np.array([0xFFF0000000000001], dtype=np.uint64).view(np.float64)
    assert encode(narrow, BF16)[0] == encode(wide, BF16)[0] == 0xFFC0


@given(st.integers(0, 2**32 - 1), formats)
def test_fields_join_to_the_code(pattern: int, fmt: FloatFormat) -> None:
    code = pattern % 2**fmt.bits
    fields = split(code, fmt)
    joined = (int(fields.sign) << fmt.exponent_bits) + int(fields.exponent)
    assert (joined << fmt.mantissa_bits) + int(fields.mantissa) == code


@given(st.integers(0, 2**32 - 1), formats)
def test_anatomy_multiplies_out_to_the_value(pattern: int, fmt: FloatFormat) -> None:
    code = pattern % 2**fmt.bits
    anatomy = explain_code(code, fmt)
    assert int(anatomy.bits.replace(" ", ""), 2) == anatomy.code == code
    assert [len(part) for part in anatomy.bits.split()] == [
        1,
        fmt.exponent_bits,
        fmt.mantissa_bits,
    ]
    product = (-1) ** anatomy.sign * 2.0**anatomy.exponent * anatomy.significand
    np.testing.assert_array_equal(product, anatomy.value)
    np.testing.assert_array_equal(anatomy.value, decode(code, fmt))


def test_anatomy_names_the_special_numbers() -> None:
    kinds = {
        name: (a.is_subnormal, a.is_infinite, a.is_nan)
        for name, a in {
            "zero": explain(0.0, FP16),
            "one": explain(1.0, FP16),
            "subnormal": explain(2.0**-20, FP16),
            "infinity": explain(1e9, FP16),
            "nan": explain(math.nan, FP16),
            "no infinity here": explain(1e9, FP8_E4M3),
            "top exponent, yet a number": explain(448.0, FP8_E4M3),
        }.items()
    }
    assert kinds == {
        "zero": (False, False, False),
        "one": (False, False, False),
        "subnormal": (True, False, False),
        "infinity": (False, True, False),
        "nan": (False, False, True),
        "no infinity here": (False, False, True),
        "top exponent, yet a number": (False, False, False),
    }


def test_ulp_at_the_edges() -> None:
    np.testing.assert_array_equal(
        ulp([0.0, 2.0**-14, 1.0, 2047.9, 65504.0, -3.0, 7e4, np.inf, np.nan], FP16),
        [2.0**-24, 2.0**-24, 2.0**-10, 2, 32, 2.0**-9, np.nan, np.nan, np.nan],
    )


@given(st.integers(0, 2**32 - 1), formats, st.data())
def test_flipping_a_bit_twice_gives_the_code_back(
    pattern: int, fmt: FloatFormat, data: st.DataObject
) -> None:
    code = pattern % 2**fmt.bits
    bit = data.draw(st.integers(0, fmt.bits - 1))
    flipped = flip_bit(code, bit, fmt)
    assert int(flipped) - code == (-1 if code >> bit & 1 else 1) << bit
    assert flip_bit(flipped, bit, fmt) == code


@pytest.mark.parametrize("bit", [-1, 8])
def test_flip_bit_names_the_bits_there_are(bit: int) -> None:
    with pytest.raises(ValueError, match=rf"FP8 E4M3 must be from 0 to 7, got {bit}$"):
        flip_bit(0, bit, FP8_E4M3)


@pytest.mark.parametrize("code", [-1, 256, 0.5])
def test_a_code_that_does_not_fit_is_refused(code: float) -> None:
    for function in (decode, split, lambda codes, fmt: flip_bit(codes, 0, fmt)):
        with pytest.raises(ValueError, match=rf"whole number from 0 to 255, got {code}$"):
            function([code], FP8_E5M2)
