"""Numbers written in digits, read exactly: signs, grouping, decimals, fractions, powers, ordinals.

English conventions: a comma, a space or an apostrophe groups digits in threes ("1,000", "1 000",
"1'000"; points do so only twice or more, "1.000.000"), and a point begins the decimals. "3,14" is
two numbers. Versions ("1.2.3"), decades ("1980s") and digits inside a word ("H2O") are none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction

from playground.labs.hallucination.number_words import SCALES

# More digits than this are noise, and turning them into a number takes quadratic time.
_MOST_DIGITS = 400

_ASCII = dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-")
_ASCII |= {"\u2019": "'", "\u2044": "/", "\u066b": ".", "\u066c": ",", "\uff0c": ",", "\uff0e": "."}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")

_VULGAR = "[\u00bc-\u00be\u2150-\u215e]"
_POWER = r"(?:\^\(?(?P<power>-?\d{1,3})\)?(?!\d)|(?P<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))"
_GROUPED = r"\d{1,3}(?:(?:,\d{3})+|(?:[ ]\d{3})+|(?:'\d{3})+|(?:\.\d{3}){2,})(?![\d'])"
_NUMBER = re.compile(
    rf"""
    (?<![\w^]) (?<!\d\.) (?<!\^-)
    (?:(?<![)\]]) (?P<sign>[-+]))? [$£€]?
    (?:
        (?:(?P<mixed>\d{{1,6}})[ ])? (?<!\d/)(?P<top>\d{{1,400}})/(?P<bottom>\d{{1,400}})(?![\d/])
      | (?P<number> (?> (?:{_GROUPED}|\d+) (?:\.\d+)? | (?<!\.)\.\d+ ))
        (?: [ ]?(?P<vulgar>{_VULGAR}) )?
        (?: e(?P<exponent>[-+]?\d{{1,3}})(?!\w) | {_POWER} )?
      | (?P<alone>{_VULGAR})
    )
    (?P<ordinal>(?:st|nd|rd|th)\b)?
    (?!\.?\d | '?s\b | \^)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TIMES_TEN = re.compile(rf"[ ]?[x\u00d7*\u00b7\u22c5][ ]?10{_POWER}", re.IGNORECASE)
_SCALE = re.compile(rf"[ -]({'|'.join(SCALES)})\b", re.IGNORECASE)


def in_ascii(text: str) -> str:
    """Return a text of the same length with digits, minus signs and spaces as ASCII writes them.

    Examples
    --------
    >>> in_ascii("\u22121\u202f000 is ١٢")
    '-1 000 is 12'
    """
    return "".join(_as_ascii(character) for character in text)


def _as_ascii(character: str) -> str:
    if character.isascii():
        return character
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return " " if unicodedata.category(character) == "Zs" else _ASCII.get(character, character)


def read_digits(plain: str) -> Iterator[tuple[int, int, Fraction, bool]]:
    """Read the numbers written in digits.

    Parameters
    ----------
    plain : str
        From `in_ascii`.

    Yields
    ------
    tuple
        Where it begins and ends, its value, and whether it is an ordinal.

    Examples
    --------
    >>> [str(value) for _, _, value, _ in read_digits("-1,000 and 2.50, 3½, 1.4 billion, 2nd")]
    ['-1000', '5/2', '7/2', '1400000000', '2']
    """
    end = 0
    while found := _NUMBER.search(plain, end):
        value, end = _value(found), found.end()
        if value is not None:
            factor, end = _factor(plain, end)
            yield found.start(), end, value * factor, bool(found["ordinal"])


def _value(found: re.Match[str]) -> Fraction | None:
    """Return what a match of `_NUMBER` says, or None where that cannot be worked out."""
    if len(found[0]) > _MOST_DIGITS:
        return None
    if found["bottom"]:
        if not int(found["bottom"]):
            return None
        value = Fraction(int(found["top"]), int(found["bottom"])) + int(found["mixed"] or 0)
    else:
        value = _decimal(found["number"] or "0") + _vulgar(found["vulgar"] or found["alone"])
    power = _power(found)
    if abs(power) * len(found[0]) > _MOST_DIGITS * 3 or (power < 0 and not value):
        return None
    return (-1 if found["sign"] == "-" else 1) * value**power * _ten_to(found["exponent"])


def _decimal(digits: str) -> Fraction:
    """Return "1,234.5" as a fraction."""
    whole, point, decimals = digits.rpartition(".")
    if not point or whole.count("."):  # points that group
        whole, decimals = digits, ""
    whole = re.sub(r"\D", "", whole)
    return Fraction(int(f"0{whole}{decimals}"), 10 ** len(decimals))


def _vulgar(character: str | None) -> Fraction:
    """Return the value of one such as "½"."""
    return (
        Fraction(unicodedata.numeric(character)).limit_denominator(10) if character else Fraction()
    )


def _power(found: re.Match[str]) -> int:
    """Return the power that something is raised to, 1 where none is written."""
    raised = found["power"] or (found["raised"] or "").translate(_SUPERSCRIPTS)
    return int(raised or 1)


def _ten_to(exponent: str | None) -> Fraction:
    return Fraction(10) ** int(exponent or 0)


def _factor(plain: str, end: int) -> tuple[Fraction, int]:
    """Return what multiplies a number: "x 10^8" or "billion"; and where it ends."""
    if times := _TIMES_TEN.match(plain, end):
        return Fraction(10) ** _power(times), times.end()
    if scale := _SCALE.match(plain, end):
        return Fraction(SCALES[scale[1].lower()]), scale.end()
    return Fraction(1), end
