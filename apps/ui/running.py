"""The badge and what was really loaded, drawn anew where a lab frees or deletes a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.events import Dependency

from apps.ui.badge import render_badge
from apps.ui.events import QUIET
from apps.ui.loaded import render_got
from apps.ui.rail import Rail, read_choice
from playground.errors import PlaygroundError
from playground.serving import Pool


def show_what_runs_after(event: Dependency, pool: Pool, rail: Rail, badge: gr.HTML | None) -> None:
    """Let the badge and the rail say what runs once an event is over.

    Parameters
    ----------
    event : Dependency
        After which a model may be gone.
    pool : Pool
        Has the models.
    rail : Rail
        Says which is chosen, and what was loaded of it.
    badge : gradio.HTML or None
        None where a section stands without a page.
    """
    if badge is None:
        return

    def show(data: Mapping[Any, Any]) -> Any:
        try:
            choice = read_choice(rail.read(data))
        except PlaygroundError:  # a number out of range, which the rail has said
            return gr.skip()
        model = pool.model(choice)
        got = render_got(model.engine if model else None)
        return {badge: render_badge(pool, choice), rail.got: got}

    event.then(show, set(rail.components), [badge, rail.got], queue=False, **QUIET)
