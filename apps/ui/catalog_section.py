"""The catalog on the page: the generic section, with buttons that fetch and delete.

Picture, form, export and address come from the declaration. A model's terms are shown before it is
fetched, and a fetch ends when it is cancelled or the page is left. What deleting frees is said
first, and it is done at a second press.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

import gradio as gr
from markupsafe import Markup

from apps.ui.background import Background
from apps.ui.events import QUIET
from apps.ui.form import Component
from apps.ui.lab_panel import Parts
from apps.ui.model_choices import model_choices
from apps.ui.notice import render_error, render_hint, render_outcome
from apps.ui.section import REDRAW_SECONDS, Section, View
from playground.drawing.markup import tag
from playground.errors import OptionError, PlaygroundError
from playground.experiments.experiment import Experiment
from playground.labs.models.buttons import action_button
from playground.models.acquire.catalog import CatalogEntry, find_entry
from playground.models.acquire.fetch import FetchProgress, ensure_model
from playground.models.acquire.removal import Removal, delete_model, plan_removal
from playground.models.acquire.terms import read_terms


class CatalogSection(Section):
    """The models, and the fetch that a page has under way.

    Parameters
    ----------
    experiment : Experiment
        Which.
    parts : Parts
        What the page has.
    """

    def __init__(self, experiment: Experiment, parts: Parts) -> None:
        super().__init__(experiment, parts.pool, parts.rail)
        self._settings = parts.pool.settings
        self._local = parts.local

    def wire(self) -> None:
        """Connect the components."""
        super().wire()
        gr.on(
            [self.notice.click, self._view.click],
            self._on_press,
            None,
            [self.notice, self._rail.model],
            concurrency_limit=None,
            trigger_mode="multiple",  # a fetch that is under way can be cancelled
            **QUIET,
        ).then(self._on_done, self.inputs, self.drawn, queue=False, **QUIET)

    def open(self, data: Mapping[Component, Any]) -> View:
        """Return what stands there when it comes into sight; what was said of a fetch stays."""
        return self._on_done(dict(data))

    def _on_press(self, event: gr.EventData, request: gr.Request) -> Iterator[View]:
        """Do it; Gradio empties all outputs of a generator that yields nothing, the model's too."""
        changed = False
        with closing(self._on_do(event, request)) as views:
            for view in views:
                changed = True
                yield view
        if not changed:
            yield {self.notice: gr.skip()}

    def _on_do(self, event: gr.EventData, request: gr.Request) -> Generator[View, None, None]:
        """Fetch, show terms, accept or leave them, cancel, or delete."""
        what = event._data or {}  # what the page's `trigger` handed over
        action, name = str(what.get("action")), str(what.get("name"))
        try:
            if action == "cancel":
                self._stops.stop(request)
            elif action == "leave":
                yield {self.notice: ""}
            elif action == "fetch" and find_entry(name).terms_file:
                yield from self._show_terms(find_entry(name))
            elif action in ("fetch", "accept"):
                yield from self._fetch(find_entry(name), request)
            elif action in ("delete", "delete it"):
                yield self._delete(find_entry(name), confirmed=action == "delete it")
        except PlaygroundError as error:
            yield {self.notice: render_error(error)}

    def _on_done(self, data: dict[Component, Any]) -> View:
        """Redraw what is here; what was said of a fetch stays."""
        redrawn = self._on_change(data)
        return {self.notice: gr.skip(), **{k: v for k, v in redrawn.items() if k != self.notice}}

    def _show_terms(self, entry: CatalogEntry) -> Iterator[View]:
        yield {self.notice: render_hint(f"Fetching the terms of {entry.title}…")}
        yield {self.notice: render_terms(entry, read_terms(entry, self._settings) or "")}

    def _fetch(self, entry: CatalogEntry, request: gr.Request) -> Iterator[View]:
        if self._stops.busy(request):
            yield {self.notice: render_hint("A fetch is under way; cancel it or wait for its end.")}
            return
        newest = [FetchProgress("starting")]
        with self._stops.running(request) as stopped:

            def work() -> None:
                # Only the button below the terms leads here for a model that has some.
                accepted = entry.terms_file is not None
                ensure_model(
                    entry.name,
                    self._settings,
                    newest.append,
                    stopped.is_set,
                    accept_terms=accepted,
                    any_kind=True,
                )

            fetching = Background(work)
            while not fetching.finished(REDRAW_SECONDS):
                newest[:] = newest[-1:]
                yield {self.notice: render_progress(entry, newest[-1])}
        yield {self.notice: render_outcome(fetching.error, _done(entry)), **self._offered()}

    def _delete(self, entry: CatalogEntry, confirmed: bool) -> View:
        """Say what deleting would free, and after the second press delete."""
        if not self._local:
            raise OptionError(
                "This page can be reached from other machines, so it deletes no model; "
                f"whoever runs the playground can, with `playground remove {entry.name}`."
            )
        planned = plan_removal(entry, self._settings)
        if not confirmed:
            return {self.notice: render_removal(planned)}
        self._pool.let_go(entry.name)
        removed = delete_model(entry, self._settings)
        told = f"{removed.title} was deleted, which freed {removed.size}."
        return {self.notice: render_hint(told), **self._offered()}

    def _offered(self) -> View:
        """Return what the rail offers now."""
        choices = model_choices(self._settings, self._rail.start)
        return {self._rail.model: gr.update(choices=choices)}


def _done(entry: CatalogEntry) -> str:
    place = "Embeddings uses it" if entry.kind == "embedding" else "choose it under Model"
    return render_hint(f"{entry.title} is here; {place}.")


def render_progress(entry: CatalogEntry, progress: FetchProgress) -> str:
    """Return the stage of a fetch with its bytes."""
    words, share = f"{entry.title}: {progress.stage}", None
    if progress.total_bytes:
        words += f" {progress.done_bytes / 1e6:,.0f} of {progress.total_bytes / 1e6:,.0f} MB"
        share = f"{min(1.0, progress.done_bytes / progress.total_bytes):.3f}"
    bar = tag("progress", max=1, value=share, aria_label="Fetch")
    cancel = action_button("Cancel", "cancel", entry.name)
    return str(tag("div", tag("span", words), bar, cancel, class_="notice", role="status"))


def render_removal(planned: Removal) -> str:
    """Return what deleting would free, with the two answers."""
    words = f"Deleting {planned.title} frees {planned.size}. It can be fetched again."
    answers = Markup(" ").join(
        (
            action_button("Delete it", "delete it", planned.name),
            action_button("Keep it", "leave", planned.name),
        )
    )
    return str(tag("div", tag("span", words), answers, class_="notice", role="status"))


def render_terms(entry: CatalogEntry, terms: str) -> str:
    """Return the terms to read, with the two answers."""
    answers = Markup(" ").join(
        (
            action_button("I accept the terms: fetch", "accept", entry.name),
            action_button("Leave it", "leave", entry.name),
        )
    )
    return str(
        tag(
            "div",
            tag("h2", f"Terms of {entry.title}"),
            tag("div", terms, class_="terms", tabindex=0),
            tag("div", answers, class_="actions"),
            class_="card",
        )
    )
