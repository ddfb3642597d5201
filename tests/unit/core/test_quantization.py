"""What quantization promises: bounded error, defined zeros, shapes kept, clear refusals."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from playground.core.quantization import (
    NF4_LEVELS,
    fake_quantize,
    quantization_error,
    quantize_absmax,
    quantize_int8_rows,
    quantize_nf4,
    quantize_zero_point,
)

magnitudes = st.floats(1e-100, 1e6)
arrays = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=9),
    elements=st.just(0.0) | magnitudes | magnitudes.map(lambda x: -x),
)
bit_widths = st.integers(2, 8)
block_sizes = st.none() | st.integers(1, 20)

SCHEMES: dict[str, Callable] = {
    "absmax": quantize_absmax,
    "zero point": quantize_zero_point,
    "int8 rows": quantize_int8_rows,
    "nf4": quantize_nf4,
    "fake": fake_quantize,
}
any_scheme = pytest.mark.parametrize("quantize", SCHEMES.values(), ids=SCHEMES)


def restored_by(quantize: Callable, values: np.ndarray) -> np.ndarray:
    stored = quantize(values)
    return stored if quantize is fake_quantize else stored.dequantize()


def scale_of_each(scale: np.ndarray, shape: tuple[int, ...], block_size: int) -> np.ndarray:
    """Look up each number's block by its place, one by one."""
    flat = [scale[place // block_size] for place in range(math.prod(shape))]
    return np.reshape(flat, shape)


def test_absmax_worked_example() -> None:
    stored = quantize_absmax([0.1, 3.2], bits=8)
    assert stored.codes.tolist() == [4, 127]
    assert stored.absmax.tolist() == [3.2]
    report = quantization_error([0.1, 3.2], stored.dequantize())
    assert stored.dequantize()[0] == pytest.approx(4 * 3.2 / 127)
    assert report.max_abs == pytest.approx(4 * 3.2 / 127 - 0.1)


def test_blocks_run_in_row_major_order_and_the_last_may_be_short() -> None:
    stored = quantize_absmax(np.array([[1.0, -2.0, 3.0], [4.0, -5.0, 0.5]]), bits=8, block_size=4)
    assert stored.absmax.tolist() == [4.0, 5.0]
    assert stored.codes.tolist() == [[32, -64, 95], [127, -127, 13]]


def test_a_block_larger_than_the_array_is_the_whole_array() -> None:
    stored = quantize_absmax([1.0, -2.0], block_size=10**15)
    assert stored.block_size == 2
    assert stored.dequantize().tolist() == [pytest.approx(1.0, abs=0.01), -2.0]


def test_a_row_of_the_matrix_is_a_block_of_its_length() -> None:
    matrix = np.random.default_rng(0).normal(size=(4, 7))
    stored = quantize_absmax(matrix, block_size=7)
    np.testing.assert_array_equal(stored.absmax, np.abs(matrix).max(axis=1))
    np.testing.assert_array_equal(stored.codes[2], quantize_absmax(matrix[2]).codes)


@given(arrays, bit_widths, block_sizes)
def test_absmax_error_is_half_a_step_at_most(
    values: np.ndarray, bits: int, block_size: int | None
) -> None:
    stored = quantize_absmax(values, bits, block_size)
    restored = stored.dequantize()
    assert restored.shape == stored.codes.shape == values.shape
    assert np.abs(stored.codes).max() <= 2 ** (bits - 1) - 1
    steps = scale_of_each(stored.scale, values.shape, stored.block_size)
    assert (np.abs(restored - values) <= steps / 2 * (1 + 1e-9)).all()


@given(arrays, bit_widths, block_sizes)
def test_absmax_is_idempotent(values: np.ndarray, bits: int, block_size: int | None) -> None:
    once = fake_quantize(values, bits, block_size)
    np.testing.assert_array_equal(fake_quantize(once, bits, block_size), once)


@given(arrays, bit_widths, block_sizes)
def test_zero_point_error_is_half_a_step_at_most(
    values: np.ndarray, bits: int, block_size: int | None
) -> None:
    stored = quantize_zero_point(values, bits, block_size)
    restored = stored.dequantize()
    assert restored.shape == stored.codes.shape == values.shape
    assert stored.codes.max() < 2**bits
    assert (stored.zero_point >= 0).all()
    assert (stored.zero_point < 2**bits).all()
    steps = scale_of_each(stored.scale, values.shape, stored.block_size)
    assert (np.abs(restored - values) <= steps / 2 * (1 + 1e-9)).all()
    assert (restored[values == 0] == 0).all()


@given(arrays, bit_widths)
def test_zero_point_is_idempotent_where_both_ends_are_used(values: np.ndarray, bits: int) -> None:
    """With a tie at both ends one code stays unused, and the range shrinks by a step."""
    stored = quantize_zero_point(values, bits)
    assume(np.append(stored.codes, stored.zero_point).max() == 2**bits - 1)
    again = quantize_zero_point(stored.dequantize(), bits)
    np.testing.assert_array_equal(again.codes, stored.codes)


def test_zero_point_uses_all_codes_for_numbers_on_one_side() -> None:
    values = np.linspace(0, 10, 256)
    np.testing.assert_array_equal(quantize_zero_point(values).codes, np.arange(256))
    np.testing.assert_array_equal(quantize_zero_point(-values).codes, np.arange(256)[::-1])
    assert np.unique(quantize_absmax(values).codes).size == 128


@given(arrays, st.integers(1, 20))
def test_nf4_takes_the_nearest_level(values: np.ndarray, block_size: int) -> None:
    stored = quantize_nf4(values, block_size)
    restored = stored.dequantize()
    assert restored.shape == stored.codes.shape == values.shape
    assert stored.codes.max() <= 15
    largest = scale_of_each(stored.absmax, values.shape, stored.block_size)
    candidates = np.multiply.outer(np.array(NF4_LEVELS), largest)
    best = np.abs(candidates - values).min(axis=0)
    assert (np.abs(restored - values) <= best + 1e-12 * largest).all()


@given(arrays, st.integers(1, 20))
def test_nf4_is_idempotent(values: np.ndarray, block_size: int) -> None:
    once = quantize_nf4(values, block_size).dequantize()
    np.testing.assert_array_equal(quantize_nf4(once, block_size).dequantize(), once)


def test_nf4_takes_the_lower_level_half_way_between_two() -> None:
    middle = (NF4_LEVELS[14] + NF4_LEVELS[15]) / 2
    assert quantize_nf4([1.0, middle, np.nextafter(middle, 1)]).codes.tolist() == [15, 14, 15]


def test_nf4_blocks_are_of_64_unless_told() -> None:
    assert quantize_nf4(np.ones((3, 50))).absmax.shape == (3,)


def test_int8_rows_compute_in_float32() -> None:
    stored = quantize_int8_rows(np.array([[0.1, -3.2], [0.0, 0.0]]))
    assert stored.absmax.dtype == stored.dequantize().dtype == np.float32
    assert stored.absmax.tolist() == [np.float32(3.2), 0]
    assert stored.codes.tolist() == [[4, -127], [0, 0]]


@given(bit_widths)
def test_blocks_of_zeros_stay_zeros(bits: int) -> None:
    values = np.zeros((3, 4))
    values[1] = [1.0, -1.0, 0.5, 0.0]
    for stored in (quantize_absmax(values, bits, 4), quantize_zero_point(values, bits, 4)):
        assert (stored.codes[[0, 2]] == 0).all()
        assert (stored.dequantize()[[0, 2]] == 0).all()
        assert stored.codes[1].any()
    stored = quantize_nf4(values, 4)
    assert (stored.codes[[0, 2]] == NF4_LEVELS.index(0.0)).all()
    assert (stored.dequantize()[[0, 2]] == 0).all()


@any_scheme
@pytest.mark.parametrize("magnitude", [1e-45, 1e-38, 3.3e38])
def test_the_ends_of_float32_give_finite_numbers(quantize: Callable, magnitude: float) -> None:
    values = np.array([[magnitude, -magnitude, 0.0]], dtype=np.float32)
    restored = restored_by(quantize, values)
    assert np.isfinite(restored).all()
    assert (np.abs(restored - values) <= magnitude).all()


@any_scheme
def test_the_input_is_left_alone_and_may_be_a_view(quantize: Callable) -> None:
    whole = np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32)
    before, view = whole.copy(), whole.T[::2]
    restored = restored_by(quantize, view)
    np.testing.assert_array_equal(whole, before)
    np.testing.assert_array_equal(restored, restored_by(quantize, view.copy()))


@any_scheme
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_half_and_single_precision_come_back_as_float32(quantize: Callable, dtype: type) -> None:
    assert restored_by(quantize, np.array([0.25, -1.0], dtype=dtype)).dtype == np.float32


@any_scheme
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(quantize: Callable, bad: float) -> None:
    with pytest.raises(ValueError, match=rf"^values must be finite, got {bad}$"):
        quantize([[1.0, bad]])


@any_scheme
def test_an_empty_array_is_refused(quantize: Callable) -> None:
    with pytest.raises(ValueError, match=r"^values must hold at least one number"):
        quantize(np.empty((3, 0)))


@pytest.mark.parametrize("quantize", [quantize_absmax, quantize_zero_point, fake_quantize])
@pytest.mark.parametrize("bits", [1, 9, 2.5])
def test_bits_outside_the_rule_are_refused(quantize: Callable, bits: float) -> None:
    with pytest.raises(ValueError, match=rf"^bits must be a whole number from 2 to 8, got {bits}$"):
        quantize([1.0], bits)


@pytest.mark.parametrize(
    "quantize", [quantize_absmax, quantize_zero_point, quantize_nf4, fake_quantize]
)
@pytest.mark.parametrize("block_size", [0, -64])
def test_block_sizes_outside_the_rule_are_refused(quantize: Callable, block_size: int) -> None:
    with pytest.raises(ValueError, match=rf"^block_size must be 1 or more, got {block_size}$"):
        quantize([1.0], block_size=block_size)


def test_error_report_on_hand_worked_numbers() -> None:
    report = quantization_error([3.0, -4.0], [3.0, -3.0])
    assert (report.max_abs, report.mean_square) == (1.0, 0.5)
    assert report.snr_db == pytest.approx(10 * math.log10(25))


def test_error_report_where_signal_or_noise_is_zero() -> None:
    assert quantization_error([1.0, 2.0], [1.0, 2.0]).snr_db == math.inf
    assert quantization_error([0.0], [1.0]).snr_db == -math.inf


def test_error_report_refuses_two_shapes() -> None:
    with pytest.raises(ValueError, match=r"same shape, got \(2,\) and \(1,\)$"):
        quantization_error([1.0, 2.0], [1.0])


def test_one_more_bit_is_worth_about_six_decibels() -> None:
    values = np.random.default_rng(0).uniform(-1, 1, 20_000)
    ratios = [quantization_error(values, fake_quantize(values, b)).snr_db for b in range(4, 9)]
    np.testing.assert_allclose(np.diff(ratios), 6.02, atol=0.7)


def test_small_blocks_confine_an_outlier() -> None:
    values = np.random.default_rng(0).normal(size=4096)
    values[7] = 100.0
    whole = quantization_error(values, fake_quantize(values, 4))
    blocks = quantization_error(values, fake_quantize(values, 4, block_size=64))
    assert blocks.mean_square < whole.mean_square / 10
