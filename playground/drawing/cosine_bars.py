"""Cosines as bars, and words as buttons that lead to them, in the labs on vectors."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from playground.drawing.marks import mark
from playground.drawing.markup import tag


def bars(title: str, rows: Iterable[Markup]) -> Markup:
    """Return a list of rows made by `cosine_bar`."""
    return tag("ol", *rows, class_="cosines", aria_label=title)


def cosine_bar(label: Markup, cosine: float, note: str = "", kind: str | None = None) -> Markup:
    """Return one row; its bar is full at 1 and empty at 0 and below.

    Parameters
    ----------
    label : Markup
        What it is the cosine of.
    cosine : float
        From -1 to 1.
    note : str
        Stands after the number.
    kind : str, optional
        Class of the row.
    """
    filled = tag("i", style=f"width:{100 * max(cosine, 0.0):.1f}%")
    return tag(
        "li",
        label,
        tag("span", filled, class_="track"),
        tag("span", signed(cosine), class_="value"),
        tag("span", note, class_="note"),
        class_=kind,
    )


def signed(number: float, digits: int = 3) -> str:
    r"""Return a number with a minus sign as wide as its digits.

    Examples
    --------
    >>> signed(-0.25) == "\N{MINUS SIGN}0.250", signed(-0.0001)
    (True, '0.000')
    """
    rounded = round(float(number), digits) + 0.0  # so that what rounds to zero has no sign
    return f"{rounded:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def token(text: str) -> Markup:
    """Return a token's text, what cannot be seen made visible."""
    return tag("span", mark(text), class_="token")
