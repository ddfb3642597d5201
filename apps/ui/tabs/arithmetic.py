"""Arithmetic: sums of words, and how often they come out right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from apps.ui.background import Background
from apps.ui.events import QUIET, Stops
from apps.ui.notice import render_error, render_hint, render_outcome
from apps.ui.rail import Rail, read_choice, read_rail
from apps.ui.vectors import VectorsFile
from playground.errors import PlaygroundError
from playground.labs.embeddings.analogies import Score, evaluate, read_questions
from playground.labs.embeddings.arithmetic import solve
from playground.labs.embeddings.arithmetic_view import render_scores, render_solution
from playground.serving import Pool

FIRST_SUM = "king - man + woman"
REDRAW_SECONDS = 0.3
_OTHER_SUMS = ("Paris - France + Germany", "smaller - small + big", "went - go + see")
_READING = "Reading the model…"

View = dict[Any, Any]

_CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-sum]');
  if (button) trigger('select', {sum: button.dataset.sum});
});
"""


class ArithmeticSection:
    """The sum, its answers, and the test.

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
            '<h2 class="section">Arithmetic</h2><p class="lead">If the way from man to woman is '
            "the way from king to queen, king &minus; man + woman comes out near queen.</p>",
            js_on_load=None,
        )
        with gr.Row(elem_id="sum-fields", elem_classes="field-and-button"):
            self._sum = gr.Textbox(FIRST_SUM, label="Sum of words", max_lines=1, elem_id="sum-text")
            self._solve = gr.Button(
                "Work it out", variant="primary", elem_id="sum-solve", min_width=120
            )
        self._examples = gr.HTML(_examples(), elem_id="sum-examples", js_on_load=_CLICKS)
        self._spellings = gr.Checkbox(
            False, label="Leave out other spellings too", elem_id="sum-spellings",
            info="The words of the question never count as answers. Their other spellings, such as "
            "King for king, often come next.",
        )  # fmt: skip
        self._notice = gr.HTML("", elem_id="sum-notice", js_on_load=None)
        self._solution = gr.HTML("", elem_id="solution", js_on_load=None)
        self._file = VectorsFile("sum-file", "sum.csv")
        with gr.Row(elem_id="sum-actions"):
            self._test = gr.Button(f"Try {len(read_questions())} analogies", elem_id="sum-test")
            self._stop = gr.Button("Stop the test", elem_id="sum-stop", visible=False)
            gr.HTML(
                '<p class="hint">How often do such sums come out right, and how often without any '
                "sum?</p>",
                js_on_load=None,
            )
        self._test_notice = gr.HTML("", elem_id="test-notice", js_on_load=None)
        self._scores = gr.HTML("", elem_id="scores", js_on_load=None)

    def wire(self) -> None:
        """Connect the components."""
        rail = list(self._rail.components)
        outputs = [self._sum, self._notice, self._solution, self._file.button]
        gr.on(
            [self._solve.click, self._sum.submit],
            self._on_solve, [self._sum, self._spellings, *rail], outputs,
            concurrency_limit=None, **QUIET,
        )  # fmt: skip
        self._examples.select(
            self._on_example, [self._spellings, *rail], outputs, concurrency_limit=None, **QUIET
        )
        self._test.click(
            self._on_test, [self._spellings, *rail],
            [self._test_notice, self._scores, self._test, self._stop],
            concurrency_limit=None, **QUIET,
        )  # fmt: skip
        self._stop.click(self._stops.stop, queue=False, **QUIET)

    def _on_example(self, event: gr.EventData, spellings: bool, *rail: Any) -> Iterator[View]:
        text = str((event._data or {}).get("sum"))  # what the page's `trigger` handed over
        yield {self._sum: text}
        yield from self._on_solve(text, spellings, *rail)

    def _on_solve(self, text: str, spellings: bool, *rail: Any) -> Iterator[View]:
        try:
            choice = read_choice(read_rail(rail))
            if self._pool.model(choice) is None:
                yield {self._notice: render_hint(_READING)}
            with self._pool.lease(choice) as model:
                solution = solve(model.engine, text, spellings_too=spellings)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        labels = [text.strip(), *(answer.text for answer in solution.answers)]
        yield {
            self._notice: "", self._solution: render_solution(solution),
            self._file.button: self._file.holding(
                labels, np.concatenate([solution.vector[None], solution.vectors])
            ),
        }  # fmt: skip

    def _on_test(self, request: gr.Request, spellings: bool, *rail: Any) -> Iterator[View]:
        try:
            choice = read_choice(read_rail(rail))
        except PlaygroundError as error:
            yield {self._test_notice: render_error(error)}
            return
        questions, asked, scores = read_questions(), [0], list[tuple[Score, ...]]()
        yield {self._test: gr.update(visible=False), self._stop: gr.update(visible=True)}
        with self._stops.running(request) as stopped:

            def work() -> None:
                with self._pool.lease(choice, stopped.is_set) as model:
                    found = evaluate(
                        model.engine, questions, spellings_too=spellings, on_question=asked.append,
                        cancelled=stopped.is_set,
                    )  # fmt: skip
                scores.append(found)

            test = Background(work)
            while not test.finished(REDRAW_SECONDS):
                told = f"Asked {asked[-1]} of {len(questions)}…" if asked[-1] else _READING
                yield {self._test_notice: render_hint(told)}
        yield {
            self._test_notice: render_outcome(test.error),
            self._test: gr.update(visible=True), self._stop: gr.update(visible=False),
            **({self._scores: render_scores(scores[0], spellings)} if scores else {}),
        }  # fmt: skip


def _examples() -> str:
    buttons = "".join(
        f'<button type="button" class="small" data-sum="{each}">{each}</button>'
        for each in (FIRST_SUM, *_OTHER_SUMS)
    )
    return f'<div class="small-buttons">{buttons}</div>'
