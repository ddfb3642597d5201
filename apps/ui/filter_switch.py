"""The switch of the content filter."""

from __future__ import annotations

import gradio as gr

from apps.ui.rail_labels import LABELS

EXPLAINED = "Checks what you ask, and holds back what may not be shown of a reply."
FIXED = "Set for everybody by whoever started this page (`playground ui --moderation on|off`)."


def filter_switch(fixed: bool | None = None) -> gr.Dropdown:
    """Lay out the switch; it is on for a new visitor.

    Parameters
    ----------
    fixed : bool, optional
        How whoever started the page has set it for all: then it only tells. The chat holds to
        that, whatever a page sends.
    """
    values = ["on", "off"] if fixed is None else ["on" if fixed else "off"]
    return gr.Dropdown(
        values,
        value=values[0],
        label=LABELS["moderation"],
        info=EXPLAINED if fixed is None else f"{EXPLAINED} {FIXED}",
        elem_id="moderation",
        filterable=False,
        interactive=fixed is None,
    )


def is_on(value: object) -> bool:
    """Return whether the filter is on: only a clear "off" switches it off."""
    return value != "off"
