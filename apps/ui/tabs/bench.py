"""The bench of the precision lab: pick precisions and engines, measure, see why, take it along."""

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
from playground.labs.precision.bench import FIRST_PROMPT, Bench, Plan, make_plan, run_bench
from playground.labs.precision.bench_record import to_json
from playground.labs.precision.bench_view import (
    capital,
    render_bench,
    render_texts,
    render_why,
    to_csv,
    to_svg,
)
from playground.models.engines.choice import EngineName
from playground.models.engines.precision import Precision
from playground.serving import Pool

REDRAW_SECONDS = 0.3
_ENGINES = (
    ("core (NumPy)", EngineName.CORE.value),
    ("transformers", EngineName.TRANSFORMERS.value),
)
_EMPTY = (
    '<p class="hint">The rows will stand here. Each is measured in a process of its own, which '
    "takes about ten seconds; the chat goes on meanwhile, and slows the measure down.</p>"
)

View = dict[Any, Any]


class BenchSection:
    """The bench's fields and its table.

    Parameters
    ----------
    pool : Pool
        Knows where models lie.
    rail : Rail
        Says which model.
    """

    def __init__(self, pool: Pool, rail: Rail) -> None:
        self._pool = pool
        self._rail = rail
        self._stops = Stops()
        names = [(each.name, each.value) for each in Precision]
        gr.HTML(
            '<p class="lead">Load the same model at several precisions and see memory, speed and '
            "quality side by side. Every figure is measured on this machine.</p>",
            js_on_load=None,
        )
        with gr.Row(elem_id="bench-choices"):
            self._precisions = gr.CheckboxGroup(
                names,
                value=[v for _, v in names if v != Precision.FP4],
                label="Measure at",
                elem_id="bench-precisions",
                scale=2,
            )
            self._engines = gr.CheckboxGroup(
                list(_ENGINES),
                value=[v for _, v in _ENGINES],
                label="Computed by",
                elem_id="bench-engines",
            )
        with gr.Row(elem_id="bench-fields"):
            self._prompt = gr.Textbox(
                FIRST_PROMPT,
                label="Text to continue at T 0",
                max_lines=3,
                elem_id="bench-prompt",
                scale=2,
            )
            self._tokens = gr.Number(
                64, label="Tokens to write", elem_id="bench-tokens", min_width=110
            )
        self._own = gr.Textbox(
            label="A text of yours to score besides",
            info="Its first 1,024 tokens; perplexity on it stands below that on the shipped text.",
            placeholder="none",
            lines=1,
            max_lines=6,
            elem_id="bench-own",
        )
        with gr.Row(elem_id="bench-actions"):
            self._run = gr.Button("Measure", variant="primary", elem_id="run-bench")
            self._stop = gr.Button("Stop measuring", elem_id="stop-bench", visible=False)
            self._files = [
                gr.DownloadButton(
                    f"Export {kind}",
                    size="sm",
                    elem_id=f"bench-{kind.lower()}",
                    visible=False,
                    min_width=96,
                )
                for kind in ("CSV", "JSON", "SVG")
            ]
        self._notice = gr.HTML("", elem_id="bench-notice", js_on_load=None)
        self._table = gr.HTML(_EMPTY, elem_id="bench-table", js_on_load=None)
        self._why = gr.HTML("", elem_id="bench-why", js_on_load=None)
        self._texts = gr.HTML("", elem_id="bench-texts", js_on_load=None)

    def wire(self) -> None:
        """Connect the components."""
        fields = [self._precisions, self._engines, self._prompt, self._tokens, self._own]
        outputs = [
            self._notice,
            self._table,
            self._why,
            self._texts,
            self._run,
            self._stop,
            *self._files,
        ]
        self._run.click(
            self._on_run,
            [*fields, *self._rail.components],
            outputs,
            concurrency_limit=None,
            **QUIET,
        )
        self._stop.click(self._stops.stop, queue=False, **QUIET)

    def _on_run(self, request: gr.Request, *values: Any) -> Iterator[View]:
        try:
            plan = _read_plan(*values)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        yield {
            self._notice: render_hint("Starting…"),
            self._table: "",
            self._why: "",
            self._texts: "",
            self._run: gr.update(visible=False),
            self._stop: gr.update(visible=True),
            **self._hidden_files(),
        }
        seen: list[Bench] = []
        with self._stops.running(request) as stopped:

            def measure() -> None:
                run_bench(plan, self._pool, seen.append, stopped.is_set)

            work = Background(measure)
            yield from self._watch(work, seen)
        yield {
            **self._ended(work, seen),
            self._run: gr.update(visible=True),
            self._stop: gr.update(visible=False),
        }

    def _watch(self, work: Background, seen: list[Bench]) -> Iterator[View]:
        drawn = 0
        while not work.finished(REDRAW_SECONDS):
            if len(seen) > drawn:
                drawn = len(seen)
                now = seen[-1]
                done = sum(row.state in ("done", "failed") for row in now.rows)
                stage = f"{capital(now.stage)} · {done} of {len(now.rows)} rows done"
                yield {self._notice: render_hint(stage), self._table: render_bench(now)}

    def _ended(self, work: Background, seen: list[Bench]) -> View:
        view: View = {self._notice: render_outcome(work.error)}
        if not seen or not any(row.measured for row in seen[-1].rows):
            view[self._table] = render_bench(seen[-1]) if seen else _EMPTY
            return view
        bench = seen[-1]
        files = (
            ("precision.csv", to_csv(bench)),
            ("precision.json", json.dumps(to_json(bench), ensure_ascii=False, indent=1)),
            ("precision.svg", to_svg(bench)),
        )
        done: View = {
            self._table: render_bench(bench),
            self._why: render_why(bench),
            self._texts: render_texts(bench),
            **{
                button: gr.update(visible=True, value=save_export(*file))
                for button, file in zip(self._files, files, strict=True)
            },
        }
        return view | done

    def _hidden_files(self) -> View:
        return {button: gr.update(visible=False) for button in self._files}


def _read_plan(
    precisions: list[str], engines: list[str], prompt: str, tokens: object, own: str, *rail: Any
) -> Plan:
    choice = read_choice(read_rail(rail))
    return make_plan(
        choice.reference,
        [Precision.parse(each) for each in precisions],
        [EngineName.parse(each) for each in engines],
        prompt,
        tokens,
        own or "",
    )
