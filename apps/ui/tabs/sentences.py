"""Sentences: the person's own lines as vectors, compared and searched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from apps.ui.background import Background
from apps.ui.events import QUIET, Stops
from apps.ui.notice import render_error, render_hint, render_outcome
from apps.ui.tabs.models import render_progress
from apps.ui.vectors import VectorsFile
from playground.errors import PlaygroundError
from playground.labs.embeddings.sentences import (
    MOST_LINES,
    Found,
    Sentences,
    embed_lines,
    read_lines,
    read_query,
    search,
)
from playground.labs.embeddings.sentences_view import render_cut, render_found, render_matrix
from playground.models.acquire.catalog import find_entry
from playground.models.acquire.fetch import FetchProgress, ensure_model
from playground.models.engines.embedder import EMBEDDER, load_embedder
from playground.serving import Pool

FIRST_LINES = """The cat is asleep on the sofa.
A kitten naps on the couch.
The stock market fell sharply today.
Shares lost value this afternoon.
She plays the violin in an orchestra.
He practises the cello every day.
How do I reset my password?
I cannot log in to my account."""
REDRAW_SECONDS = 0.25
_EMPTY = '<p class="hint">Press Compare: how alike your lines are will stand here.</p>'

View = dict[Any, Any]

_CANCEL_CLICKS = """
element.addEventListener('click', (event) => {
  if (event.target.closest('button[data-action=cancel]')) trigger('select', {});
});
"""


class SentencesSection:
    """The lines, how alike they are, and the search.

    Parameters
    ----------
    pool : Pool
        Says where models lie.
    """

    def __init__(self, pool: Pool) -> None:
        self._settings = pool.settings
        self._stops = Stops()
        gr.HTML(
            '<p class="lead">A chat model has a vector for every token, none for a sentence. A '
            f"small encoder, {_about_encoder()}, was trained to give one to each sentence, so that "
            "like meanings lie close, whatever the words. It is fetched once, when it is first "
            "used.</p>",
            js_on_load=None,
        )
        self._lines = gr.Textbox(
            FIRST_LINES, label="Your lines", lines=8, max_lines=16, elem_id="sentence-lines",
            info=f"One sentence a line, up to {MOST_LINES}.",
        )  # fmt: skip
        with gr.Row(elem_id="sentence-actions"):
            self._compare = gr.Button("Compare", variant="primary", elem_id="sentence-compare")
        with gr.Row(elem_id="sentence-search", elem_classes="field-and-button"):
            self.query = gr.Textbox(
                "I forgot my login", label="Search for", max_lines=4, elem_id="sentence-query",
                elem_classes="travels",
            )  # fmt: skip
            self._search = gr.Button("Search", elem_id="sentence-find", min_width=90)
        self._notice = gr.HTML("", elem_id="sentence-notice", js_on_load=_CANCEL_CLICKS)
        self._found = gr.HTML("", elem_id="sentence-found", js_on_load=None)
        self._matrix = gr.HTML(_EMPTY, elem_id="sentence-matrix", js_on_load=None)
        self._file = VectorsFile("sentence-file", "sentences.csv")
        self._known = gr.State(None)

    def wire(self) -> None:
        """Connect the components."""
        outputs = [self._notice, self._found, self._matrix, self._file.button, self._known]
        self._compare.click(
            self._on_compare, [self._lines, self._known], outputs, concurrency_limit=None, **QUIET
        )
        gr.on(
            [self._search.click, self.query.submit],
            self._on_search, [self._lines, self.query, self._known], outputs,
            concurrency_limit=None, **QUIET,
        )  # fmt: skip
        self._notice.select(self._stops.stop, queue=False, **QUIET)

    def _on_compare(
        self, request: gr.Request, text: str, known: Sentences | None
    ) -> Iterator[View]:
        try:
            lines = read_lines(text, least=2)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        yield from self._run(request, lines, None, known)

    def _on_search(
        self, request: gr.Request, text: str, query: str, known: Sentences | None
    ) -> Iterator[View]:
        try:
            lines, wanted = read_lines(text), read_query(query)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        yield from self._run(request, lines, wanted, known)

    def _run(
        self,
        request: gr.Request,
        lines: tuple[str, ...],
        query: str | None,
        known: Sentences | None,
    ) -> Iterator[View]:
        """Fetch the encoder if need be, turn lines into vectors that are not yet, and search."""
        newest, done = list[FetchProgress](), list[tuple[Sentences, tuple[Found, ...]]]()
        with self._stops.running(request) as stopped:

            def work() -> None:
                model = ensure_model(
                    EMBEDDER, self._settings, newest.append, stopped.is_set, any_kind=True
                )
                newest.clear()
                embedder = load_embedder(model)
                same = known is not None and known.lines == lines
                sentences = known if known and same else embed_lines(embedder, lines)
                found = search(embedder, sentences, query) if query else ()
                done.append((sentences, found))

            job = Background(work)
            while not job.finished(REDRAW_SECONDS):
                yield {self._notice: _progress(newest)}
        if job.error or not done:
            yield {self._notice: render_outcome(job.error)}
            return
        yield self._shown(*done[0], query, known)

    def _shown(
        self,
        sentences: Sentences,
        found: tuple[Found, ...],
        query: str | None,
        known: Sentences | None,
    ) -> View:
        view: View = {self._notice: ""}
        if sentences is not known:  # what stands there belongs to other lines
            several = len(sentences.lines) > 1
            view |= {
                self._known: sentences, self._found: "",
                self._matrix: render_matrix(sentences) if several else render_cut(sentences),
                self._file.button: self._file.holding(sentences.lines, sentences.vectors),
            }  # fmt: skip
        if query:
            view[self._found] = render_found(query, found)
        return view


def _about_encoder() -> str:
    entry = find_entry(EMBEDDER)
    size = f"{entry.hub.size_bytes / 1e6:.0f} MB, " if entry.hub else ""
    return f"{entry.title} ({size}{entry.license})"


def _progress(newest: list[FetchProgress]) -> str:
    if not newest:
        return render_hint("Turning the lines into vectors…")
    return render_progress(find_entry(EMBEDDER), newest[-1])
