"""The microscope: one weight matrix, quantized in whatever way one likes, and the model with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from apps.ui.background import Background
from apps.ui.events import QUIET, Stops
from apps.ui.notice import render_error, render_hint, render_outcome
from apps.ui.rail import Rail, read_choice, read_rail
from playground.errors import PlaygroundError
from playground.labs.precision.microscope import METHODS, Live, look, parse_scheme, try_live
from playground.labs.precision.microscope_view import render_live, render_look
from playground.models.acquire.fetch import ensure_model
from playground.models.engines.weights import matrix_shapes, read_matrix
from playground.serving import Pool

REDRAW_SECONDS = 0.3
ONE, ALL = "this matrix", "all linear layers"
_EMPTY = '<p class="hint">Read the model; then choose one of its matrices.</p>'

View = dict[Any, Any]


@dataclass(frozen=True, eq=False)
class Slide:
    """The matrix under the microscope."""

    reference: str
    name: str
    weights: NDArray[np.float32]


class MicroscopeSection:
    """The matrix, the scheme, and what they look like.

    Parameters
    ----------
    pool : Pool
        Knows where models lie.
    rail : Rail
        Says which model.
    """

    def __init__(self, pool: Pool, rail: Rail) -> None:
        self._pool = pool
        self._settings = pool.settings
        self._rail = rail
        self._stops = Stops()
        gr.HTML(
            '<p class="lead">Quantizing replaces each weight by the nearest of a few levels. Take '
            "any matrix of the model, choose how the levels are laid, and look at what is lost; "
            "then put it into a copy of the model and read what that one says.</p>",
            js_on_load=None,
        )
        with gr.Row(elem_id="scope-matrix"):
            self._matrix = gr.Dropdown(
                [], label="Weight matrix", elem_id="scope-name", scale=2, allow_custom_value=False
            )
            self._read = gr.Button("Read the model", variant="primary", elem_id="scope-read")
        self._method = gr.Radio(
            list(METHODS),
            value="row-wise",
            label="One scale for",
            elem_id="scope-method",
            info="absmax and zero-point: the matrix; row-wise: each row, as INT8 of bitsandbytes; "
            "block-wise and nf4: each block.",
        )
        with gr.Row(elem_id="scope-fields"):
            self._bits = gr.Number(8, label="Bits", info="2 to 8; NF4 has 4.", elem_id="scope-bits")
            self._block = gr.Number(
                64, label="Block size", info="For block-wise and nf4.", elem_id="scope-block"
            )
            self._where = gr.Radio([ONE, ALL], value=ALL, label="Put into", elem_id="scope-where")
        with gr.Row(elem_id="scope-actions"):
            self._try = gr.Button("Put it into a copy of the model", elem_id="scope-try")
            self._stop = gr.Button("Stop the trial", elem_id="scope-stop", visible=False)
        self._notice = gr.HTML("", elem_id="scope-notice", js_on_load=None)
        self._live = gr.HTML("", elem_id="scope-live", js_on_load=None)
        self._view = gr.HTML(_EMPTY, elem_id="scope", js_on_load=None)
        self._slide = gr.State(None)

    def wire(self) -> None:
        """Connect the components."""
        scheme = [self._method, self._bits, self._block]
        shown = [self._slide, self._notice, self._view]
        self._read.click(
            self._on_read, [*scheme, *self._rail.components], [self._matrix, *shown], **QUIET
        )
        self._matrix.input(
            self._on_matrix, [self._matrix, *scheme, *self._rail.components], shown, **QUIET
        )
        gr.on(
            [self._method.input, self._bits.change, self._block.change],
            self._on_scheme,
            [self._slide, *scheme],
            [self._notice, self._view],
            queue=False,
            trigger_mode="always_last",
            **QUIET,
        )
        self._try.click(
            self._on_try,
            [self._slide, self._where, *scheme],
            [self._notice, self._live, self._try, self._stop],
            concurrency_limit=None,
            **QUIET,
        )
        self._stop.click(self._stops.stop, queue=False, **QUIET)

    def _on_read(self, method: str, bits: object, block: object, *rail: Any) -> View:
        try:
            reference = read_choice(read_rail(rail)).reference
            names = list(matrix_shapes(ensure_model(reference, self._settings).path))
            name = next((each for each in names if "mlp" in each), names[0])
            view = self._put(reference, name, method, bits, block)
        except PlaygroundError as error:
            return {self._notice: render_error(error)}
        return {self._matrix: gr.update(choices=names, value=name), **view}

    def _on_matrix(self, name: str, method: str, bits: object, block: object, *rail: Any) -> View:
        try:
            return self._put(read_choice(read_rail(rail)).reference, name, method, bits, block)
        except PlaygroundError as error:
            return {self._notice: render_error(error)}

    def _put(self, reference: str, name: str, *scheme: Any) -> View:
        model = ensure_model(reference, self._settings)
        slide = Slide(reference, name, read_matrix(model.path, name))
        return {self._slide: slide, **self._on_scheme(slide, *scheme)}

    def _on_scheme(self, slide: Slide | None, method: str, bits: object, block: object) -> View:
        try:
            scheme = parse_scheme(method, bits, block)
        except PlaygroundError as error:
            return {self._notice: render_error(error)}
        if slide is None:
            return {self._notice: ""}
        shape = (slide.weights.shape[0], slide.weights.shape[1])
        seen = look(slide.weights, scheme)
        return {self._notice: "", self._view: render_look(slide.name, shape, scheme, seen)}

    def _on_try(
        self, request: gr.Request, slide: Slide | None, where: str, *values: Any
    ) -> Iterator[View]:
        if slide is None:
            yield {self._notice: render_hint("Read the model first; then it can be changed.")}
            return
        try:
            scheme = parse_scheme(*values)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        stages, found = ["starting"], list[Live]()
        yield {self._try: gr.update(visible=False), self._stop: gr.update(visible=True)}
        with self._stops.running(request) as stopped:

            def work() -> None:
                matrix = slide.name if where == ONE else None
                found.append(
                    try_live(
                        self._pool, slide.reference, scheme, matrix, stages.append, stopped.is_set
                    )
                )

            trial = Background(work)
            while not trial.finished(REDRAW_SECONDS):
                yield {self._notice: render_hint(f"In a copy of the model: {stages[-1]}…")}
        yield {
            self._notice: render_outcome(trial.error),
            self._try: gr.update(visible=True),
            self._stop: gr.update(visible=False),
            **({self._live: render_live(scheme, found[0])} if found else {}),
        }
