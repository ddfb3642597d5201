"""The map: words of one's own on a plane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from apps.ui.events import QUIET
from apps.ui.notice import render_error, render_hint
from apps.ui.rail import Rail, read_choice, read_rail
from apps.ui.vectors import VectorsFile
from playground.errors import PlaygroundError
from playground.labs.embeddings.word_map import Layout, draw_map, parse_words
from playground.labs.embeddings.word_map_view import render_map
from playground.serving import Pool

FIRST_WORDS = """king, queen, prince, princess, man, woman, boy, girl
Paris, London, Berlin, Tokyo, France, England, Germany, Japan
Monday, Tuesday, Friday, red, green, blue, dog, cat, horse, one, two, three"""
_EMPTY = '<p class="hint">Press Draw: the words will stand here, those that are alike together.</p>'

View = dict[Any, Any]

# A word pointed at, or reached in the table, is marked, and what is near it is told: in the table's
# own HTML, in which all text is escaped.
_POINTING = """
function tell(event) {
  const at = event.target.closest('[data-place]');
  if (!at) return;
  const place = at.dataset.place;
  element.querySelectorAll('g[data-place]').forEach((word) => word.classList.toggle('current', word.dataset.place === place));
  const row = element.querySelector(`button[data-place="${place}"]`).closest('tr');
  element.querySelector('.told').innerHTML = `<b>${row.querySelector('button').innerHTML}</b> ${row.querySelector('.nearest').innerHTML}`;
}
element.addEventListener('mouseover', tell);
element.addEventListener('focusin', tell);
element.addEventListener('click', tell);
"""  # noqa: E501 - a script


class WordMapSection:
    """The words, the way to lay them out, and the map.

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
            '<p class="lead">A vector has hundreds of numbers, a picture two. PCA takes the two '
            "directions in which the words differ most, and leaves out the rest.</p>",
            js_on_load=None,
        )
        self._words = gr.Textbox(
            FIRST_WORDS, label="Words", lines=3, max_lines=8, elem_id="map-words",
            info="With commas or line ends between them; looked up as under Neighbours.",
        )  # fmt: skip
        with gr.Row(elem_id="map-fields"):
            self._layout = gr.Radio(
                [str(layout) for layout in Layout], value=str(Layout.PCA), label="Laid out by",
                elem_id="map-layout",
            )  # fmt: skip
            self._around = gr.Checkbox(
                False,
                label="Draw the nearest tokens too",
                elem_id="map-around",
                info="On a wide screen.",
            )
            self._draw = gr.Button("Draw", variant="primary", elem_id="map-draw", min_width=90)
        self._notice = gr.HTML("", elem_id="map-notice", js_on_load=None)
        self._map = gr.HTML(_EMPTY, elem_id="word-map", js_on_load=_POINTING)
        self._file = VectorsFile("map-file", "words.csv")

    def wire(self) -> None:
        """Connect the components."""
        self._draw.click(
            self._on_draw, [self._words, self._layout, self._around, *self._rail.components],
            [self._notice, self._map, self._file.button], concurrency_limit=None, **QUIET,
        )  # fmt: skip

    def _on_draw(self, text: str, layout: str, around: bool, *rail: Any) -> Iterator[View]:
        try:
            choice, way = read_choice(read_rail(rail)), Layout(layout)
            if self._pool.model(choice) is None:
                yield {self._notice: render_hint("Reading the model…")}
            with self._pool.lease(choice) as model:
                if way is Layout.UMAP:
                    told = "Laying out by UMAP; the first time it compiles itself, some seconds…"
                    yield {self._notice: render_hint(told)}
                shown = draw_map(model.engine, parse_words(text), way, with_satellites=around)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        labels = [word.text for word in shown.words]
        yield {
            self._notice: "", self._map: render_map(shown),
            self._file.button: self._file.holding(labels, shown.vectors),
        }  # fmt: skip
