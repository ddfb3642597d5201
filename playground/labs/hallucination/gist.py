"""What an answer says in short, by which samples are put together; the key has no part in it."""

from __future__ import annotations

import re

from playground.labs.hallucination.answer_text import Span, sentences_of
from playground.labs.hallucination.first_name import first_name
from playground.labs.hallucination.first_number import first_number
from playground.labs.hallucination.first_symbol import first_symbol
from playground.labs.hallucination.number_reading import DateRead, read_quantities
from playground.labs.hallucination.yes_or_no import first_yes_or_no

_SIGN_BEFORE = re.compile(r"[$\u20ac\u00a3\u00a5]\s?$")
# What a number counts, or its unit: "8 planets", "5 km", "100 °C"; people go without saying.
_UNIT = re.compile(r"\s?(%|°\s?[CFK]?\b|[^\W\d_][^\s,.;:!?()]*)")
_NO_UNIT = frozenset(
    """
    a an and as at because but by during for from he her his i if in is it its of on or she so that
    people inhabitants residents persons
    the their they this to until was were when where which while who with would
    """.split()  # noqa: SIM905 - a list of forty lines tells less
)


def gist(text: str, prompt: str, kind: str) -> str:
    """Return what an answer of a kind says first.

    Of the kind ``open``, a name or a number, whichever comes first.

    Examples
    --------
    >>> gist("Tokyo, and it is the largest city", "The capital of Japan is", "name")
    'Tokyo'
    >>> gist("No, it is not.", "Is 4 prime?", "yes_no"), gist("a dog", "It is", "whole")
    ('no', 'a dog')
    >>> gist("1821, on Saint Helena", "Napoleon died in", "open")
    '1821'
    """
    if kind in ("name", "open"):
        return _name_or_number(text, prompt, names_go_first=kind == "name")
    if kind == "symbol":
        symbol = first_symbol(text)
        return symbol.text if symbol else text
    if kind == "number":
        number = first_number(text, prompt)
        return number[1].text if number else text
    if kind == "yes_no":
        return first_yes_or_no(text, prompt)[0] or text
    return text


def _name_or_number(text: str, prompt: str, *, names_go_first: bool) -> str:
    first = next(iter(sentences_of(text)), "")
    _, name = first_name(text, prompt, ())
    amount = _first_amount(first)
    if amount is None:
        return name.text if name else text
    inside = name is not None and amount.start <= name.start < amount.end
    if name is None or inside or (not names_go_first and amount.start < name.start):
        return amount.text
    return name.text


def _first_amount(text: str) -> Span | None:
    """Return the first number or date with the unit that makes another of it: "5 km", "$5"."""
    for each in read_quantities(text):
        if isinstance(each, DateRead):
            return Span(each.start, each.end, text[each.start : each.end])
        # "One of them" and "the third" count nothing.
        if each.ordinal or (each.spelled and each.value == 1):
            continue
        sign = _SIGN_BEFORE.search(text[: each.start])
        unit = _UNIT.match(text, each.end)
        has_unit = unit is not None and unit[1].lower() not in _NO_UNIT
        start = sign.start() if sign else each.start
        end = unit.end() if unit and has_unit else each.end
        return Span(start, end, text[start:end])
    return None
