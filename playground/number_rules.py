"""Numbers as they are given: by a slider, a field, JSON or the command line. Read once, here."""

from __future__ import annotations

import math

from playground.errors import OptionError
from playground.sentences import quoted


def as_number(value: object) -> float | None:
    """Return a finite number, or None if it is none.

    Examples
    --------
    >>> as_number("0.5"), as_number(3), as_number("nan"), as_number(True)
    (0.5, 3.0, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_whole(value: object) -> int | None:
    """Return a whole number, or None if it is none.

    Examples
    --------
    >>> as_whole("7"), as_whole(7.0), as_whole(7.5), as_whole("")
    (7, 7, None, None)
    """
    number = as_number(value)
    return int(number) if number is not None and number.is_integer() else None


def require_whole(what: str, value: object, lowest: int, highest: int) -> int:
    """Return a whole number inside its bounds.

    Parameters
    ----------
    what : str
        Begins the sentence if it is not: "`bits`", "The window".
    value : object
        As given.
    lowest, highest : int
        Both allowed.

    Raises
    ------
    OptionError
        When it is no number, not whole, or outside the bounds.

    Examples
    --------
    >>> require_whole("`bits`", 9, 2, 8)
    Traceback (most recent call last):
    playground.errors.OptionError: `bits` must be a whole number from 2 to 8, got 9.
    """
    number = as_whole(value)
    if number is None or not lowest <= number <= highest:
        raise OptionError(
            f"{what} must be a whole number from {lowest:,} to {highest:,}, got {shown(value)}."
        )
    return number


def shown(value: object) -> str:
    r"""Return what was given as a sentence may quote it: short, never blank, and all to be seen.

    Examples
    --------
    >>> shown(None), shown([]), shown("12"), shown("a dozen"), shown("\u200b")
    ('nothing', 'nothing', '12', "'a dozen'", "'⟨U+200B⟩'")
    """
    if value is None or (isinstance(value, str | list | tuple) and not value):
        return "nothing"
    if as_number(value) is not None:
        text = str(value).strip()
    else:
        text = quoted(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
