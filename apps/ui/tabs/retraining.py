"""Retraining in the precision lab: quantized after training against trained for it, live."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from apps.ui.background import Background
from apps.ui.events import QUIET, Stops
from apps.ui.notice import render_error, render_hint, render_outcome
from playground.errors import OptionError
from playground.labs.precision.retraining import (
    BITS,
    EPOCHS,
    MAX_EPOCHS,
    Retraining,
    parse_plan,
    retrain,
)
from playground.labs.precision.retraining_view import render_retraining

REDRAW_SECONDS = 0.2

View = dict[Any, Any]


class RetrainingSection:
    """The fields, the curves and the table."""

    def __init__(self) -> None:
        self._stops = Stops()
        gr.HTML(
            '<h2 class="title">Retraining</h2><p class="lead">The 784-16-16-10 digits network, '
            "rounded after training (PTQ), and trained while it is rounded (QAT). Few bits break "
            "the first; watch what the second wins back, and what that costs in time.</p>",
            js_on_load=None,
        )
        with gr.Row(elem_id="retrain-fields"):
            self._bits = gr.CheckboxGroup(
                [(f"{bits} bits", bits) for bits in BITS], value=list(BITS), label="Widths",
                elem_id="retrain-bits", scale=2, min_width=240,
            )  # fmt: skip
            self._epochs = gr.Number(
                EPOCHS, label="Epochs", info=f"Of each training; at most {MAX_EPOCHS}.",
                elem_id="retrain-epochs", min_width=110,
            )  # fmt: skip
            self._seed = gr.Number(
                0, label="Training seed", info="Repeats the curves.",
                elem_id="retrain-seed", min_width=110,
            )  # fmt: skip
        with gr.Row(elem_id="retrain-actions"):
            self._run = gr.Button("Train", variant="primary", elem_id="run-retrain")
            self._stop = gr.Button("Stop training", elem_id="stop-retrain", visible=False)
        self._notice = gr.HTML("", elem_id="retrain-notice", js_on_load=None)
        self._curves = gr.HTML(
            '<p class="hint">The curves will stand here.</p>', elem_id="retrain", js_on_load=None
        )

    def wire(self) -> None:
        """Connect the components."""
        self._run.click(
            self._on_run, [self._bits, self._epochs, self._seed],
            [self._curves, self._notice, self._run, self._stop],
            concurrency_limit=None, **QUIET,
        )  # fmt: skip
        self._stop.click(self._stops.stop, queue=False, **QUIET)

    def _on_run(
        self, bits: list[Any], epochs: Any, seed: Any, request: gr.Request
    ) -> Iterator[View]:
        try:
            plan = parse_plan(bits, epochs, seed)
        except OptionError as error:
            yield {self._notice: render_error(error)}
            return
        known: list[Retraining] = []
        yield {
            self._notice: render_hint("Training…"),
            self._run: gr.update(visible=False), self._stop: gr.update(visible=True),
        }  # fmt: skip
        with self._stops.running(request) as stopped:

            def train() -> None:
                for each in retrain(plan):
                    known[:] = [each]
                    if stopped.is_set():
                        return

            training = Background(train)
            while not training.finished(REDRAW_SECONDS):
                if known:
                    yield {self._curves: render_retraining(known[0]), self._notice: ""}
            ended = "Training was stopped; what it had reached stands below."
            notice = render_hint(ended) if stopped.is_set() else ""
        yield {
            **({self._curves: render_retraining(known[0])} if known else {}),
            self._notice: render_outcome(training.error, notice),
            self._run: gr.update(visible=True), self._stop: gr.update(visible=False),
        }  # fmt: skip
