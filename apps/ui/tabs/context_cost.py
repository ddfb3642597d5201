"""The cost in the context lab: bytes of the KV cache, and time to read a prompt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from apps.chat.service import ChatService
from apps.ui.background import Background
from apps.ui.events import QUIET, WITH_KEY, Stops
from apps.ui.exports import save_export
from apps.ui.notice import render_error, render_hint, render_outcome
from apps.ui.rail import Rail, read_choice, read_rail, read_request
from playground.errors import PlaygroundError
from playground.labs.context.cost import (
    LENGTH,
    MAX_RUNS,
    MIN_LENGTH,
    RUNS,
    Reading,
    Widths,
    fit_curve,
    make_plan,
    read_timed,
    read_widths,
    to_json,
    weigh_cache,
)
from playground.labs.context.cost_view import render_cache, render_reading
from playground.models.engines.manager import ModelChoice

REDRAW_SECONDS = 0.4
_EMPTY = '<p class="hint">The curve will stand here.</p>'
_WEIGHING = '<p class="hint">Weighing the cache…</p>'

View = dict[Any, Any]


class CostSection:
    """The cache's bytes, and the clock.

    Parameters
    ----------
    service : ChatService
        Has the conversation, and lends the model.
    rail : Rail
        Says which.
    key : gradio.Textbox
        The hidden field with the browser's conversation key.
    tab : gradio.Tab
        The section's own: the cache is weighed when it is opened.
    """

    def __init__(self, service: ChatService, rail: Rail, key: gr.Textbox, tab: gr.Tab) -> None:
        self._service = service
        self._rail = rail
        self._key = key
        self._tab = tab
        self._stops = Stops()
        gr.HTML(
            '<p class="lead">A long context costs twice: memory, in proportion to its tokens, and '
            "time, which grows faster than they do.</p>",
            js_on_load=None,
        )
        self._cache = gr.HTML(_WEIGHING, elem_id="cache-size", js_on_load=None)
        with gr.Row(elem_id="cost-fields"):
            self._length = gr.Number(
                LENGTH,
                label="Longest prompt",
                info=f"Tokens, {MIN_LENGTH} and up.",
                elem_id="cost-length",
                min_width=140,
            )
            self._runs = gr.Number(
                RUNS,
                label="Runs",
                info=f"1 to {MAX_RUNS}; times are medians.",
                elem_id="cost-runs",
                min_width=140,
            )
        with gr.Row(elem_id="cost-actions", elem_classes="lab-actions"):
            self._run = gr.Button("Measure the time", variant="primary", elem_id="run-cost")
            self._stop = gr.Button("Stop the clock", elem_id="stop-cost", visible=False)
            self._file = gr.DownloadButton(
                "Export JSON", size="sm", elem_id="cost-json", visible=False, min_width=96
            )
        self._notice = gr.HTML("", elem_id="cost-notice", js_on_load=None)
        self._view = gr.HTML(_EMPTY, elem_id="cost", js_on_load=None)

    def wire(self) -> None:
        """Connect the components."""
        rail = self._rail
        gr.on(
            [self._tab.select, rail.model.change, rail.precision.change, rail.engine.change],
            self._on_open,
            [self._key, *rail.components],
            [self._notice, self._cache],
            trigger_mode="always_last",
            concurrency_limit=None,
            js=WITH_KEY,
            **QUIET,
        )
        self._run.click(
            self._on_run,
            [self._length, self._runs, *rail.components],
            [self._notice, self._view, self._run, self._stop, self._file],
            concurrency_limit=None,
            **QUIET,
        )
        self._stop.click(self._stops.stop, queue=False, **QUIET)

    def _on_open(self, key: str, *rail: Any) -> View:
        """Weigh the cache of the model that is loaded; another one's load is not begun here."""
        try:
            asked = read_request(read_rail(rail))
            model = self._service.pool.model(asked.choice)
            if model is None:
                return {self._cache: _WEIGHING}
            outlook = self._service.foresee(key, asked, "")
            size = weigh_cache(model.engine)
        except PlaygroundError as error:
            return {self._notice: render_error(error)}
        # While a reply is being written, how long the chat is does not stand yet.
        tokens = outlook.usage.used if outlook else None
        return {self._notice: "", self._cache: render_cache(size, tokens)}

    def _on_run(self, request: gr.Request, length: Any, runs: Any, *rail: Any) -> Iterator[View]:
        try:
            plan, choice = make_plan(length, runs), read_choice(read_rail(rail))
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        yield {
            self._notice: render_hint("Taking the model…"),
            self._view: _EMPTY,
            self._run: gr.update(visible=False),
            self._stop: gr.update(visible=True),
            self._file: gr.update(visible=False),
        }
        yield from self._watch(plan, choice, request)

    def _watch(
        self, plan: tuple[int, int], choice: ModelChoice, request: gr.Request
    ) -> Iterator[View]:
        known, about = list[Reading](), list[tuple[str, Widths | None]]()
        tokens, runs = plan
        with self._stops.running(request) as stopped:

            def read() -> None:
                with self._service.pool.lease(choice, stopped.is_set) as model:
                    engine = model.engine
                    title = f"{engine.model.title}, {engine.precision.name}, {engine.name} engine"
                    about.append((title, read_widths(engine.model.path)))
                    for reading in read_timed(engine, tokens, runs, stopped.is_set):
                        known[:] = [reading]

            work = Background(read)
            while not work.finished(REDRAW_SECONDS):
                if known:
                    yield {
                        self._notice: render_hint(_progress(known[0], tokens, runs)),
                        self._view: render_reading(known[0], about[0][1]),
                    }
            notice = render_hint("Stopped; what was read stands below.") if stopped.is_set() else ""
        yield {
            self._notice: render_outcome(work.error, notice),
            self._run: gr.update(visible=True),
            self._stop: gr.update(visible=False),
            **(self._finished(known[0], *about[0]) if known else {}),
        }

    def _finished(self, reading: Reading, title: str, widths: Widths | None) -> View:
        record = json.dumps(to_json(reading, fit_curve(reading.points), title), indent=1)
        return {
            self._view: render_reading(reading, widths),
            self._file: gr.update(visible=True, value=save_export("cost.json", record)),
        }


def _progress(reading: Reading, tokens: int, runs: int) -> str:
    run = min(reading.runs + 1, runs)
    return f"Run {run} of {runs} · {reading.run_tokens:,} of {tokens:,} tokens read"
