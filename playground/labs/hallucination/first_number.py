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

Found = tuple[Fraction, Span]
_ASKS_A_YEAR = re.compile(r"\b(?:year|when)\b", re.IGNORECASE)
_LEAST_YEAR = 100
_TIMES = re.compile(r"(?<=\d)(\s*)[xX*](\s*)(?=\d)")
_OPERATOR = re.compile(
    r"\s*(?:[-+\u2212\u00d7\u00f7/\u00b7:*x]|plus|minus|times|multiplied by|divided by|over)\s*",
    re.I,
)
_RESULT = re.compile(r"\s*(?:=|is|are|equals?|makes?|gives?|comes to|is equal to)\s+", re.I)
_RESULT_TIGHT = re.compile(r"\s*=\s*")
_ASKS_A_PLACE = re.compile(
    r"\b(?:century|place|position|rank|president|king|day of|floor|anniversary|edition|\w+th)\b",
    re.I,
)
_COUNTED = re.compile(r"\bhow many (?P<what>[^\W\d_]+)", re.IGNORECASE)
_OTHER_SCALE = {
    "celsius": re.compile(r"\s*(?:\u00b0\s*)?(?:F|K|fahrenheit|kelvin)\b"),
    "fahrenheit": re.compile(r"\s*(?:\u00b0\s*)?(?:C|K|celsius|kelvin)\b"),
}


def asks_a_year(prompt: str) -> bool:
    """Say whether a question asks for a year, so that of a date the year counts."""
    return _ASKS_A_YEAR.search(prompt) is not None


def first_number(answer: str, prompt: str) -> tuple[Fraction, Span] | None:
    """Return the first number that an answer gives, or None if it gives none.

    Left out are the numbers of the question where they are repeated first, those of a sum whose
    result follows ("180 + 2 = 182"), what is denied, places ("the third") unless one is asked for,
    and, where others follow, the number that begins a list, the pronoun "one" and what is on
    another scale. Asked how many days, "7 days" goes before "1 week"; asked for a year, an
    answer's dates stand for their years.

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
    answer = _TIMES.sub("\\1\u00d7\\2", answer)  # letter for letter: places stay what they are
    if asks_a_year(prompt):
        found = _years(answer)
    else:
        found = _without_sums(
            _numbers(answer, is_asked, bool(_ASKS_A_PLACE.search(prompt))), answer
        )
        found = _counted_first(_on_the_scale(found, answer, prompt), answer, prompt)
    found = _without_echo(found, [each.value for each in read_numbers(prompt)])
    given = [(value, span) for value, span in found if not is_denied(answer, span)]
    return given[0] if given else None


def _years(answer: str) -> list[Found]:
    found = []
    for each in read_quantities(answer):
        value = each.year if isinstance(each, DateRead) else each.value
        if value is not None and value >= _LEAST_YEAR:
            found.append((Fraction(value), _span(answer, each)))
    return found or _numbers(answer, may_be_list=True, places=False)


def _numbers(answer: str, may_be_list: bool, places: bool) -> list[Found]:
    found = [each for each in read_numbers(answer) if places or not each.ordinal]
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


def _without_sums(found: list[Found], answer: str) -> list[Found]:
    """Leave out the numbers of a sum whose result follows: the 180 and the 2 of "180 + 2 = 182"."""
    kept: list[Found] = []
    run: list[Found] = []
    for each in found:
        between = answer[run[-1][1].end : each[1].start] if run else ""
        if run and _OPERATOR.fullmatch(between):
            run.append(each)
            continue
        is_result = _RESULT.fullmatch(between) or _RESULT_TIGHT.fullmatch(between)
        if not (len(run) > 1 and is_result):
            kept += run
        run = [each]
    return [*kept, *run]


def _on_the_scale(found: list[Found], answer: str, prompt: str) -> list[Found]:
    """Leave out degrees of another scale than the one asked for, where others are given."""
    for scale, other in _OTHER_SCALE.items():
        if scale in prompt.lower():
            return [each for each in found if not other.match(answer, each[1].end)] or found
    return found


def _counted_first(found: list[Found], answer: str, prompt: str) -> list[Found]:
    """Begin with what the question counts: asked for days, with the 7 of "1 week has 7 days"."""
    asked = _COUNTED.search(prompt)
    if asked is None:
        return found
    what = re.compile(rf"\s+{re.escape(asked['what'][:4])}\w*", re.IGNORECASE)
    places = [at for at, each in enumerate(found) if what.match(answer, each[1].end)]
    return found[places[0] :] if places else found


def _without_echo(found: list[Found], asked: Sequence[Fraction]) -> list[Found]:
    """Leave out the question's numbers, where all come first: 7 times 12 is 12 times 7."""
    count = len(asked)
    repeats = sorted(value for value, _ in found[:count]) == sorted(asked)
    return found[count:] if repeats and len(found) > count else found


def _span(answer: str, each: NumberRead | DateRead) -> Span:
    return Span(each.start, each.end, answer[each.start : each.end])
