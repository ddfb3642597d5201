"""The embeddings lab: the vectors of tokens, of words in context, and of sentences."""

from __future__ import annotations

import gradio as gr

from apps.ui.rail import Rail
from apps.ui.tabs.arithmetic import ArithmeticSection
from apps.ui.tabs.layers import LayersSection
from apps.ui.tabs.neighbours import NeighboursSection
from apps.ui.tabs.sentences import SentencesSection
from apps.ui.tabs.word_map import WordMapSection
from playground.serving import Pool


class EmbeddingsTab:
    """The embeddings lab and its sections, under its tabs.

    Parameters
    ----------
    pool : Pool
        Lends the models.
    rail : Rail
        Says which one is meant.
    """

    def __init__(self, pool: Pool, rail: Rail) -> None:
        gr.HTML(
            '<h1 class="title">Embeddings</h1><p class="lead">To a model every token is a list of '
            "numbers, a vector. What is alike lies close together.</p>",
            js_on_load=None,
        )
        with gr.Tabs(elem_id="embeddings-tabs"):
            with gr.Tab("Neighbours", elem_id="embeddings-neighbours"):
                self._neighbours = NeighboursSection(pool, rail)
                self._arithmetic = ArithmeticSection(pool, rail)
            with gr.Tab("Map", elem_id="embeddings-map"):
                self._map = WordMapSection(pool, rail)
            with gr.Tab("Through the layers", elem_id="embeddings-layers"):
                self._layers = LayersSection(pool, rail)
            with gr.Tab("Sentences", elem_id="embeddings-sentences"):
                self._sentences = SentencesSection(pool)

    @property
    def prompt(self) -> gr.Textbox:
        """The field whose text travels between labs."""
        return self._sentences.query

    def wire(self) -> None:
        """Connect the components."""
        self._neighbours.wire()
        self._arithmetic.wire()
        self._map.wire()
        self._layers.wire()
        self._sentences.wire()
