"""What differs in writing alone becomes equal; what is another answer does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.labs.hallucination.normalising import normalise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Paris", " PARIS. "),
        ("the United States of America", "United States of America!"),
        ("U.S.A.", "USA"),
        ("St. John's", "St John\u2019s"),
        ("Guinea-Bissau", "Guinea Bissau"),
        ("S\u00e3o Tom\u00e9", "Sao Tome\u0301"),
        ("**Paris**", "\u201cParis\u201d"),
        ("\ufb01ve", "FIVE"),
        ("H\u2082O", "H2O"),
        ("Stra\u00dfe", "STRASSE"),
        ("Pa\u200bris", "Paris"),
        ("Washington,\u00a0D.C.", "washington dc"),
        ("\u22125", "-5"),
        ("1990\u20131995", "1990-1995"),
        ("\u6771\u4eac\u3002", "\u6771\u4eac"),
        ("\uff30aris", "Paris"),
    ],
)
def test_spellings_of_one_answer_are_equal(one: str, other: str) -> None:
    assert normalise(one) == normalise(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5", "-5"),
        ("3.5", "35"),
        ("10\u00b2", "102"),
        ("3\u00bd", "31/2"),
        ("1/2", "12"),
        ("5%", "5"),
        ("C", "C#"),
        ("C", "C++"),
        ("vitamin A", "vitamin"),
        ("A", "B"),
        ("\u0439", "\u0438"),
        ("\u0915\u093f", "\u0915"),
        ("12:30", "1230"),
        ("is prime", "is not prime"),
    ],
)
def test_other_answers_stay_apart(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize("text", ["", "  ", "...", "\u200b", "\u2014"])
def test_nothing_said_is_empty(text: str) -> None:
    assert normalise(text) == ""


@given(st.text())
def test_normalising_again_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once == " ".join(once.split())
