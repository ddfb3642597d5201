"""Codes and values equal NumPy's and ml_dtypes' own types, bit for bit.

Casts from float64 to ml_dtypes' types go by way of float32 and round twice, so those types are
compared from float32. That we round float64 once is shown in the unit tests, by exact midpoints.
"""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

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
    ulp,
)
from playground.labs.precision.float_anatomy import flip, take_apart

REFERENCES = {
    FP32: np.float32,
    FP16: np.float16,
    BF16: ml_dtypes.bfloat16,
    FP8_E4M3: ml_dtypes.float8_e4m3fn,
    FP8_E5M2: ml_dtypes.float8_e5m2,
}
any_format = pytest.mark.parametrize(
    ("fmt", "reference"), REFERENCES.items(), ids=lambda item: getattr(item, "name", "")
)


def their_codes(values: np.ndarray, fmt: FloatFormat) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):  # overflow is part of the test
        return values.astype(REFERENCES[fmt]).view(fmt.code_dtype)


def their_values(codes: np.ndarray, fmt: FloatFormat) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # widening a signaling NaN
        return codes.view(REFERENCES[fmt]).astype(np.float64)


def some_codes(fmt: FloatFormat) -> np.ndarray:
    """Return every code, or for FP32 a million of them."""
    if fmt.bits <= 16:
        return np.arange(2**fmt.bits, dtype=fmt.code_dtype)
    return np.random.default_rng(1).integers(0, 2**32, 1_000_000, dtype=np.uint32)


def million_float32(fmt: FloatFormat) -> np.ndarray:
    """Return over a million float32 numbers: any bits, the format's own range, its ties."""
    rng = np.random.default_rng(2)
    any_bits = rng.integers(0, 2**32, 500_000, dtype=np.uint32).view(np.float32)
    any_bits = any_bits[~np.isnan(any_bits)]
    low, high = np.log2(fmt.smallest_subnormal) - 3, np.log2(fmt.largest) + 2
    in_range = 2.0 ** rng.uniform(low, min(high, 127.9), 500_000) * rng.choice([-1, 1], 500_000)
    finite = decode(rng.integers(0, fmt.largest_code, 100_000), fmt)
    ties = (finite + ulp(finite, fmt) / 2).astype(np.float32)
    around = [np.nextafter(ties, np.float32(end)) for end in (-np.inf, np.inf)]
    edges = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan], dtype=np.float32)
    return np.concatenate([any_bits, in_range.astype(np.float32), ties, -ties, *around, edges])


@any_format
def test_decode_equals_the_reference_on_every_code(fmt: FloatFormat, reference: type) -> None:
    codes = some_codes(fmt)
    ours, theirs = decode(codes, fmt), their_values(codes, fmt)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.signbit(ours), np.signbit(theirs))  # of zero and NaN too


@any_format
def test_encode_from_float32_equals_the_reference(fmt: FloatFormat, reference: type) -> None:
    values = million_float32(fmt)
    assert values.size > 1_000_000
    np.testing.assert_array_equal(encode(values, fmt), their_codes(values, fmt))


@pytest.mark.parametrize("fmt", [FP32, FP16], ids=lambda fmt: fmt.name)
def test_encode_from_float64_equals_numpy(fmt: FloatFormat) -> None:
    rng = np.random.default_rng(3)
    any_bits = rng.integers(0, 2**64, 300_000, dtype=np.uint64).view(np.float64)
    low, high = np.log2(fmt.smallest_subnormal) - 3, np.log2(fmt.largest) + 2
    in_range = 2.0 ** rng.uniform(low, high, 500_000) * rng.choice([-1, 1], 500_000)
    finite = decode(rng.integers(0, fmt.largest_code, 100_000), fmt)
    ties = finite + ulp(finite, fmt) / 2
    around = [np.nextafter(ties, end) for end in (-np.inf, np.inf)]
    values = np.concatenate([any_bits[~np.isnan(any_bits)], in_range, ties, -ties, *around])
    assert values.size > 1_000_000
    np.testing.assert_array_equal(encode(values, fmt), their_codes(values, fmt))


@any_format
def test_limits_equal_the_reference(fmt: FloatFormat, reference: type) -> None:
    info = ml_dtypes.finfo(reference)
    assert fmt.bits == info.bits
    assert fmt.largest == float(info.max)
    assert fmt.smallest_normal == float(info.smallest_normal)
    assert fmt.smallest_subnormal == float(info.smallest_subnormal)
    assert fmt.epsilon == float(info.eps)


@any_format
def test_ulp_equals_numpy_spacing(fmt: FloatFormat, reference: type) -> None:
    codes = some_codes(fmt)
    codes = codes[codes < fmt.largest_code]  # NumPy calls the gap after the largest infinite
    theirs = np.spacing(codes.view(reference)).astype(np.float64)
    np.testing.assert_array_equal(ulp(decode(codes, fmt), fmt), theirs)


def special_numbers(fmt: FloatFormat) -> list[float]:
    """Return zeros, infinities, NaNs and the numbers at the format's limits and beside them."""
    edges = np.array(
        [fmt.smallest_subnormal, fmt.smallest_normal, 1.0, fmt.largest],
        dtype=np.float32,
    )
    with np.errstate(over="ignore"):  # what follows FP32's largest is infinity
        near = [np.nextafter(edges, np.float32(end)) for end in (-np.inf, np.inf)]
    numbers = np.concatenate([edges, edges / 2, *near]).tolist()
    return [0.0, np.inf, np.nan, *numbers, -0.0, -np.inf, -np.nan, *(-n for n in numbers)]


def told_of(number: float) -> list[tuple[float, float, float]]:
    return [(each.anatomy.code, each.anatomy.value, each.gap) for each in take_apart(number)]


def test_taking_apart_equals_the_references_on_random_and_special_numbers() -> None:
    rng = np.random.default_rng(4)
    any_bits = rng.integers(0, 2**32, 4_000, dtype=np.uint32).view(np.float32)
    plain = rng.normal(size=12_000).astype(np.float32)
    small = (2.0 ** rng.uniform(-24, 18, 4_000)).astype(np.float32)
    special = [number for fmt in FORMATS for number in special_numbers(fmt)]
    numbers = np.concatenate([any_bits, plain, small, np.array(special, dtype=np.float32)])
    assert len(numbers) > 20_000  # code and value alone are compared for millions above
    # As arrays, code by value by gap: so many records would keep the collector busy.
    taken = np.array([told_of(float(number)) for number in numbers])
    # Python keeps no NaN payload, so that NaN is compared as NaN, by sign.
    for column, fmt in enumerate(REFERENCES):
        our_codes, our_values, our_gaps = taken[:, column].T
        usual = np.where(np.isnan(numbers), np.copysign(np.float32(np.nan), numbers), numbers)
        codes = their_codes(usual, fmt)
        np.testing.assert_array_equal(our_codes, codes)
        values = their_values(codes, fmt)
        np.testing.assert_array_equal(our_values, values)
        np.testing.assert_array_equal(our_gaps, ulp(values, fmt))
        assert take_apart(1.0)[column].format == fmt


@any_format
def test_a_flipped_bit_equals_the_reference(fmt: FloatFormat, reference: type) -> None:
    for code in some_codes(fmt)[:: max(1, len(some_codes(fmt)) // 500)]:
        for bit in range(fmt.bits):
            flipped = np.array([int(code) ^ 1 << bit], dtype=fmt.code_dtype)
            ours = flip(int(code), bit, fmt)
            assert ours.code == flipped[0]
            np.testing.assert_array_equal(ours.value, their_values(flipped, fmt)[0])
