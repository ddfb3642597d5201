"""The precision lab: the same model with fewer bits a weight, measured, and why it is so."""

from __future__ import annotations

import gradio as gr

from apps.ui.lab_panel import declared_tab
from apps.ui.rail import Rail
from apps.ui.tabs.bench import BenchSection
from playground.labs.precision import LAB
from playground.serving import Pool


class PrecisionTab:
    """The precision lab and its sections, one under each of its tabs.

    Parameters
    ----------
    pool : Pool
        Knows the models.
    rail : Rail
        Says which one is meant.
    """

    def __init__(self, pool: Pool, rail: Rail) -> None:
        gr.HTML(
            '<h1 class="title">Precision</h1><p class="lead">The same model with fewer bits a '
            "weight: what it saves, what it costs, and why.</p>",
            js_on_load=None,
        )
        with gr.Tabs(elem_id="precision-tabs"):
            with gr.Tab("Bench", elem_id="precision-bench"):
                self._bench = BenchSection(pool, rail)
            self.sections = [declared_tab(each, pool, rail) for each in LAB.experiments]

    def wire(self) -> None:
        """Connect the components."""
        self._bench.wire()
        for section in self.sections:
            section.wire()
