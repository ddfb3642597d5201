"""Cosines as bars, in the labs on vectors."""

from __future__ import annotations

from html import escape

from playground.drawing.marks import mark


def render_bars(title: str, rows: str) -> str:
    """Return a list of rows made by `cosine_bar`."""
    return f'<ol class="cosines" aria-label="{escape(title)}">{rows}</ol>'


def cosine_bar(label: str, cosine: float, note: str = "", kind: str = "") -> str:
    """Return one row; its bar is full at 1 and empty at 0 and below.

    Parameters
    ----------
    label : str
        HTML, already escaped.
    cosine : float
        From -1 to 1.
    note : str
        HTML after the number.
    kind : str
        Class of the row.
    """
    return (
        f'<li class="{kind}">{label}<span class="track"><i style="width:'
        f'{100 * max(cosine, 0.0):.1f}%"></i></span><span class="value">{signed(cosine)}</span>'
        f'<span class="note">{note}</span></li>'
    )


def signed(number: float, digits: int = 3) -> str:
    """Return a number with a minus sign as wide as its digits, as HTML.

    Examples
    --------
    >>> signed(-0.25), signed(-0.0001)
    ('&minus;0.250', '0.000')
    """
    rounded = round(float(number), digits) + 0.0  # so that what rounds to zero has no sign
    return f"{rounded:.{digits}f}".replace("-", "&minus;")


def token(text: str) -> str:
    """Return a token's text, what cannot be seen made visible."""
    return f'<span class="token">{escape(mark(text))}</span>'


def token_button(token_id: int, text: str) -> str:
    """Return a token's text as a button that names its id to the page."""
    return (
        f'<button type="button" class="token" data-token="{token_id}">{escape(mark(text))}</button>'
    )
