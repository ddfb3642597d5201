"""Numbers as the lab writes them: few digits, and a minus that is one."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
_RAISED = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")


def show(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits.

    Examples
    --------
    >>> show(0.12345), show(2.0), show(-0.0)
    ('0.123', '2', '0')
    """
    mantissa, _, power = f"{value + 0:.{digits}g}".partition("e")
    return _with_power(mantissa, int(power)) if power else mantissa.replace("-", MINUS)


def show_full(value: float, digits: int = 8) -> str:
    """Return a number with its zeros, so that two of them can be held against each other.

    Examples
    --------
    >>> show_full(0.125), show_full(12.5)
    ('0.12500000', '12.500000')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
        return f"{value + 0:.{max(digits - whole, 0)}f}".replace("-", MINUS)
    power = math.floor(math.log10(abs(value)))
    return _with_power(f"{value / 10.0**power:.{digits - 1}f}", power)


def _with_power(mantissa: str, power: int) -> str:
    return f"{mantissa} {TIMES} 10".replace("-", MINUS) + str(power).translate(_RAISED)


def show_line(weight: float, bias: float, name: str = "x") -> str:
    """Return a straight line's formula.

    Examples
    --------
    >>> show_line(1.5, 1), show_line(2, 0.5, "a")
    ('1.5 x + 1', '2 a + 0.5')
    """
    sign = MINUS if bias < 0 else "+"
    return f"{show(weight)} {name} {sign} {show(abs(bias))}"
