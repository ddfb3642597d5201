"""Through the layers: one word in several sentences, and how its vectors part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from apps.ui.events import QUIET
from apps.ui.notice import render_error, render_hint
from apps.ui.rail import Rail, read_choice, read_rail
from apps.ui.vectors import VectorsFile
from playground.errors import PlaygroundError
from playground.labs.embeddings.layers import LEAST_LINES, MOST_LINES, Journey, follow, view
from playground.labs.embeddings.layers_view import render_journey
from playground.serving import Pool

FIRST_WORD = "bank"
FIRST_LINES = """We sat down on the river bank
The boat drifted towards the bank

She took her money to the savings bank
He asked for a loan at the bank"""
CENTRED, RAW = "centred: what sets them apart", "raw: as the model has them"
_EMPTY = '<p class="hint">Press Follow: the word will be drawn here, layer by layer.</p>'

View = dict[Any, Any]


class LayersSection:
    """The word, its lines, and its way.

    Parameters
    ----------
    pool : Pool
        Lends the model.
    rail : Rail
        Says which.
    """

    def __init__(self, pool: Pool, rail: Rail) -> None:
        self._pool = pool
        self._rail = rail
        gr.HTML(
            '<p class="lead">In the table a word has one vector. Layer by layer it takes in what '
            "stands before it: follow one word through the layers in sentences that mean different "
            "things by it.</p>",
            js_on_load=None,
        )
        with gr.Row(elem_id="layers-fields"):
            self._word = gr.Textbox(
                FIRST_WORD, label="Word to follow", max_lines=1, elem_id="layers-word", scale=1,
                min_width=160,
                info="A causal model reads from left to right: what gives the sense must come "
                "before it.",
            )  # fmt: skip
            self._lines = gr.Textbox(
                FIRST_LINES, label="Lines that hold it", lines=5, max_lines=12,
                elem_id="layers-lines", scale=3, min_width=260,
                info=f"{LEAST_LINES} to {MOST_LINES}; an empty line between lines of another "
                "sense.",
            )  # fmt: skip
        with gr.Row(elem_id="layers-actions"):
            self._follow = gr.Button(
                "Follow", variant="primary", elem_id="layers-follow", min_width=90
            )
            self._way = gr.Radio(
                [CENTRED, RAW], value=CENTRED, label="Vectors", elem_id="layers-way"
            )
        self._notice = gr.HTML("", elem_id="layers-notice", js_on_load=None)
        self._view = gr.HTML(
            _EMPTY, elem_id="layers", js_on_load="playgroundLayers(element, watch);"
        )
        self._file = VectorsFile("layers-file", "layers.csv")
        self._journey = gr.State(None)

    def wire(self) -> None:
        """Connect the components."""
        self._follow.click(
            self._on_follow, [self._word, self._lines, self._way, *self._rail.components],
            [self._journey, self._notice, self._view, self._file.button],
            concurrency_limit=None, **QUIET,
        )  # fmt: skip
        self._way.input(
            self._on_way, [self._journey, self._way], self._view,
            queue=False, trigger_mode="always_last", **QUIET,
        )  # fmt: skip

    def _on_follow(self, word: str, lines: str, way: str, *rail: Any) -> Iterator[View]:
        try:
            choice = read_choice(read_rail(rail))
            loaded = self._pool.model(choice) is not None
            yield {self._notice: render_hint(f"Reading the {'lines' if loaded else 'model'}…")}
            with self._pool.lease(choice) as model:
                journey = follow(model.engine, word, lines)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        yield {
            self._journey: journey, self._notice: "", self._view: _draw(journey, way),
            self._file.button: self._file.holding(
                _labels(journey), journey.states.reshape(-1, journey.states.shape[-1])
            ),
        }  # fmt: skip

    def _on_way(self, journey: Journey | None, way: str) -> str:
        return _EMPTY if journey is None else _draw(journey, way)


def _draw(journey: Journey, way: str) -> str:
    return render_journey(journey, view(journey, centred=way == CENTRED))


def _labels(journey: Journey) -> list[str]:
    return [
        f"layer {layer}, line {each.number}"
        for layer in range(len(journey.states))
        for each in journey.occurrences
    ]
