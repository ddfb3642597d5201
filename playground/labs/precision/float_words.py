"""Numbers as the page of floats writes them."""

from __future__ import annotations

import math

from playground.labs.precision.float_anatomy import spell

# By their codes: in the source they would look like hyphens.
MINUS, _MISSING = "\u2212", "\u2013"


def show_value(number: float) -> str:
    """Return a number in full, as short as float64 tells it apart.

    Examples
    --------
    >>> show_value(65504.0), show_value(math.inf), show_value(math.nan)
    ('65,504', '∞', 'NaN')
    """
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "∞" if number > 0 else f"{MINUS}∞"
    if number == int(number) and 1000 <= abs(number) < 1e7:
        return f"{number:,.0f}".replace("-", MINUS)
    return spell(number).replace("-", MINUS)


def show_short(number: float) -> str:
    """Return a number in three digits, a missing one as a dash.

    Examples
    --------
    >>> show_short(65504.0), show_short(0.5)
    ('6.55e04', '0.5')
    """
    if math.isnan(number):
        return _MISSING
    if not math.isfinite(number):
        return show_value(number)
    return f"{number:.3g}".replace("-", MINUS).replace("e+", "e")


def show_share(number: float) -> str:
    """Return a share in per cent, one of nothing or of everything not rounded away.

    Examples
    --------
    >>> show_share(0.125), show_share(1.0)
    ('12.5 %', '100 %')
    """
    if not math.isfinite(number):
        return show_short(number)
    return f"{show_short(100 * number)} %"
