"""Neighbours: a word's vector, and the tokens nearest to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import numpy as np

from apps.ui.events import QUIET
from apps.ui.notice import render_error, render_hint
from apps.ui.rail import Rail, read_choice, read_rail
from apps.ui.vectors import VectorsFile
from playground.errors import PlaygroundError
from playground.labs.embeddings.neighbours import find_neighbours
from playground.labs.embeddings.neighbours_view import render_neighbourhood
from playground.models.engines.engine import Engine
from playground.models.engines.vocabulary import spell
from playground.serving import Pool

FIRST_WORD = "king"
_EMPTY = '<p class="hint">Press Find: the tokens nearest to the word will stand here.</p>'

View = dict[Any, Any]

_CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-token]');
  if (button) trigger('select', {token: Number(button.dataset.token)});
});
"""


class NeighboursSection:
    """The word and its neighbours.

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
            '<p class="lead">Every token has one row in the table of the model, its vector. Tokens '
            "that are used alike have vectors that point the same way.</p>",
            js_on_load=None,
        )
        with gr.Row(elem_id="near-fields", elem_classes="field-and-button"):
            self._word = gr.Textbox(
                FIRST_WORD, label="Word", max_lines=1, elem_id="near-word",
                info="With the space before it, as it stands in a text; in quotes as typed; #4197 "
                "by its id.",
            )  # fmt: skip
            self._find = gr.Button("Find", variant="primary", elem_id="near-find", min_width=90)
        self._notice = gr.HTML("", elem_id="near-notice", js_on_load=None)
        self._found = gr.HTML(_EMPTY, elem_id="near", js_on_load=_CLICKS)
        self._file = VectorsFile("near-file", "neighbours.csv")

    def wire(self) -> None:
        """Connect the components."""
        outputs = [self._word, self._notice, self._found, self._file.button]
        gr.on(
            [self._find.click, self._word.submit],
            self._on_find, [self._word, *self._rail.components], outputs,
            concurrency_limit=None, **QUIET,
        )  # fmt: skip
        self._found.select(
            self._on_token, list(self._rail.components), outputs, concurrency_limit=None, **QUIET
        )

    def _on_find(self, typed: str, *rail: Any) -> Iterator[View]:
        yield from self._look_up(rail, lambda _engine: typed)

    def _on_token(self, event: gr.EventData, *rail: Any) -> Iterator[View]:
        token_id = int((event._data or {}).get("token", 0))  # what the page's `trigger` handed over
        yield from self._look_up(rail, lambda engine: spell(engine.tokenizer, token_id))

    def _look_up(self, rail: tuple[Any, ...], name: Callable[[Engine], str]) -> Iterator[View]:
        try:
            choice = read_choice(read_rail(rail))
            if self._pool.model(choice) is None:
                yield {self._notice: render_hint("Reading the model…")}
            with self._pool.lease(choice) as model:
                engine = model.engine
                typed = name(engine)
                found = find_neighbours(engine, typed)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        labels = [found.word.text, *(each.text for each in found.neighbours)]
        yield {
            self._word: typed, self._notice: "", self._found: render_neighbourhood(found),
            self._file.button: self._file.holding(
                labels, np.concatenate([found.vector[None], found.vectors])
            ),
        }  # fmt: skip
