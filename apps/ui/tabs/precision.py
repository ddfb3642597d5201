"""The precision lab: the same model with fewer bits a weight, measured, and why it is so."""

from __future__ import annotations

import gradio as gr


class PrecisionTab:
    """The precision lab and its sections, one under each of its tabs."""

    def __init__(self) -> None:
        gr.HTML(
            '<h1 class="title">Precision</h1><p class="lead">The same model with fewer bits a '
            "weight: what it saves, what it costs, and why.</p>",
            js_on_load=None,
        )
        with gr.Tabs(elem_id="precision-tabs"):
            with gr.Tab("Floats", elem_id="precision-floats"):
                pass
            with gr.Tab("Retraining", elem_id="precision-retraining"):
                pass

    def wire(self) -> None:
        """Connect the components."""
