"""One line above the composer: what went wrong or what can be taken back."""

from __future__ import annotations

from html import escape


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
