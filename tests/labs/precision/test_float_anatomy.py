"""One number in five formats."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.floats import BF16, FP16
from playground.errors import OptionError
from playground.labs.precision.float_anatomy import (
    Stored,
    flip,
    notes_example,
    parse_number,
    spell,
    take_apart,
)


def held(number: float) -> dict[str, Stored]:
    return {stored.format.name: stored for stored in take_apart(number)}


@given(st.floats(allow_nan=False))
def test_a_number_that_is_written_reads_as_itself(number: float) -> None:
    again = parse_number(spell(number))
    assert again == number
    assert math.copysign(1, again) == math.copysign(1, number)


@pytest.mark.parametrize("text", ["nan", "-NaN", "+nan"])
def test_nan_is_read_with_its_sign(text: str) -> None:
    number = parse_number(text)
    assert math.isnan(number)
    assert math.copysign(1, number) == (-1 if text.startswith("-") else 1)
    assert all(stored.anatomy.is_nan for stored in take_apart(number))
    assert all(
        stored.fate == "exact" and stored.absolute_error == 0 for stored in take_apart(number)
    )


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("", "got nothing"),
        ("abc", "got 'abc'"),
        ("0x1p3", "got '0x1p3'"),
        ("1_000", "got '1_000'"),
        ("\u0661", "got '\u0661'"),
        ("1e999", "got '1e999'"),
        ("-1e-999", "got '-1e-999'"),
    ],
)
def test_what_is_no_number_gets_one_sentence(text: str, got: str) -> None:
    with pytest.raises(OptionError, match=got) as caught:
        parse_number(text)
    assert str(caught.value).count("\n") == 0


def test_infinity_goes_where_there_is_one() -> None:
    stored = held(math.inf)
    assert [name for name, each in stored.items() if each.anatomy.is_infinite] == [
        "FP32",
        "FP16",
        "BF16",
        "FP8 E5M2",
    ]
    assert stored["FP8 E4M3"].anatomy.is_nan
    assert stored["FP8 E4M3"].fate == "overflowed"
    assert stored["FP16"].absolute_error == 0


def test_fp16_overflows_where_bf16_only_rounds() -> None:
    assert held(65_519.0)["FP16"].anatomy.value == 65_504
    over = held(65_520.0)
    assert over["FP16"].fate == "overflowed"
    assert over["BF16"].fate == "rounded"
    assert over["BF16"].anatomy.value == 65_536
    far = held(1e38)
    assert far["BF16"].fate == "rounded"
    assert far["BF16"].relative_error > far["FP32"].relative_error > 0


def test_small_numbers_lose_digits_and_vanish() -> None:
    stored = held(1e-8)
    assert stored["FP16"].fate == "vanished"
    assert stored["FP16"].relative_error == 1
    assert stored["BF16"].fate == "rounded"
    assert held(6e-8)["FP16"].anatomy.is_subnormal


@given(st.floats(-400, 400).filter(lambda number: number != 0))
def test_rounding_moves_a_number_by_half_a_gap_at_most(number: float) -> None:
    for stored in take_apart(number):
        # Below a power of two the gap is half of that above, so the larger one is the bound.
        assert stored.absolute_error <= stored.gap / 2
        assert stored.relative_error == stored.absolute_error / abs(number)


def test_a_kept_code_is_shown_as_it_stands() -> None:
    quiet = take_apart(math.nan)[1].anatomy.code
    other = flip(quiet, 0, FP16)
    assert other.is_nan
    kept = take_apart(math.nan, (FP16, other.code))
    assert kept[1].anatomy.code == other.code != quiet
    assert kept[0].anatomy.is_nan


@given(st.integers(0, 2**16 - 1), st.integers(0, 15))
def test_flipping_a_bit_twice_changes_nothing(code: int, bit: int) -> None:
    for fmt in (FP16, BF16):
        assert flip(flip(code, bit, fmt).code, bit, fmt).code == code


def test_the_notes_example_is_put_right() -> None:
    example = notes_example()
    assert (example.levels, example.code) == (127, 4)
    assert example.scaled == pytest.approx(3.96875)
    assert example.restored == pytest.approx(4 * 3.2 / 127)
    assert example.error == pytest.approx(abs(0.1 - 4 * 3.2 / 127))
