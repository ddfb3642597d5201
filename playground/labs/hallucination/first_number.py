"""The first number that an answer gives, where it may repeat the question's or count a list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from playground.labs.hallucination.answer_text import Span, is_denied
from playground.labs.hallucination.number_reading import (
    DateRead,
    NumberRead,
    read_numbers,
    read_quantities,
)
from playground.labs.hallucination.sentence_marks import ends_a_sentence

_ASKS_A_YEAR = re.compile(r"\b(?:year|when)\b", re.IGNORECASE)
_LEAST_YEAR = 100


def first_number(answer: str, prompt: str) -> tuple[Fraction, Span] | None:
    """Return the first number that an answer gives, or None if it gives none.

    Left out are the numbers of the question where they are repeated first, what is denied, and,
    where others follow, the number that begins a list, places ("the third") and the pronoun "one".
    Asked for a year, an answer's dates stand for their years.

    Parameters
    ----------
    answer : str
        What the model said.
    prompt : str
        What was asked.

    Examples
    --------
    >>> first_number("12 times 7 is not 85 but 84.", "What is 12 times 7?")
    (Fraction(84, 1), Span(start=25, end=27, text='84'))
    >>> first_number("On 20 July 1969.", "In which year did people land on the Moon?")[0]
    Fraction(1969, 1)
    """
    # Where a prompt is written on, "1." is an answer and its full stop.
    is_asked = ends_a_sentence(prompt)
    found = _years(answer) if _ASKS_A_YEAR.search(prompt) else _numbers(answer, is_asked)
    found = _without_echo(found, [each.value for each in read_numbers(prompt)])
    given = [(value, span) for value, span in found if not is_denied(answer, span)]
    return given[0] if given else None


def _years(answer: str) -> list[tuple[Fraction, Span]]:
    found = []
    for each in read_quantities(answer):
        value = each.year if isinstance(each, DateRead) else each.value
        if value is not None and value >= _LEAST_YEAR:
            found.append((Fraction(value), _span(answer, each)))
    return found or _numbers(answer, may_be_list=True)


def _numbers(answer: str, may_be_list: bool) -> list[tuple[Fraction, Span]]:
    found = read_numbers(answer)
    firm = [each for each in found if not _is_beside_the_point(answer, each, may_be_list)]
    return [(each.value, _span(answer, each)) for each in firm or found]


def _is_beside_the_point(answer: str, number: NumberRead, may_be_list: bool) -> bool:
    is_one = number.value == 1
    begins_a_list = (
        may_be_list
        and is_one
        and re.match(r"[.)][ \t]+\S", answer[number.end :])
        and re.search(r"(?:^|\n)\W*$", answer[: number.start])
    )
    return number.ordinal or (is_one and number.spelled) or bool(begins_a_list)


def _without_echo(
    found: list[tuple[Fraction, Span]], asked: Sequence[Fraction]
) -> list[tuple[Fraction, Span]]:
    """Leave out the question's numbers, where all come first: 7 times 12 is 12 times 7."""
    count = len(asked)
    repeats = sorted(value for value, _ in found[:count]) == sorted(asked)
    return found[count:] if repeats and len(found) > count else found


def _span(answer: str, each: NumberRead | DateRead) -> Span:
    return Span(each.start, each.end, answer[each.start : each.end])
