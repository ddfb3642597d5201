"""The context lab: what a model is given to read, what falls out of it, and what it costs."""

from __future__ import annotations

import gradio as gr

from apps.chat.service import ChatService
from apps.ui.lab_panel import declared_tab
from apps.ui.rail import Rail
from apps.ui.section import Section
from apps.ui.tabs.context_cost import CostSection
from apps.ui.tabs.context_window import WindowSection
from playground.labs.context import LAB


class ContextTab:
    """The context lab and its sections, one under each of its tabs.

    Parameters
    ----------
    service : ChatService
        Has the conversation, and lends the models.
    rail : Rail
        Says which one is meant.
    key : gradio.Textbox
        The hidden field with the browser's conversation key.
    """

    def __init__(self, service: ChatService, rail: Rail, key: gr.Textbox) -> None:
        gr.HTML(
            '<h1 class="title">Context window</h1><p class="lead">A model reads only what fits its '
            "window. What has fallen out, it has never heard of.</p>",
            js_on_load=None,
        )
        with gr.Tabs(elem_id="context-tabs"):
            with gr.Tab("Window", elem_id="context-section-window"):
                self._window = WindowSection(service, rail, key)
            self._declared = [declared_tab(each, service.pool, rail) for each in LAB.experiments]
            with gr.Tab("Cost", elem_id="context-section-cost") as cost:
                self._cost = CostSection(service, rail, key, cost)

    @property
    def sections(self) -> list[Section]:
        """Those that a link can fill."""
        return self._declared

    @property
    def prompt(self) -> gr.Textbox:
        """The field whose text travels between labs."""
        return self._window.message

    def wire(self, opener: gr.Button) -> None:
        """Connect the components.

        Parameters
        ----------
        opener : gradio.Button
            Opens the lab.
        """
        self._window.wire(opener)
        for section in self._declared:
            section.wire()
        self._cost.wire()
