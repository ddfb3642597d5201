"""One line above the composer: what went wrong or what can be taken back."""

from __future__ import annotations

from html import escape

from playground.errors import FetchCancelled
from playground.experiments.run import Stopped


def render_error(error: Exception | str) -> str:
    """Return an error's sentence."""
    return f'<div class="notice error" role="alert"><span>{escape(str(error))}</span></div>'


def render_hint(text: str, action: str | None = None, label: str = "") -> str:
    """Return a sentence, with one thing to do about it."""
    button = f'<button type="button" data-action="{action}">{escape(label)}</button>'
    return (
        f'<div class="notice" role="status"><span>{escape(text)}</span>'
        f"{button if action else ''}</div>"
    )


def render_outcome(error: Exception | None, otherwise: str = "") -> str:
    """Return what work in the background came to: what the person stopped is no error.

    Parameters
    ----------
    error : Exception or None
        What it raised.
    otherwise : str
        The HTML that stands there when nothing was raised.
    """
    if error is None:
        return otherwise
    return (
        render_hint(str(error))
        if isinstance(error, FetchCancelled | Stopped)
        else render_error(error)
    )
