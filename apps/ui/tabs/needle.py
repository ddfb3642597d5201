"""The needle in the context lab: a key hidden in a long text, at every depth and length."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from apps.ui.background import Background
from apps.ui.events import QUIET, Stops
from apps.ui.exports import save_export
from apps.ui.notice import render_error, render_hint, render_outcome
from apps.ui.rail import Rail, read_choice, read_rail
from playground.errors import PlaygroundError
from playground.labs.context.needle import (
    DEPTHS,
    LENGTHS,
    MAX_DEPTHS,
    MAX_LENGTHS,
    MAX_NEEDLES,
    MAX_OTHERS,
    Plan,
    Trial,
    make_plan,
    run_needles,
    to_json,
)
from playground.labs.context.needle_view import render_map, render_setup, to_csv
from playground.models.engines.manager import ModelChoice, ModelManager

REDRAW_SECONDS = 0.3
_EMPTY = '<p class="hint">The map will stand here, a cell for each depth and length.</p>'
_CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-depth]');
  if (!button) return;
  const {length, depth} = button.dataset;
  trigger('select', {length: Number(length), depth: Number(depth)});
});
"""

View = dict[Any, Any]


@dataclass(frozen=True, eq=False)
class Shown:
    """A map as it stands on the page."""

    plan: Plan
    trials: tuple[Trial, ...]


class NeedleSection:
    """The fields, and the map.

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
        self._stops = Stops()
        gr.HTML(
            '<p class="lead">What is in the window is not therefore found. Hide a key in a long '
            "text and ask for it at the end: with another key beside it, a small model begins to "
            "mix them up.</p>" + render_setup(),
            js_on_load=None,
        )
        with gr.Row(elem_id="needle-fields"):
            self._lengths = gr.Textbox(
                ", ".join(map(str, LENGTHS)), label="Lengths",
                info=f"Tokens; at most {MAX_LENGTHS}.", max_lines=1, elem_id="needle-lengths",
                scale=2, min_width=180,
            )  # fmt: skip
            self._depths = gr.Textbox(
                ", ".join(map(str, DEPTHS)), label="Depths", info=f"Percent; at most {MAX_DEPTHS}.",
                max_lines=1, elem_id="needle-depths", scale=2, min_width=180,
            )  # fmt: skip
            self._needles = gr.Number(
                1, label="Keys a cell", info=f"1 to {MAX_NEEDLES}.", elem_id="needle-count",
                min_width=90,
            )  # fmt: skip
            self._others = gr.Number(
                1, label="Other keys", info=f"0 to {MAX_OTHERS}.", elem_id="needle-others",
                min_width=90,
            )  # fmt: skip
        with gr.Row(elem_id="needle-actions", elem_classes="lab-actions"):
            self._run = gr.Button("Draw the map", variant="primary", elem_id="run-needle")
            self._stop = gr.Button("Stop the map", elem_id="stop-needle", visible=False)
            self._files = [
                gr.DownloadButton(
                    f"Export {kind}", size="sm", elem_id=f"needle-{kind.lower()}", visible=False,
                    min_width=96,
                )
                for kind in ("CSV", "JSON")
            ]  # fmt: skip
        self._notice = gr.HTML("", elem_id="needle-notice", js_on_load=None)
        self._view = gr.HTML(_EMPTY, elem_id="needle", js_on_load=_CLICKS)
        self._shown = gr.State(None)

    def wire(self) -> None:
        """Connect the components."""
        fields = [self._lengths, self._depths, self._needles, self._others]
        self._run.click(
            self._on_run, [*fields, *self._rail.components],
            [self._notice, self._view, self._run, self._stop, self._shown, *self._files],
            concurrency_limit=None, **QUIET,
        )  # fmt: skip
        self._stop.click(self._stops.stop, queue=False, **QUIET)
        self._view.select(self._on_cell, self._shown, self._view, queue=False, **QUIET)

    def _on_run(
        self, request: gr.Request, lengths: str, depths: str, needles: Any, others: Any, *rail: Any
    ) -> Iterator[View]:
        try:
            plan = make_plan(lengths or "", depths or "", needles, others)
            choice = read_choice(read_rail(rail))
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        yield {
            self._notice: render_hint("Taking the model…"), self._view: render_map(plan, ()),
            self._run: gr.update(visible=False), self._stop: gr.update(visible=True),
            self._shown: None, **{button: gr.update(visible=False) for button in self._files},
        }  # fmt: skip
        yield from self._watch(plan, choice, request)

    def _watch(self, plan: Plan, choice: ModelChoice, request: gr.Request) -> Iterator[View]:
        known, titles = list[tuple[Trial, ...]](), list[str]()
        with self._stops.running(request) as stopped:

            def ask() -> None:
                with self._manager.lease(choice, stopped.is_set) as engine:
                    titles.append(f"{engine.model.title}, {engine.precision.name}")
                    for trials in run_needles(engine, plan, stopped.is_set):
                        known[:] = [trials]

            asking, drawn = Background(ask), 0
            while not asking.finished(REDRAW_SECONDS):
                if known and len(known[0]) > drawn:
                    drawn = len(known[0])
                    yield {
                        self._notice: render_hint(_progress(plan, known[0])),
                        self._view: render_map(plan, known[0]),
                    }
            trials = known[0] if known else ()
            ended = len(trials) == plan.trials
            notice = "" if ended else render_hint("Stopped; what was asked stands below.")
        yield {
            self._notice: render_outcome(asking.error, notice),
            self._run: gr.update(visible=True), self._stop: gr.update(visible=False),
            **self._finished(plan, trials, titles),
        }  # fmt: skip

    def _finished(self, plan: Plan, trials: tuple[Trial, ...], titles: list[str]) -> View:
        if not trials:
            return {self._view: _EMPTY}
        record = json.dumps(to_json(plan, trials, titles[0]), ensure_ascii=False, indent=1)
        files = (("needles.csv", to_csv(trials)), ("needles.json", record))
        return {
            self._view: render_map(plan, trials),
            self._shown: Shown(plan, trials),
            **{
                button: gr.update(visible=True, value=save_export(*file))
                for button, file in zip(self._files, files, strict=True)
            },
        }

    def _on_cell(self, event: gr.EventData, shown: Shown | None) -> Any:
        if shown is None:
            return gr.skip()
        data = event._data or {}  # what the page's `trigger` handed over
        return render_map(shown.plan, shown.trials, (int(data["length"]), int(data["depth"])))


def _progress(plan: Plan, trials: tuple[Trial, ...]) -> str:
    read = sum(trial.length for trial in trials)
    return (
        f"{len(trials)} of {plan.trials} questions asked · {read:,} of {plan.tokens:,} tokens read"
    )
