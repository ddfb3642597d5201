"""The catalog on the page: the generic section, with buttons that fetch and delete.

Picture, form, export and address come from the declaration. A model's terms are shown before it is
fetched, and a fetch ends when it is cancelled or the page is left. What deleting frees is said
first, and it is done at a second press.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, cast

import gradio as gr
from markupsafe import Markup

from apps.ui.background import Background
from apps.ui.events import QUIET, view_script
from apps.ui.fetching import WatchedFetch, render_progress
from apps.ui.form import Component
from apps.ui.lab_panel import Parts
from apps.ui.model_choices import model_choices
from apps.ui.notice import render_error, render_hint, render_outcome
from apps.ui.running import show_what_runs_after
from apps.ui.section import REDRAW_SECONDS, Section, View
from playground.drawing.markup import tag
from playground.errors import ModelInUse, OptionError, PlaygroundError
from playground.experiments.experiment import Experiment
from playground.experiments.performing import perform
from playground.labs.models.buttons import action_button
from playground.labs.models.check import Check
from playground.labs.models.check_view import CHECK
from playground.labs.models.own import ADDING, accept, added_words, taken_off_words
from playground.models.acquire.catalog import CatalogEntry, find_entry
from playground.models.acquire.fetch import FetchProgress, ensure_model
from playground.models.acquire.own import find_own, require_own_path, take_off
from playground.models.acquire.removal import Removal, delete_model, plan_removal
from playground.models.acquire.terms import read_terms
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision

_BUSY = "A fetch or check is under way; cancel it or wait for its end."
_ELSEWHERE = (
    "This page can be reached from other machines: whoever runs the playground adds models with "
    "`playground add PATH` and deletes them with `playground remove MODEL`."
)
_OWN_LABELS = {"path": "A model of your own"}
_OWN_RULE = (
    "A folder with config.json and safetensors, or a GGUF file, on the machine that serves this "
    "page. It is checked, then stands under Model; its files stay where they are."
)


class CatalogSection(Section):
    """The models, and the fetch or check that a page has under way.

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
        self._badge = parts.badge
        self._path = gr.Textbox(
            label=_OWN_LABELS["path"],
            info=_OWN_RULE,
            placeholder="/path/to/the/model",
            max_lines=1,
            elem_id="own-path",
            visible=self._local,
        )
        with gr.Row(elem_classes="lab-actions"):
            self._add = gr.Button(
                "Check and add", size="sm", elem_id="own-add", visible=self._local
            )
        told = "" if self._local else render_hint(_ELSEWHERE)
        self._own_notice = gr.HTML(told, elem_id="notice-own", js_on_load=view_script(""))

    def wire(self) -> None:
        """Connect the components."""
        super().wire()
        done = gr.on(
            [self.notice.click, self._view.click, self._own_notice.click],
            self._on_press,
            self._rail.model,
            [self.notice, self._rail.model],
            concurrency_limit=None,
            trigger_mode="multiple",  # a fetch that is under way can be cancelled
            **QUIET,
        ).then(self._on_done, self.inputs, self.drawn, queue=False, **QUIET)
        show_what_runs_after(done, self._pool, self._rail, self._badge)
        gr.on(
            [self._add.click, self._path.submit],
            self._on_add,
            self._path,
            [self._own_notice, self._path, self._rail.model],
            concurrency_limit=None,
            **QUIET,
        ).then(self._on_done, self.inputs, self.drawn, queue=False, **QUIET)

    @property
    def counting(self) -> tuple[str, ...]:
        """The run settings beside it: where what was fetched is chosen."""
        return ("model", "precision", "engine")

    def open(self, data: Mapping[Component, Any], shown: bool = False) -> View:
        """Return what stands there when it comes into sight; what was said of a fetch stays."""
        del shown  # it is drawn anew each time
        return self._on_done(dict(data))

    def _on_press(self, chosen: str, event: gr.EventData, request: gr.Request) -> Iterator[View]:
        """Do it; Gradio empties all outputs of a generator that yields nothing, the model's too."""
        changed = False
        with closing(self._on_do(chosen, event, request)) as views:
            for view in views:
                changed = True
                yield view
        if not changed:
            yield {self.notice: gr.skip()}

    def _on_do(
        self, chosen: str, event: gr.EventData, request: gr.Request
    ) -> Generator[View, None, None]:
        """Fetch, show terms, accept or leave them, cancel, delete, or take off the list."""
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
            elif action == "take off":
                yield self._take_off(name, chosen)
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
            yield {self.notice: render_hint(_BUSY)}
            return
        # Of a model that has terms only the button below them leads here.
        with self._stops.running(request) as stopped:
            fetch = WatchedFetch(entry, self._settings, stopped.is_set)
            for notice in fetch:
                yield {self.notice: notice}
        yield {self.notice: render_outcome(fetch.error, _done(entry)), **self._offered()}

    def _delete(self, entry: CatalogEntry, confirmed: bool) -> View:
        """Say what deleting would free, and after the second press delete."""
        self._require_local("deletes no model", f"remove {entry.name}")
        planned = plan_removal(entry, self._settings)
        if not confirmed:
            return {self.notice: render_removal(planned)}
        self._pool.let_go(entry.name)
        removed = delete_model(entry, self._settings)
        told = f"{removed.title} was deleted, which freed {removed.size}."
        return {self.notice: render_hint(told), **self._offered()}

    def _on_add(self, typed: str, request: gr.Request) -> Iterator[View]:
        """Check the model that a path leads to, and put it on the list; what was typed stays."""
        try:
            self._require_local("adds no model", "add PATH")
            path = require_own_path(typed or "")
        except PlaygroundError as error:
            yield {self._own_notice: render_error(error, _OWN_LABELS)}
            return
        if self._stops.busy(request):
            yield {self._own_notice: render_hint(_BUSY)}
            return
        yield from self._check_and_add(path, request)

    def _check_and_add(self, path: Path, request: gr.Request) -> Iterator[View]:
        newest = [FetchProgress("starting")]
        told: list[str] = []
        with self._stops.running(request) as stopped:

            def work() -> None:
                ensure_model(str(path), self._settings, newest.append, stopped.is_set)
                choice = ModelChoice(str(path), Precision.FP32)
                for result in perform(CHECK, ADDING, self._pool, choice, stopped.is_set):
                    newest.append(FetchProgress(result.snapshot.progress.words))
                accept(path, cast("Check", result.snapshot), self._settings)
                told.append(added_words(cast("Check", result.snapshot)))

            checking = Background(work)
            while not checking.finished(REDRAW_SECONDS):
                newest[:] = newest[-1:]
                yield {self._own_notice: render_progress(path.name, newest[-1])}
        if checking.error:
            yield {self._own_notice: render_outcome(checking.error, labels=_OWN_LABELS)}
        else:
            done = render_hint(told[0])
            yield {self._own_notice: done, self._path: "", **self._offered()}

    def _take_off(self, named: str, chosen: str) -> View:
        """Take an own model off the list; a page that had chosen it goes back to the first."""
        self._require_local("takes no model off the list", "remove PATH")
        own = find_own(named, self._settings)
        if own is None:
            return {self.notice: render_hint("It was taken off the list already.")}
        with suppress(ModelInUse):  # then it goes when nobody has used it for long
            self._pool.let_go(own.path)
        freed = take_off(own, self._settings)
        told = taken_off_words(own, freed)
        view = {self.notice: render_hint(told), **self._offered()}
        if chosen == own.path:
            view[self._rail.model] = gr.update(
                choices=model_choices(self._settings, self._rail.start), value=self._rail.start
            )
        return view

    def _require_local(self, what: str, command: str) -> None:
        if not self._local:
            raise OptionError(
                f"This page can be reached from other machines, so it {what}; whoever runs the "
                f"playground can, with `playground {command}`."
            )

    def _offered(self) -> View:
        """Return what the rail offers now."""
        choices = model_choices(self._settings, self._rail.start)
        return {self._rail.model: gr.update(choices=choices)}


def _done(entry: CatalogEntry) -> str:
    place = "Embeddings uses it" if entry.kind == "embedding" else "choose it under Model"
    return render_hint(f"{entry.title} is here; {place}.")


def render_removal(planned: Removal) -> str:
    """Return what deleting would free, with the two answers."""
    words = f"Deleting {planned.title} frees {planned.size}. It can be fetched again."
    answers = Markup(" ").join(
        (
            action_button("Delete it", "delete it", planned.name),
            action_button("Keep it", "leave", planned.name),
        )
    )
    both = tag("span", answers)
    return str(tag("div", tag("span", words), both, class_="notice", role="status"))


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
