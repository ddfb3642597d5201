"""The canary in the context lab: a word planted, the window filled, the word asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from apps.ui.background import Background
from apps.ui.events import QUIET, Stops
from apps.ui.exports import save_export
from apps.ui.notice import render_error, render_hint, render_outcome
from apps.ui.rail import Rail, read_choice, read_rail
from playground.errors import PlaygroundError
from playground.labs.context.canary import (
    MAX_WINDOW,
    MIN_WINDOW,
    WINDOW,
    WORDS,
    Plan,
    Trial,
    make_plan,
    run_canary,
    to_json,
)
from playground.labs.context.canary_view import render_canary, render_setup
from playground.models.engines.manager import ModelChoice
from playground.serving import Pool

REDRAW_SECONDS = 0.3
_EMPTY = '<p class="hint">A row for each policy will stand here.</p>'

View = dict[Any, Any]


class CanarySection:
    """The words, the window, and what the model said.

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
        self._stops = Stops()
        gr.HTML(
            '<p class="lead">Plant a word, fill the window, ask for the word. As long as it is in '
            "the window the model can find it; once it has fallen out, the model does not know "
            "that it ever was there, and makes one up.</p>" + render_setup(),
            js_on_load=None,
        )
        with gr.Row(elem_id="canary-fields"):
            self._words = gr.Textbox(
                ", ".join(WORDS), label="Secret words", info="Each in conversations of its own.",
                max_lines=1, elem_id="canary-words", scale=2, min_width=220,
            )  # fmt: skip
            self._window = gr.Number(
                WINDOW, label="Window", info=f"Tokens, {MIN_WINDOW} to {MAX_WINDOW:,}.",
                elem_id="canary-window", min_width=140,
            )  # fmt: skip
        with gr.Row(elem_id="canary-actions", elem_classes="lab-actions"):
            self._run = gr.Button("Ask for the words", variant="primary", elem_id="run-canary")
            self._stop = gr.Button("Stop asking", elem_id="stop-canary", visible=False)
            self._file = gr.DownloadButton(
                "Export JSON", size="sm", elem_id="canary-json", visible=False, min_width=96
            )
        self._notice = gr.HTML("", elem_id="canary-notice", js_on_load=None)
        self._view = gr.HTML(_EMPTY, elem_id="canary", js_on_load=None)

    def wire(self) -> None:
        """Connect the components."""
        gr.on(
            [self._run.click, self._words.submit],
            self._on_run, [self._words, self._window, *self._rail.components],
            [self._notice, self._view, self._run, self._stop, self._file],
            concurrency_limit=None, **QUIET,
        )  # fmt: skip
        self._stop.click(self._stops.stop, queue=False, **QUIET)

    def _on_run(self, request: gr.Request, words: str, window: Any, *rail: Any) -> Iterator[View]:
        try:
            plan, choice = make_plan(words or "", window), read_choice(read_rail(rail))
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        yield {
            self._notice: render_hint("Taking the model…"),
            self._view: render_canary(plan, (), done=False),
            self._run: gr.update(visible=False), self._stop: gr.update(visible=True),
            self._file: gr.update(visible=False),
        }  # fmt: skip
        yield from self._watch(plan, choice, request)

    def _watch(self, plan: Plan, choice: ModelChoice, request: gr.Request) -> Iterator[View]:
        known, titles = list[tuple[Trial, ...]](), list[str]()
        with self._stops.running(request) as stopped:

            def ask() -> None:
                with self._pool.lease(choice, stopped.is_set, lab=True) as model:
                    engine = model.engine
                    titles.append(f"{engine.model.title}, {engine.precision.name}")
                    for trials in run_canary(model, plan, stopped.is_set):
                        known[:] = [trials]

            asking, drawn = Background(ask), 0
            while not asking.finished(REDRAW_SECONDS):
                if known and len(known[0]) > drawn:
                    drawn = len(known[0])
                    yield {
                        self._notice: render_hint(f"{drawn} of {plan.trials} questions asked"),
                        self._view: render_canary(plan, known[0], done=False),
                    }
            trials = known[0] if known else ()
            ended = len(trials) == plan.trials
            notice = "" if ended else render_hint("Stopped; what was asked stands below.")
        yield {
            self._notice: render_outcome(asking.error, notice),
            self._view: render_canary(plan, trials, done=True) if trials else _EMPTY,
            self._run: gr.update(visible=True), self._stop: gr.update(visible=False),
            self._file: self._exported(plan, trials, titles),
        }  # fmt: skip

    def _exported(self, plan: Plan, trials: tuple[Trial, ...], titles: list[str]) -> Any:
        if not trials:
            return gr.update(visible=False)
        record = json.dumps(to_json(plan, trials, titles[0]), ensure_ascii=False, indent=1)
        return gr.update(visible=True, value=save_export("canary.json", record))
