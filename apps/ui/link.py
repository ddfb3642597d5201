"""A link to a lab: its settings are filled into the form when the page is opened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from apps.ui.events import QUIET
from apps.ui.form import shown_value
from apps.ui.lab_panel import PageSection
from apps.ui.notice import render_error
from playground.errors import PlaygroundError
from playground.experiments.settings import Settings

# Longer than any form can say in an address that browsers take.
MAX_CHARACTERS = 65_536


class Link:
    """The settings in the page's address.

    Parameters
    ----------
    sections : iterable of PageSection
        Those that a link can fill.
    """

    def __init__(self, sections: Iterable[PageSection]) -> None:
        self._sections = {each.experiment.path: each for each in sections}
        self._notices = [each.notice for each in self._sections.values()]

    def wire(self, blocks: gr.Blocks) -> None:
        """Read the address when the page is opened; where it says nothing, nothing is filled."""
        address = gr.Textbox(visible="hidden", elem_id="address", show_label=False)
        fields = {field for each in self._sections.values() for field in each.linked.values()}
        read = blocks.load(None, None, address, js="() => location.search", **QUIET)
        read.then(None, js="() => { location.search || playgroundOpen(true) }", **QUIET)
        outputs = [*fields, *self._notices]
        filled = address.change(self.fill, address, outputs, **QUIET)
        filled.then(None, js="() => playgroundOpen(true)", **QUIET)

    def fill(self, query: str) -> dict[Any, Any]:
        """Return what the form named in an address shows; a bad value is said beside it."""
        given = dict(parse_qsl(query[:MAX_CHARACTERS].removeprefix("?"), keep_blank_values=True))
        path = f"{given.pop('lab', '')}/{given.pop('experiment', '')}"
        section = self._sections.get(path)
        if section is None or not given:
            return {field: gr.skip() for field in self._notices}
        try:
            return filled(section, section.form.settings(**given))
        except PlaygroundError as error:
            return {section.notice: render_error(error)}


def filled(section: PageSection, settings: Settings) -> dict[Any, Any]:
    """Return what all components show for these settings; shared ones only where they are said."""
    said = settings.changed()
    declared = settings.declared()
    shared = {
        section.linked[name]: shown_value(declared[name], said[name])
        for name in section.form.shared
        if name in said
    }
    return {**section.form.values(settings), **shared}
