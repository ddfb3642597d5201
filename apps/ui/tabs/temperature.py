"""The temperature lab: the distribution of the next token under one's fingers.

The model runs once, when a prompt is read. Every slider after that is arithmetic on the scores.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from apps.ui.notice import render_error, render_hint
from apps.ui.rail import Rail, read_choice, read_rail
from playground.concepts.temperature import (
    BARS,
    Bar,
    Distribution,
    NextToken,
    distribution,
    read_next_token,
)
from playground.errors import PlaygroundError
from playground.generation.choosing import likeliest
from playground.generation.settings import OPTIONS, SamplingSettings
from playground.models.manager import ModelManager

FIRST_PROMPT = "The capital of France is"
_SLIDERS = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
# Other words than those of the rail, which has the settings of the chat.
_LABELS = {
    "temperature": "Softmax temperature", "top_k": "Cut at top-k", "top_p": "Cut at top-p",
    "min_p": "Cut at min-p",
}  # fmt: skip
_CUT_WORDS = {"top_k": "top-k", "top_p": "top-p", "min_p": "min-p"}

View = dict[Any, Any]


@dataclass(frozen=True, eq=False)
class Reading:
    """A prompt that was read: the scores, and the texts of the tokens that have bars."""

    next_token: NextToken
    pieces: dict[int, str]
    model: str


class TemperatureTab:
    """The slider half of the temperature lab.

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
        gr.HTML(
            '<h1 class="title">Temperature</h1><p class="lead">A model gives every token of its '
            "vocabulary a score. Temperature and cut-offs decide what becomes of the scores before "
            "one token is drawn. Read a prompt once, then move the sliders: the model does not run "
            "again.</p>",
            js_on_load=None,
        )
        with gr.Row(elem_id="lab-prompt"):
            self._prompt = gr.Textbox(
                FIRST_PROMPT, label="Prompt to continue", lines=1, max_lines=4, elem_id="continue",
                scale=1,
            )  # fmt: skip
            self._read = gr.Button("Read", variant="primary", elem_id="read", min_width=72)
        self._notice = gr.HTML("", elem_id="temperature-notice", js_on_load=None)
        with gr.Row(elem_id="lab-sliders"):
            self._sliders = [_slider(name, value) for name, value in _SLIDERS.items()]
        self._bars = gr.HTML(render_empty(), elem_id="distribution", js_on_load=None)
        with gr.Row():
            self._draw = gr.Button("Draw a token", size="sm", elem_id="draw", min_width=110)
        self._drawn = gr.HTML("", elem_id="drawn", js_on_load=None)
        self._reading = gr.State(None)

    def wire(self) -> None:
        """Connect the components."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        outputs = [self._reading, self._notice, self._bars, self._drawn]
        gr.on(
            [self._read.click, self._prompt.submit],
            self._on_read, [self._prompt, *self._sliders, *self._rail.components], outputs,
            concurrency_limit=None, **quiet,
        )  # fmt: skip
        gr.on(
            [slider.input for slider in self._sliders],
            self._on_slide, [self._reading, *self._sliders], outputs[1:],
            queue=False, trigger_mode="always_last", **quiet,
        )  # fmt: skip
        self._draw.click(
            self._on_draw, [self._reading, *self._sliders], self._drawn, queue=False, **quiet
        )

    def _on_read(self, prompt: str, *values: Any) -> Iterator[View]:
        sliders, rail = values[: len(_SLIDERS)], values[len(_SLIDERS) :]
        try:
            choice = read_choice(read_rail(rail))
            yield {self._notice: render_hint("Reading the prompt…"), self._drawn: ""}
            with self._manager.lease(choice) as engine:
                next_token = read_next_token(engine, engine.tokenizer.encode_text_prompt(prompt))
                pieces = {
                    int(i): engine.tokenizer.piece(int(i))
                    for i in likeliest(next_token.logits, BARS)
                }
                what = f"{engine.model.title}, {engine.precision.name}, {engine.name} engine"
            reading = Reading(next_token, pieces, what)
            yield {
                self._reading: reading,
                self._notice: "",
                self._bars: render_distribution(reading, *_apply(reading, sliders)),
            }
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}

    def _on_slide(self, reading: Reading | None, *sliders: Any) -> View:
        if reading is None:
            return {self._notice: render_hint("Read a prompt first; then the bars move.")}
        try:
            drawn = render_distribution(reading, *_apply(reading, sliders))
        except PlaygroundError as error:
            return {self._notice: render_error(error)}
        return {self._bars: drawn, self._notice: "", self._drawn: ""}

    def _on_draw(self, reading: Reading | None, *sliders: Any) -> str:
        if reading is None:
            return render_hint("Read a prompt first; then a token can be drawn.")
        try:
            shown, settings = _apply(reading, sliders)
        except PlaygroundError as error:
            return render_error(error)
        return render_draw(reading, shown, None if settings.greedy else random.random())  # noqa: S311 - dice, not secrets


def _slider(name: str, value: float) -> gr.Slider:
    option = OPTIONS[name]
    minimum = option.minimum + option.step if option.above_minimum else option.minimum
    return gr.Slider(
        minimum, option.maximum, value=value, step=option.step, label=_LABELS[name],
        elem_id=f"lab-{name}", min_width=150, buttons=["reset"],
    )  # fmt: skip


def _apply(reading: Reading, sliders: tuple[Any, ...]) -> tuple[Distribution, SamplingSettings]:
    settings = SamplingSettings.from_mapping(dict(zip(_SLIDERS, sliders, strict=True)))
    return distribution(reading.next_token, settings), settings


def render_empty() -> str:
    """Return what stands there before a prompt has been read."""
    return '<p class="hint">The likeliest next tokens will stand here as bars.</p>'


def render_distribution(reading: Reading, shown: Distribution, settings: SamplingSettings) -> str:
    """Return the bars, what they add up to, and the table of stages; all text escaped."""
    scale = max(max(bar.probability, bar.ghost) for bar in shown.bars)
    scale = max(scale, shown.rest_probability, shown.rest_ghost)
    rows = "".join(_bar(reading.pieces[bar.token_id], bar, scale) for bar in shown.bars)
    others = shown.vocabulary - len(shown.bars)
    rows += _row(
        "rest", f"everything else ({others:,} tokens)", shown.rest_probability, shown.rest_ghost,
        scale, "",
    )  # fmt: skip
    greedy = (
        " At T 0 the likeliest token is always taken, and no dice are thrown: a seed plays no part."
    )
    return (
        f'<p class="sums"><b>{shown.entropy_nats:.2f} nats</b> of entropy, as undecided as '
        f"<b>{shown.effective_choices:,.1f} equal choices</b> (at T 1: "
        f"{shown.ghost_entropy_nats:.2f} nats); {shown.possible:,} of {shown.vocabulary:,} tokens "
        f"can be drawn.{greedy if settings.greedy else ''}</p>"
        f'<ol class="bars" aria-label="Likeliest next tokens">{rows}</ol>'
        '<p class="hint">The outline is T 1 with nothing cut. '
        f"{escape(reading.model)}; it ran once for this prompt.</p>"
        f"{_stages(reading, shown)}"
    )


def _bar(piece: str, bar: Bar, scale: float) -> str:
    why = f"cut by {_CUT_WORDS.get(bar.cut_by, bar.cut_by)}" if bar.cut_by else ""
    return _row("cut" if why else "", visible(piece), bar.probability, bar.ghost, scale, why)


def _row(kind: str, label: str, probability: float, ghost: float, scale: float, why: str) -> str:
    return (
        f'<li class="bar {kind}"><span class="token">{escape(label)}</span>'
        f'<span class="track"><i class="now" style="width:{100 * probability / scale:.2f}%"></i>'
        f'<i class="ghost" style="width:{100 * ghost / scale:.2f}%"></i></span>'
        f'<span class="percent">{_percent(probability)}</span><span class="why">{why}</span></li>'
    )


def _stages(reading: Reading, shown: Distribution) -> str:
    rows = "".join(
        f"<tr><th>{escape(visible(reading.pieces[bar.token_id]))}</th><td>{bar.logit:.2f}</td>"
        f"<td>{bar.scaled:.2f}</td><td>{'cut' if bar.cut_by else f'{bar.scaled:.2f}'}</td>"
        f"<td>{_percent(bar.probability)}</td><td>{_stretch(bar)}</td></tr>"
        for bar in shown.bars[:10]
    )
    heads = "".join(
        f"<th>{name}</th>"
        for name in ("token", "logit", "divided by T", "filtered", "softmax", "drawn by")
    )
    return (
        "<details><summary>Step by step</summary>"
        f'<div class="scroll"><table class="stages"><tr>{heads}</tr>{rows}</table></div></details>'
    )


def _stretch(bar: Bar) -> str:
    return f"{bar.low:.4f} to {bar.high:.4f}" if bar.probability else "nothing"


def render_draw(reading: Reading, shown: Distribution, uniform: float | None) -> str:
    """Say which token a number between 0 and 1 hits; at temperature 0 it is None."""
    if uniform is None:
        best = max(shown.bars, key=lambda bar: bar.probability)
        return render_hint(f"T 0 throws no dice: it is “{visible(reading.pieces[best.token_id])}”.")
    hit = next((bar for bar in shown.bars if bar.low <= uniform < bar.high), None)
    what = "one of everything else" if hit is None else f"“{visible(reading.pieces[hit.token_id])}”"
    where = "" if hit is None else f", between {hit.low:.4f} and {hit.high:.4f}"
    return render_hint(f"The dice say {uniform:.4f}{where}: {what}.")


def visible(piece: str) -> str:
    r"""Return a token's text with its spaces and line ends to be seen.

    Examples
    --------
    >>> visible(" Paris"), visible("\n")
    ('·Paris', '↵')
    """
    return piece.replace(" ", "·").replace("\n", "↵").replace("\t", "⇥")


def _percent(probability: float) -> str:
    if probability in (0, 1):
        return f"{100 * probability:.0f} %"
    return "< 0.01 %" if probability < 1e-4 else f"{100 * probability:.2f} %"
