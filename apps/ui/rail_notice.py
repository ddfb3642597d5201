"""What a choice or a setting of the rail came to that cannot be: said where it was made."""

from __future__ import annotations

from apps.ui.notice import name_fields
from playground.drawing.markup import prose, tag


def render_rail_error(error: Exception) -> str:
    """Return an error's sentence with a button that puts it away."""
    close = tag(
        "button",
        "\N{MULTIPLICATION SIGN}",
        type="button",
        aria_label="Close",
        onclick="this.closest('.notice').hidden = true",
    )
    said = tag("span", prose(name_fields(str(error))))
    return str(tag("div", said, close, class_="notice error", role="alert"))
