"""The switch of the content filter."""

from __future__ import annotations

import gradio as gr


def filter_switch() -> gr.Dropdown:
    """Lay out the switch; it is on for a new visitor."""
    return gr.Dropdown(
        ["on", "off"],
        value="on",
        label="Content filter",
        info="Checks what you ask, and holds back what may not be shown of a reply.",
        elem_id="moderation",
        filterable=False,
    )


def is_on(value: object) -> bool:
    """Return whether the filter is on: only a clear "off" switches it off."""
    return value != "off"
