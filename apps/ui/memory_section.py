"""Memory on the page: the generic section, with buttons that free a model or look again."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.ui.events import QUIET
from apps.ui.form import Component
from apps.ui.lab_panel import Parts
from apps.ui.notice import render_hint
from apps.ui.running import show_what_runs_after
from apps.ui.section import Section, View
from playground.experiments.experiment import Experiment
from playground.labs.models.memory import spell_choice


class MemorySection(Section):
    """What is loaded, with buttons that free it.

    Parameters
    ----------
    experiment : Experiment
        Which.
    parts : Parts
        What the page has.
    """

    def __init__(self, experiment: Experiment, parts: Parts) -> None:
        super().__init__(experiment, parts.pool, parts.rail)
        self._badge = parts.badge

    def wire(self) -> None:
        """Connect the components."""
        super().wire()
        done = self._view.click(self._on_do, self.inputs, self.drawn, **QUIET)
        show_what_runs_after(done, self._pool, self._rail, self._badge)

    def _on_do(self, data: dict[Component, Any], event: gr.EventData) -> View:
        """Free a model where a button says so, and look again."""
        what = event._data or {}  # what the page's `trigger` handed over
        said = self._free(str(what.get("name"))) if what.get("action") == "free" else ""
        view = self._on_change(data)
        return {**view, self.notice: said or view[self.notice]}

    def _free(self, named: str) -> str:
        for resident in self._pool.residents():
            if spell_choice(resident.choice) == named:
                freed = self._pool.free(resident.choice)
                what = f"{resident.title} at {resident.choice.precision.label}"
                said = "was freed" if freed else "is in use; wait for the reply, or stop it"
                return render_hint(f"{what} {said}.")
        return render_hint("It was freed already.")
