"""The window in the context lab: what was tried can be taken over by the chat."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.ui.conversation_section import ConversationSection
from apps.ui.events import QUIET
from apps.ui.form import Component
from apps.ui.lab_panel import Parts
from apps.ui.notice import render_hint
from apps.ui.section import View
from playground.errors import PlaygroundError
from playground.experiments.experiment import Experiment
from playground.generation.fitting.overflow import OverflowPolicy

_USED = "The chat now has this window, reserve and policy."


class WindowSection(ConversationSection):
    """The next message, the window, and what would be left out.

    Parameters
    ----------
    experiment : Experiment
        Which.
    parts : Parts
        What the page has.
    """

    def __init__(self, experiment: Experiment, parts: Parts) -> None:
        super().__init__(experiment, parts)
        self._policy = self.form.fields["policy"]
        self._policy.info = OverflowPolicy(self._policy.value).explanation
        with self._actions:
            self._use = gr.Button("Use these in the chat", size="sm", elem_id=f"use-{self._id}")

    def wire(self) -> None:
        """Connect the components."""
        super().wire()
        rail, quiet = self._rail, {**QUIET, "queue": False}
        self._policy.change(
            _explained, self._policy, self._policy, trigger_mode="multiple", **quiet
        )
        taken = [self.notice, rail.overflow, rail.window, rail.max_new_tokens]
        self._use.click(self._on_use, self.inputs, taken, js=self.script, **quiet)

    @property
    def counting(self) -> tuple[str, ...]:
        """The run settings beside it: those that it sets, too."""
        return (*super().counting, "overflow", "context_window", "max_new_tokens")

    def _on_use(self, data: dict[Component, Any]) -> View:
        """Put what was tried into the run settings."""
        try:
            settings, _ = self._asked(data)
        except PlaygroundError as error:
            return {self.notice: self.form.told(error)}
        tried, rail = settings.to_json(), self._rail
        return {
            self.notice: render_hint(_USED),
            rail.overflow: tried["policy"],
            rail.window: str(tried["window"]),
            rail.max_new_tokens: tried["reserve"],
        }


def _explained(policy: str) -> Any:
    return gr.update(info=OverflowPolicy.parse(policy).explanation)
