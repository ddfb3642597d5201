"""Numbers and dates in a text, as values: "1,000", "1 000", "1000" and "one thousand" are one.

Values are exact, and each says where it stands. What has more than one reading is not guessed:
"5/6/1990" is no date. Units are not read: "5 km" and "5%" are both 5.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from playground.labs.hallucination.number_digits import in_ascii, read_digits
from playground.labs.hallucination.number_words import VOCABULARY, read_words

_NAMES = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTHS = {name: at for at, name in enumerate(_NAMES, 1)} | {"sept": 9}
_MONTHS |= {name[:3]: at for at, name in enumerate(_NAMES, 1)}
_MONTH = rf"\b(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_DAY = r"(?<![\w.,/-])(?P<day>\d{1,2})(?:st|nd|rd|th)?\b"
_YEAR = r"(?P<year>\d{3,4})\b(?![,.]\d)"
_BEFORE, _AFTER = r"(?<![\w./-])", r"(?![\w/-])(?!\.\d)"
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_DAY} (?:of )?{_MONTH}(?:,? (?:in )?{_YEAR})?",
        rf"{_MONTH} (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?![,.]\d)(?:,? {_YEAR})?",
        rf"{_MONTH},? (?:of )?{_YEAR}",
        rf"{_BEFORE}(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d){_AFTER}",
        rf"{_BEFORE}(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>\d{{4}}){_AFTER}",
        rf"{_BEFORE}(?P<day>\d\d?)/(?P<month>\d\d?)/(?P<year>\d{{4}}){_AFTER}",
        rf"{_BEFORE}(?P<month>\d\d?)/(?P<day>\d\d?)/(?P<year>\d{{4}}){_AFTER}",
    )
]
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)


@dataclass(frozen=True)
class NumberRead:
    """A number in a text.

    Parameters
    ----------
    value : Fraction
        Exactly what is written.
    start, end : int
        Where it stands in the text.
    spelled : bool
        Whether it stands there in words.
    ordinal : bool
        Whether it counts a place: "third", "3rd".
    """

    value: Fraction
    start: int
    end: int
    spelled: bool = False
    ordinal: bool = False


@dataclass(frozen=True)
class DateRead:
    """A date in a text; a year alone is a number.

    Parameters
    ----------
    year, month, day : int or None
        None for what is not said; the month always is.
    start, end : int
        Where it stands in the text.
    """

    year: int | None
    month: int
    day: int | None
    start: int
    end: int

    @property
    def value(self) -> tuple[int | None, int, int | None]:
        """Year, month and day: what two spellings of one date share."""
        return self.year, self.month, self.day


def read_numbers(text: str) -> tuple[NumberRead, ...]:
    """Return the numbers of a text in their order, those inside dates too.

    Parameters
    ----------
    text : str
        In any script; number words are read in English.

    Examples
    --------
    >>> [str(each.value) for each in read_numbers("1,000; 1 000; one thousand; \u22122.5; 3rd; ¾")]
    ['1000', '1000', '1000', '-5/2', '3', '3/4']
    """
    plain = in_ascii(text)
    digits = [
        NumberRead(value, start, end, ordinal=ordinal)
        for start, end, value, ordinal in read_digits(plain)
    ]
    return tuple(sorted([*digits, *_spelled(plain)], key=lambda each: each.start))


def read_dates(text: str) -> tuple[DateRead, ...]:
    """Return the dates of a text in their order.

    Examples
    --------
    >>> [each.value for each in read_dates("14 July 1789; July 14th, 1789; 1789-07-14; May 1968")]
    [(1789, 7, 14), (1789, 7, 14), (1789, 7, 14), (1968, 5, None)]
    """
    plain = in_ascii(text)
    found = [
        date for pattern in _DATES for match in pattern.finditer(plain) if (date := _date(match))
    ]
    # The same letters may be another date, as those of "5/6/1990" are.
    readings: dict[tuple[int, int], set[object]] = {}
    for date in found:
        readings.setdefault((date.start, date.end), set()).add(date.value)
    clear = [date for date in found if len(readings[date.start, date.end]) == 1]
    longest: list[DateRead] = []
    for date in sorted(clear, key=lambda each: (each.start, -each.end)):
        if not longest or date.start >= longest[-1].end:
            longest.append(date)
    return tuple(longest)


def read_quantities(text: str) -> tuple[NumberRead | DateRead, ...]:
    """Return the dates of a text and the numbers outside them, in their order.

    Examples
    --------
    >>> [str(each.value) for each in read_quantities("Born on 5 May 1818, one of 9.")]
    ['(1818, 5, 5)', '1', '9']
    """
    dates = read_dates(text)
    ends = [date.end for date in dates]
    numbers = [
        number
        for number in read_numbers(text)
        if (at := bisect_right(ends, number.start)) == len(dates) or dates[at].start >= number.end
    ]
    return tuple(sorted([*dates, *numbers], key=lambda each: each.start))


def parse_number(text: str) -> Fraction | None:
    """Return the number that a text is, or None if it is anything else.

    Examples
    --------
    >>> parse_number("1,000."), parse_number("1,000 km")
    (Fraction(1000, 1), None)
    """
    numbers = read_numbers(text)
    if len(numbers) != 1:
        return None
    around = text[: numbers[0].start] + text[numbers[0].end :]
    return None if any(character.isalnum() for character in around) else numbers[0].value


def in_digits(text: str) -> str:
    """Return a text with every number and date in one spelling.

    Examples
    --------
    >>> in_digits("One thousand people on the 14th of July, 1789 and two thirds")
    '1000 people on the 1789-07-14 and 2/3'
    """
    pieces, at = [], 0
    for each in read_quantities(text):
        pieces += [text[at : each.start], _written(each)]
        at = each.end
    return "".join([*pieces, text[at:]])


def _written(quantity: NumberRead | DateRead) -> str:
    """Return a number as "5/2" and a date as ISO 8601 does, "--" standing for a year not said."""
    if isinstance(quantity, NumberRead):
        return str(quantity.value)
    year = "-" if quantity.year is None else f"{quantity.year:04}"
    day = "" if quantity.day is None else f"-{quantity.day:02}"
    return f"{year}-{quantity.month:02}{day}"


def _spelled(plain: str) -> Iterator[NumberRead]:
    """Read the numbers written in words."""
    for run in _runs(plain):
        words = [match[0].lower() for match in run]
        at, follows = 0, False
        while at < len(words):
            found = read_words(words, at)
            if found is None:
                at, follows = at + 1, False
                continue
            # In "one second later" there is no second place.
            if not (follows and found.ordinal):
                start, end = run[at].start(), run[found.end - 1].end()
                yield NumberRead(found.value, start, end, spelled=True, ordinal=found.ordinal)
            at, follows = found.end, True


def _runs(plain: str) -> Iterator[list[re.Match[str]]]:
    """Return the number words that stand together, a space or a hyphen between them."""
    run: list[re.Match[str]] = []
    for match in _WORD.finditer(plain):
        if run and plain[run[-1].end() : match.start()] not in {" ", "-"}:
            yield run
            run = []
        if match[0].lower() in VOCABULARY:
            run.append(match)
        elif run:
            yield run
            run = []
    yield run


def _date(match: re.Match[str]) -> DateRead | None:
    """Return the date of a match, or None if no calendar has it."""
    said = match.groupdict()
    month = _MONTHS.get(said["month"].lower()) or int(said["month"])
    day = int(said["day"]) if said.get("day") else None
    year = int(said["year"]) if said.get("year") else None
    # "Soldiers march 20 miles": without a year a month has its capital.
    if year is None and not said["month"][0].isupper():
        return None
    if not 1 <= month <= 12 or not (day is None or 1 <= day <= _days(year, month)):
        return None
    return DateRead(year, month, day, *match.span())


def _days(year: int | None, month: int) -> int:
    """Return how many days a month has; in a year that is not said, at most."""
    return monthrange(year or 2000, month)[1]
