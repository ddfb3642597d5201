"""The strip in the temperature lab: columns that are written together before one's eyes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from apps.ui.background import Background
from apps.ui.events import QUIET, Stops
from apps.ui.exports import save_export
from apps.ui.lab_settings import VALUES, encode, read_settings
from apps.ui.notice import render_error, render_hint, render_outcome
from apps.ui.rail import Rail, read_choice, read_rail
from playground.errors import PlaygroundError
from playground.generation.settings import SamplingSettings
from playground.labs.temperature.strip import (
    MAX_COLUMNS,
    Column,
    Written,
    export,
    parse_samples,
    parse_temperatures,
    plan_columns,
    with_seed,
    write_strip,
)
from playground.labs.temperature.strip_view import render_strip
from playground.models.engines.manager import ModelChoice
from playground.models.text.tokenizer import Tokenizer
from playground.serving import Pool

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

    def drawn(self, diff: bool, done: bool = False) -> str:
        """Return the columns as HTML."""
        return render_strip(self.written, self.tokenizer, diff, done)


@dataclass(frozen=True)
class _Asked:
    """What the fields said when the strip was started."""

    choice: ModelChoice
    prompt: str
    as_chat: bool
    temperatures: list[float]
    samples: int
    each: SamplingSettings  # length and seed of every column
    coupled: bool
    lab: Sequence[Any]  # what `read_settings` reads
    diff: bool

    def columns(self, tokenizer: Tokenizer) -> list[Column]:
        settings, _ = read_settings(tokenizer, self.lab)
        settings = replace(settings, max_new_tokens=self.each.max_new_tokens, seed=self.each.seed)
        return plan_columns(self.temperatures, self.samples, with_seed(settings), self.coupled)


@dataclass
class _Strip:
    """A strip as far as it has come, and its record at the end."""

    shown: Shown | None = None
    record: dict[str, Any] | None = None


class StripSection:
    """The strip's fields and columns.

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

    def wire(self, lab: Sequence[Any]) -> None:
        """Connect the components; `lab` holds the prompt, whether it is a chat, and the lab's own.

        Parameters
        ----------
        lab : sequence of components
            Prompt, "as a chat message", then those that `read_settings` reads.
        """
        fields = [self._temperatures, self._samples, self._tokens, self._seed, self._coupled]
        outputs = [
            self._columns, self._notice, self._run, self._stop, self._view, self._export,
            self._shown,
        ]  # fmt: skip
        gr.on(
            [self._run.click, self._temperatures.submit],
            self._on_run, [*fields, self._view, *lab, *self._rail.components], outputs,
            concurrency_limit=None, **QUIET,
        )  # fmt: skip
        self._stop.click(self._stops.stop, queue=False, **QUIET)
        self._view.input(
            self._on_view, [self._shown, self._view], self._columns, queue=False, **QUIET
        )

    def _on_run(self, request: gr.Request, *values: Any) -> Iterator[View]:
        try:
            asked = _read(*values)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        yield {
            self._notice: render_hint("Reading the prompt…"),
            self._run: gr.update(visible=False), self._stop: gr.update(visible=True),
            self._export: gr.update(visible=False),
        }  # fmt: skip
        strip = _Strip()
        with self._stops.running(request) as stopped:
            writing = Background(lambda: self._write(asked, stopped, strip))
            while not writing.finished(REDRAW_SECONDS):
                if strip.shown:
                    yield {self._columns: strip.shown.drawn(asked.diff), self._notice: ""}
        yield {
            self._notice: render_outcome(writing.error),
            self._run: gr.update(visible=True), self._stop: gr.update(visible=False),
            **self._finished(strip, asked.diff),
        }  # fmt: skip

    def _write(self, asked: _Asked, stopped: threading.Event, strip: _Strip) -> None:
        """Write all columns; `strip` holds them as far as they have come."""
        with self._pool.lease(asked.choice, stopped.is_set, lab=True) as model:
            engine = model.engine
            columns = asked.columns(engine.tokenizer)
            start = time.perf_counter()
            ids = encode(engine.tokenizer, asked.prompt, asked.as_chat)
            for written in write_strip(model, ids, columns, stopped.is_set):
                strip.shown = Shown(written, engine.tokenizer)
            if strip.shown:
                seconds = time.perf_counter() - start
                strip.record = export(
                    engine, asked.prompt, strip.shown.written, asked.coupled, seconds
                )

    def _finished(self, strip: _Strip, diff: bool) -> View:
        if strip.shown is None or strip.record is None:
            return {}
        record = json.dumps(strip.record, ensure_ascii=False, indent=1)
        path = save_export("strip.json", record)
        return {
            self._columns: strip.shown.drawn(diff, done=True),
            self._view: gr.update(visible=True),
            self._export: gr.update(visible=True, value=path),
            self._shown: strip.shown,
        }

    def _on_view(self, shown: Shown | None, view: str) -> Any:
        if shown is None:
            return gr.skip()
        return shown.drawn(view == _VIEWS[1], done=True)


def _read(*values: Any) -> _Asked:
    """Check what can be checked before a model is loaded."""
    temperatures, samples, tokens, seed, coupled, view, prompt, as_chat, *rest = values
    each = SamplingSettings.from_mapping({"max_new_tokens": tokens, "seed": seed})
    planned = parse_temperatures(str(temperatures)), parse_samples(samples)
    plan_columns(*planned, with_seed(each), coupled)
    choice = read_choice(read_rail(rest[VALUES:]))
    return _Asked(
        choice, prompt, as_chat, *planned, each, coupled, rest[:VALUES], view == _VIEWS[1]
    )
