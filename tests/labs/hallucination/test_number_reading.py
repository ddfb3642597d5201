"""One number has many spellings, and each reads as that number; what is unclear is not guessed."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.labs.hallucination.number_reading import (
    in_digits,
    parse_number,
    read_dates,
    read_numbers,
    read_quantities,
)

SMALL = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SCALES = {10**12: "trillion", 10**9: "billion", 10**6: "million", 1000: "thousand"}


def spell(number: int, joined: str = " and ") -> str:
    """Write a number in words, as a British writer does: the other way round than it is read."""
    if number < 20:
        return SMALL[number]
    if number < 100:
        return TENS[number // 10 - 2] + (f"-{SMALL[number % 10]}" if number % 10 else "")
    for scale, word in (*SCALES.items(), (100, "hundred")):
        if number >= scale:
            rest = number % scale
            before = joined if rest < 100 else " "
            tail = before + spell(rest, joined) if rest else ""
            return f"{spell(number // scale, joined)} {word}{tail}"
    raise AssertionError(number)


def values(text: str) -> list[Fraction]:
    return [each.value for each in read_numbers(text)]


@given(st.integers(0, 10**15 - 1), st.sampled_from([" and ", " "]))
def test_every_number_in_words_reads_as_itself(number: int, joined: str) -> None:
    assert values(spell(number, joined)) == [number]
    assert values(f"Minus {spell(number, joined).upper()}!") == [-number]


@given(st.lists(st.integers(0, 10**15 - 1), min_size=1, max_size=4))
def test_words_between_other_words_are_found_where_they_stand(numbers: list[int]) -> None:
    text = " or perhaps ".join(map(spell, numbers))
    found = read_numbers(text)
    assert [each.value for each in found] == numbers
    assert [text[each.start : each.end] for each in found] == [spell(each) for each in numbers]
    assert all(each.spelled and not each.ordinal for each in found)


@given(
    st.integers(-(10**15), 10**15),
    st.sampled_from([",", "", " ", "\u00a0", "\u202f", "\u2009", "'", "\u2019"]),
    st.sampled_from("-\u2212\u2010\u2011"),
    st.text("0123456789", max_size=6),
)
def test_every_number_in_digits_reads_as_itself(
    whole: int, gap: str, minus: str, decimals: str
) -> None:
    point = f".{decimals}" if decimals else ""
    sign = minus if whole < 0 else ""
    written = sign + f"{abs(whole):,}".replace(",", gap) + point
    exact = Fraction(f"{whole}{point}")
    assert values(written) == [exact]
    assert values(f"It is {written}, or ({written}).") == [exact, exact]
    assert parse_number(f" {written}. ") == exact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1000 1,000 1\u202f000, one thousand, a thousand, ten hundred", [1000] * 6),
        ("1.000.000, 1e6, 10^6, 10\u2076, 1 million, 1.0 x 10^6", [10**6] * 6),
        ("2.5 million, two point five million, two and a half million", [2500000] * 3),
        ("half a million, 0.5 million", [500000] * 2),
        ("1/2, \u00bd, half, a half, one half, 0.5, .5", [Fraction(1, 2)] * 7),
        ("3 1/2; 3\u00bd; three and a half; 7/2; seven halves", [Fraction(7, 2)] * 5),
        ("two thirds, two-thirds, 2/3, \u2154", [Fraction(2, 3)] * 4),
        ("nineteen eighty-four, 1984", [1984] * 2),
        ("nineteen oh five; ten sixty-six; twenty twenty-five", [1905, 1066, 2025]),
        ("1st, first; 22nd, twenty-second; the one hundred and third", [1, 1, 22, 22, 103]),
        ("between one thousand and two thousand", [1000, 2000]),
        ("one million and two thousand; a million and two", [1000000, 2000, 1000002]),
        ("five hundred six hundred", [500, 600]),
        ("one two three; ten twenty thirty", [1, 2, 3, 10, 20, 30]),
        ("$5, \u00a35, -$5, 5%, 5 km, 5km, 5 degrees", [5, 5, -5, 5, 5, 5, 5]),
        ("1990-1995; 1990\u20131995; 5-3; 5 - 3; (5)-3", [1990, 1995] * 2 + [5, 3] * 3),
        ("covid-19, F-16", [19, 16]),
        ("3,14", [3, 14]),
        ("\u0661\u0662 and \uff11\uff12 and \u0967\u0968", [12, 12, 12]),
        ("H2O, B2B, version 1.2.3, 192.168.0.1, the 1980s, x2, one second", [1]),
        ("1/0, 5^-1000, 0^-1", []),
        ("5^-1, 2^10", [Fraction(1, 5), 1024]),
        ("a dog, at point, oh and the bone, hundred, minus", []),
        ("", []),
    ],
)
def test_spellings(text: str, expected: list[Fraction | int]) -> None:
    assert values(text) == expected


def test_only_places_are_ordinals() -> None:
    found = read_numbers("the 3rd, third, 3 and three")
    assert [(each.ordinal, each.spelled) for each in found] == [
        (True, False),
        (True, True),
        (False, False),
        (False, True),
    ]


@pytest.mark.parametrize("text", ["", "a thousand dogs", "5 and 6", "five km", "not 5", "Paris"])
def test_what_is_more_than_a_number_is_none(text: str) -> None:
    assert parse_number(text) is None


DAY = [
    "14 July 1789",
    "14th of July, 1789",
    "July 14, 1789",
    "JULY 14TH 1789",
    "Jul. 14, 1789",
    "july the 14th, 1789",
    "1789-07-14",
    "1789\u201007\u201014",
    "14/7/1789",
    "7/14/1789",
    "14.07.1789",
    "14\u00a0July\u00a01789",
]


@pytest.mark.parametrize("text", DAY)
def test_one_day_has_many_spellings(text: str) -> None:
    (date,) = read_dates(f"It fell on {text}.")
    assert date.value == (1789, 7, 14)
    assert in_digits(f"It fell on {text}.") == "It fell on 1789-07-14."
    assert [each.value for each in read_quantities(f"{text}, 7 towers")] == [(1789, 7, 14), 7]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("May 1968", (1968, 5, None)),
        ("4 July", (None, 7, 4)),
        ("July 4", (None, 7, 4)),
        ("29 February 2024", (2024, 2, 29)),
        ("29 February", (None, 2, 29)),
        ("6/6/1944", (1944, 6, 6)),
    ],
)
def test_dates_say_what_is_said(text: str, expected: tuple[int | None, int, int | None]) -> None:
    assert [each.value for each in read_dates(text)] == [expected]


@pytest.mark.parametrize(
    "text",
    ["5/6/1990", "30 February", "2023-13-01", "they march 20 miles", "0 July", "1789", "May"],
)
def test_what_is_no_clear_date_is_none(text: str) -> None:
    assert read_dates(text) == ()


@given(st.dates())
def test_every_day_of_the_calendar_reads_as_itself(day: object) -> None:
    assert [str(day)] == [in_digits(str(day))]


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    found = read_quantities(text)
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@given(st.text("0123456789 ,.-/'^e+\u00bdx*", max_size=60))
def test_any_heap_of_digits_can_be_read_and_never_twice(text: str) -> None:
    found = read_numbers(text)
    assert all(a.end <= b.start for a, b in pairwise(found))


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["1", "1,", "1 ", "one ", "1.", "a hundred and ", "1/", "^9"])
def test_a_long_text_takes_no_quadratic_time(piece: str) -> None:
    read_quantities(piece * 5_000)
