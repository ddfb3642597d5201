"""Numbers as the tables of this lab write them."""

from __future__ import annotations

NONE = "\N{EN DASH}"  # where there is no figure


def written(value: float | None, digits: int = 3) -> str:
    r"""Return a number with a minus sign as wide as its digits; a dash where there is none.

    Examples
    --------
    >>> written(-0.25, 2) == "\N{MINUS SIGN}0.25", written(None) == NONE
    (True, True)
    """
    if value is None:
        return NONE
    return f"{value + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def counted(count: int, what: str) -> str:
    """Return a number with what it counts, in the plural but for one.

    Examples
    --------
    >>> counted(1, "token"), counted(0, "sample"), counted(1200, "token")
    ('1 token', '0 samples', '1,200 tokens')
    """
    return f"{count:,} {what}" + ("" if count == 1 else "s")
