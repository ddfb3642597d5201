"""The strip in the temperature lab: columns that are written together before one's eyes."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from apps.ui.background import Background
from apps.ui.lab_settings import VALUES, encode, read_settings
from apps.ui.notice import render_error, render_hint
from apps.ui.rail import Rail, read_choice, read_rail
from apps.ui.strip import render_strip
from playground.concepts.strip import (
    MAX_COLUMNS,
    Written,
    export,
    parse_samples,
    parse_temperatures,
    plan_columns,
    with_seed,
    write_strip,
)
from playground.errors import PlaygroundError
from playground.generation.settings import SamplingSettings
from playground.models.manager import ModelManager
from playground.models.tokenizer import Tokenizer

FIRST_TEMPERATURES = "0, 0.5, 1, 1.5"
FIRST_TOKENS = 48
REDRAW_SECONDS = 0.25
_VIEWS = ("Where they part", "Difference to the first")

View = dict[Any, Any]


@dataclass(frozen=True, eq=False)
class Shown:
    """A strip as it stands on the page."""

    written: Sequence[Written]
    tokenizer: Tokenizer


class StripSection:
    """The strip's fields and columns.

    Parameters
    ----------
    manager : ModelManager
        Lends the model.
    rail : Rail
        Says which.
    """

    def __init__(self, manager: ModelManager, rail: Rail) -> None:
        self._manager = manager
        self._rail = rail
        self._stops: dict[str, threading.Event] = {}
        self._exports = tempfile.TemporaryDirectory(prefix="playground-")  # gone with the process
        gr.HTML(
            '<h2 class="title">The strip</h2><p class="lead">The same prompt written on at several '
            "temperatures, all columns together. The cut-offs and the word above hold here too. "
            "With the same dice in every column, what differs comes from temperature alone.</p>",
            js_on_load=None,
        )
        with gr.Row(elem_id="strip-fields"):
            self._temperatures = gr.Textbox(
                FIRST_TEMPERATURES, label="Temperatures", info=f"At most {MAX_COLUMNS} columns.",
                max_lines=1, elem_id="strip-temperatures", scale=2, min_width=160,
            )  # fmt: skip
            self._samples = gr.Number(
                1, label="Samples of each", info="Each with a seed of its own.",
                elem_id="strip-samples", min_width=110,
            )  # fmt: skip
            self._tokens = gr.Number(
                FIRST_TOKENS, label="Tokens a column", info="Fewer if the text ends.",
                elem_id="strip-tokens", min_width=110,
            )  # fmt: skip
            self._seed = gr.Textbox(
                label="Dice seed", info="Empty draws one.", max_lines=1, placeholder="drawn",
                elem_id="strip-seed", min_width=110,
            )  # fmt: skip
        with gr.Row(elem_id="strip-actions"):
            self._coupled = gr.Checkbox(
                True, label="Same dice in every column", elem_id="strip-coupled", min_width=180
            )
            self._run = gr.Button("Run the strip", variant="primary", elem_id="run-strip")
            self._stop = gr.Button("Stop the strip", elem_id="stop-strip", visible=False)
        self._notice = gr.HTML("", elem_id="strip-notice", js_on_load=None)
        with gr.Row(elem_id="strip-after"):
            self._view = gr.Radio(
                _VIEWS, value=_VIEWS[0], label="Mark", elem_id="strip-view", visible=False
            )
            self._export = gr.DownloadButton(
                "Export as JSON", size="sm", elem_id="export-strip", visible=False, min_width=120
            )
        self._columns = gr.HTML(
            '<p class="hint">The columns will stand here.</p>', elem_id="strip", js_on_load=None
        )
        self._shown = gr.State(None)

    def wire(self, lab: Sequence[Any], quiet: dict[str, Any]) -> None:
        """Connect the components; `lab` holds the prompt, whether it is a chat, and the lab's own.

        Parameters
        ----------
        lab : sequence of components
            Prompt, "as a chat message", then those that `read_settings` reads.
        quiet : dict
            Options of every event.
        """
        fields = [self._temperatures, self._samples, self._tokens, self._seed, self._coupled]
        outputs = [
            self._columns, self._notice, self._run, self._stop, self._view, self._export,
            self._shown,
        ]  # fmt: skip
        gr.on(
            [self._run.click, self._temperatures.submit],
            self._on_run, [*fields, self._view, *lab, *self._rail.components], outputs,
            concurrency_limit=None, **quiet,
        )  # fmt: skip
        self._stop.click(self._on_stop, queue=False, **quiet)
        self._view.input(
            self._on_view, [self._shown, self._view], self._columns, queue=False, **quiet
        )

    def _on_run(self, request: gr.Request, *values: Any) -> Iterator[View]:
        temperatures, samples, tokens, seed, coupled, view, prompt, as_chat, *rest = values
        try:
            choice = read_choice(read_rail(rest[VALUES:]))
            each = SamplingSettings.from_mapping({"max_new_tokens": tokens, "seed": seed})
            planned = parse_temperatures(str(temperatures)), parse_samples(samples)
            plan_columns(*planned, with_seed(each), coupled)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        stopped = self._stops[str(request.session_hash)] = threading.Event()
        strip: list[Shown] = []
        record: list[dict[str, Any]] = []

        def write() -> None:
            with self._manager.lease(choice, stopped.is_set) as engine:
                lab, _ = read_settings(engine.tokenizer, rest[:VALUES])
                settings = replace(lab, max_new_tokens=each.max_new_tokens, seed=each.seed)
                columns = plan_columns(*planned, with_seed(settings), coupled)
                start = time.perf_counter()
                ids = encode(engine.tokenizer, prompt, as_chat)
                for written in write_strip(engine, ids, columns, stopped.is_set):
                    strip[:] = [Shown(written, engine.tokenizer)]
                if strip:
                    seconds = time.perf_counter() - start
                    record.append(export(engine, prompt, strip[0].written, coupled, seconds))

        yield {
            self._notice: render_hint("Reading the prompt…"),
            self._run: gr.update(visible=False), self._stop: gr.update(visible=True),
            self._export: gr.update(visible=False),
        }  # fmt: skip
        writing = Background(write)
        diff = view == _VIEWS[1]
        try:
            while not writing.finished(REDRAW_SECONDS):
                if strip:
                    drawn = render_strip(strip[0].written, strip[0].tokenizer, diff, done=False)
                    yield {self._columns: drawn, self._notice: ""}
        finally:
            # Also when the page is gone: Gradio then closes this generator.
            stopped.set()
            self._stops.pop(str(request.session_hash), None)
        yield {
            self._notice: render_error(writing.error) if writing.error else "",
            self._run: gr.update(visible=True), self._stop: gr.update(visible=False),
            **(self._finished(strip[0], record[0], diff) if record else {}),
        }  # fmt: skip

    def _finished(self, shown: Shown, record: dict[str, Any], diff: bool) -> View:
        return {
            self._columns: render_strip(shown.written, shown.tokenizer, diff, done=True),
            self._view: gr.update(visible=True),
            self._export: gr.update(visible=True, value=str(_save(record, self._exports.name))),
            self._shown: shown,
        }

    def _on_view(self, shown: Shown | None, view: str) -> Any:
        if shown is None:
            return gr.skip()
        return render_strip(shown.written, shown.tokenizer, view == _VIEWS[1], done=True)

    def _on_stop(self, request: gr.Request) -> None:
        if stopped := self._stops.get(str(request.session_hash)):
            stopped.set()


def _save(record: dict[str, Any], folder: str) -> Path:
    """Write a strip where Gradio may hand it out, under the name it is downloaded by."""
    path = Path(tempfile.mkdtemp(dir=folder)) / "strip.json"
    path.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
    return path
