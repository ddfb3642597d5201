"""Memory in the models lab: what is loaded, what a load would take, and buttons that free."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.ui.events import QUIET
from apps.ui.memory import Forecast, render_forecasts, render_memory, spell_choice
from apps.ui.notice import render_error, render_hint
from apps.ui.rail import Rail, read_choice, read_rail
from playground.errors import PlaygroundError
from playground.models.acquire.fetch import find_installed
from playground.models.engines.choice import EngineName
from playground.models.engines.manager import ModelChoice
from playground.models.engines.memory import read_memory
from playground.models.engines.precision import Precision, estimate_bytes, read_shape
from playground.serving import Pool

View = dict[Any, Any]

_CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  if (button) trigger('select', {action: button.dataset.action, name: button.dataset.name});
});
"""


class MemorySection:
    """The two tables of memory.

    Parameters
    ----------
    pool : Pool
        Knows what is loaded.
    rail : Rail
        Says for which model a load is planned.
    """

    def __init__(self, pool: Pool, rail: Rail) -> None:
        self._pool = pool
        self._rail = rail
        self._notice = gr.HTML("", elem_id="memory-notice", js_on_load=None)
        self._now = gr.HTML("", elem_id="memory-now", js_on_load=_CLICKS)
        self._plans = gr.HTML("", elem_id="memory-plans", js_on_load=None)

    def wire(self, opener: gr.Button) -> None:
        """Connect the tables to the button that opens the lab, and to their own."""
        values, outputs = list(self._rail.components), [self._notice, self._now, self._plans]
        opener.click(self._on_open, values, outputs, **QUIET)
        self._now.select(self._on_action, values, outputs, **QUIET)

    def _on_open(self, *values: Any) -> View:
        return {self._notice: "", **self._view(*values)}

    def _on_action(self, event: gr.EventData, *values: Any) -> View:
        data = event._data or {}  # what the page's `trigger` handed over
        if data.get("action") == "free":
            return {self._notice: self._free(str(data.get("name"))), **self._view(*values)}
        return {self._notice: "", **self._view(*values)}

    def _free(self, named: str) -> str:
        for resident in self._pool.residents():
            if spell_choice(resident.choice) == named:
                freed = self._pool.free(resident.choice)
                what = f"{resident.title} at {resident.choice.precision.name}"
                said = "was freed" if freed else "is in use; wait for the reply, or stop it"
                return render_hint(f"{what} {said}.")
        return render_hint("It was freed already.")

    def _view(self, *values: Any) -> View:
        pool, memory = self._pool, read_memory()
        view: View = {
            self._now: render_memory(memory, pool.residents(), pool.settings.idle_minutes)
        }
        try:
            chosen = read_choice(read_rail(values))
            model = find_installed(chosen.reference, pool.settings)
        except PlaygroundError as error:
            return {**view, self._plans: render_error(error)}
        if model is None:
            hint = render_hint("The model chosen at the right is not here yet; fetch it first.")
            return {**view, self._plans: hint}
        shape = read_shape(model.path)
        forecasts = []
        for precision in Precision:
            choice = ModelChoice(chosen.reference, precision, EngineName(chosen.engine))
            forecasts.append(
                Forecast(
                    precision,
                    estimate_bytes(shape, precision),
                    pool.forecast(choice, model),
                    loaded=pool.model(choice) is not None,
                )
            )
        plans = render_forecasts(model.title, memory.available_bytes, forecasts)
        return {**view, self._plans: plans}
