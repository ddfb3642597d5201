"""Side by side: one message to two precisions of the model at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import gradio as gr

from apps.chat.service import Request
from apps.ui.background import Background
from apps.ui.events import QUIET, Stops
from apps.ui.notice import render_error, render_hint, render_outcome
from apps.ui.rail import Rail, read_rail, read_request
from playground.errors import OptionError, PlaygroundError
from playground.labs.precision.pair import Side, write_pair
from playground.labs.precision.pair_view import render_pair
from playground.models.engines.choice import EngineName
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Message, Tokenizer
from playground.serving import Pool

FIRST_MESSAGE = "What is the capital of France, and what is it known for?"
REDRAW_SECONDS = 0.25
_EMPTY = '<p class="hint">Both replies will stand here, with what differs marked.</p>'
_RUNNERS = {EngineName.CORE: "core", EngineName.TRANSFORMERS: "transformers"}

View = dict[Any, Any]


@dataclass
class _Shown:
    """What the writing thread has to show."""

    sides: list[Side] = field(default_factory=list)
    tokenizer: Tokenizer | None = None

    def drawn(self, done: bool) -> str:
        if self.tokenizer is None or not any(side.reply.steps for side in self.sides):
            return _EMPTY
        return render_pair(self.sides, self.tokenizer, done)


class PairSection:
    """The message, the two precisions, and the two replies.

    Parameters
    ----------
    pool : Pool
        Lends the models.
    rail : Rail
        Says which model, and holds the settings that both replies share.
    """

    def __init__(self, pool: Pool, rail: Rail) -> None:
        self._pool = pool
        self._rail = rail
        self._stops = Stops()
        gr.HTML(
            '<p class="lead">The same message to the same model at two precisions, with the run '
            "settings at the right and the same dice. What differs comes from the precision "
            "and the engine.</p>",
            js_on_load=None,
        )
        self._message = gr.Textbox(
            FIRST_MESSAGE, label="Message to both", max_lines=4, elem_id="pair-message"
        )
        with gr.Row(elem_id="pair-fields"):
            self._first = _picker("One side", "pair-first", f"{Precision.FP32}/{EngineName.CORE}")
            self._second = _picker(
                "The other side", "pair-second", f"{Precision.NF4}/{EngineName.TRANSFORMERS}"
            )
        with gr.Row(elem_id="pair-actions"):
            self._run = gr.Button("Ask both", variant="primary", elem_id="run-pair")
            self._stop = gr.Button("Stop both", elem_id="stop-pair", visible=False)
        self._notice = gr.HTML("", elem_id="pair-notice", js_on_load=None)
        self._replies = gr.HTML(_EMPTY, elem_id="pair", js_on_load=None)

    def wire(self) -> None:
        """Connect the components."""
        gr.on(
            [self._run.click, self._message.submit],
            self._on_run,
            [self._message, self._first, self._second, *self._rail.components],
            [self._notice, self._replies, self._run, self._stop],
            concurrency_limit=None,
            **QUIET,
        )
        self._stop.click(self._stops.stop, queue=False, **QUIET)

    def _on_run(
        self, request: gr.Request, message: str, first: str, second: str, *rail: Any
    ) -> Iterator[View]:
        try:
            asked = read_request(read_rail(rail))
            choices = [_choose(asked.choice, side) for side in (first, second)]
            _require_two(message, choices)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        shown = _Shown()
        yield {
            self._notice: render_hint("Loading both…"),
            self._replies: _EMPTY,
            self._run: gr.update(visible=False),
            self._stop: gr.update(visible=True),
        }
        with self._stops.running(request) as stopped:
            writing = Background(lambda: self._write(message, choices, asked, stopped, shown))
            while not writing.finished(REDRAW_SECONDS):
                if shown.sides:
                    yield {self._replies: shown.drawn(done=False), self._notice: ""}
        yield {
            self._notice: render_outcome(writing.error),
            self._replies: shown.drawn(done=True),
            self._run: gr.update(visible=True),
            self._stop: gr.update(visible=False),
        }

    def _write(
        self,
        message: str,
        choices: list[ModelChoice],
        asked: Request,
        stopped: threading.Event,
        shown: _Shown,
    ) -> None:
        head = [Message("system", asked.system)] if asked.system.strip() else []
        messages = [*head, Message("user", message)]
        with ExitStack() as leases:
            models = [
                leases.enter_context(self._pool.lease(choice, stopped.is_set, lab=True))
                for choice in choices
            ]
            shown.tokenizer = models[0].tokenizer
            for sides in write_pair(models, messages, asked.settings, stopped.is_set):
                shown.sides = sides


def _picker(label: str, name: str, value: str) -> gr.Dropdown:
    pairs = [
        (f"{precision.name} · {words}", f"{precision.value}/{engine.value}")
        for precision in Precision
        for engine, words in _RUNNERS.items()
        if not (precision.four_bit and engine is EngineName.CORE)
    ]
    return gr.Dropdown(pairs, value=value, label=label, elem_id=name, filterable=False)


def _choose(choice: ModelChoice, side: str) -> ModelChoice:
    precision, _, engine = side.partition("/")
    return replace(choice, precision=Precision.parse(precision), engine=EngineName.parse(engine))


def _require_two(message: str, choices: list[ModelChoice]) -> None:
    if not message.strip():
        raise OptionError("The message is empty; write something first.")
    if choices[0] == choices[1]:
        raise OptionError(
            f"Both sides are {choices[0].precision.name} on {choices[0].engine}; choose another "
            "for one of them."
        )
