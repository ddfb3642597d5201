"""What numbers are counted in: kilometres are no miles, and five dollars are not five."""

from __future__ import annotations

import re

from playground.labs.hallucination.number_reading import in_digits

_NAMES = {
    "km": "km kilometre kilometres kilometer kilometers",
    "mile": "mile miles mi",
    "m": "m metre metres meter meters",
    "cm": "cm centimetre centimetres centimeter centimeters",
    "mm": "mm millimetre millimetres millimeter millimeters",
    "foot": "foot feet ft",
    "inch": "inch inches",
    "kg": "kg kilogram kilograms kilo kilos",
    "g": "g gram grams",
    "pound": "lb lbs pound pounds",
    "ton": "ton tons tonne tonnes",
    "celsius": "°c celsius centigrade",
    "fahrenheit": "°f fahrenheit",
    "second": "second seconds s",
    "minute": "minute minutes min",
    "hour": "hour hours h",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "year years",
    "percent": "% percent",
    "dollar": "$ dollar dollars usd",
    "euro": "€ euro euros eur",
    "sterling": "£ gbp",
    "million": "million millions",
    "billion": "billion billions",
}
_UNITS = {word: unit for unit, words in _NAMES.items() for word in words.split()}
_AFTER = re.compile(r"\d\s*(?:degrees?\s+)?(%|°\s?[cf]\b|[a-z]+)", re.IGNORECASE)
_SIGNS = re.compile("[$\u20ac\u00a3]")


def units_of(text: str) -> frozenset[str]:
    """Return the units that the numbers of a text have, each by one name.

    Examples
    --------
    >>> sorted(units_of("$5 and five kilometres")), units_of("5 apples")
    (['dollar', 'km'], frozenset())
    """
    signs = _SIGNS.findall(text)
    after = (each.replace(" ", "").lower() for each in _AFTER.findall(in_digits(text)))
    return frozenset(_UNITS[each] for each in (*signs, *after) if each in _UNITS)
