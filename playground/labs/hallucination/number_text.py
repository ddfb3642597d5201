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
