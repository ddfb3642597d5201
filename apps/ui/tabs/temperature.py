"""The temperature lab: the distribution of the next token under one's fingers.

The model runs once, when a prompt is read. Every slider after that is arithmetic on the scores.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import gradio as gr

from apps.ui.events import QUIET
from apps.ui.lab_settings import SLIDERS, VALUES, WAYS, encode, read_settings
from apps.ui.notice import render_error, render_hint
from apps.ui.rail import Rail, read_choice, read_rail
from apps.ui.tabs.strip import StripSection
from playground.drawing.marks import visible
from playground.errors import PlaygroundError
from playground.generation.settings import OPTIONS, SamplingSettings
from playground.labs.temperature.banning import Gain, Variant, largest_gains
from playground.labs.temperature.distribution import (
    Bar,
    Distribution,
    NextToken,
    distribution,
    read_next_token,
)
from playground.models.text.tokenizer import Tokenizer
from playground.serving import Pool

FIRST_PROMPT = "The capital of France is"
# Other words than those of the rail, which has the settings of the chat.
_LABELS = {
    "temperature": "Softmax temperature", "top_k": "Cut at top-k", "top_p": "Cut at top-p",
    "min_p": "Cut at min-p",
}  # fmt: skip
_CUT_WORDS = {"top_k": "cut by top-k", "top_p": "cut by top-p", "min_p": "cut by min-p"}

View = dict[Any, Any]


@dataclass(frozen=True, eq=False)
class Reading:
    """A prompt that was read: the scores, and who names their tokens."""

    next_token: NextToken
    tokenizer: Tokenizer
    model: str

    def piece(self, token_id: int) -> str:
        """Return a token's text with spaces and line ends to be seen."""
        return visible(self.tokenizer.piece(token_id))


class TemperatureTab:
    """The temperature lab: the sliders, the word, and the strip below.

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
                elem_classes="travels",
                scale=1,
            )  # fmt: skip
            self._read = gr.Button("Read", variant="primary", elem_id="read", min_width=72)
        self._as_chat = gr.Checkbox(
            False, label="As a chat message", info="Put the prompt into the model's chat template.",
            elem_id="as-chat",
        )  # fmt: skip
        self._notice = gr.HTML("", elem_id="temperature-notice", js_on_load=None)
        with gr.Row(elem_id="lab-sliders"):
            self._sliders = [_slider(name, value) for name, value in SLIDERS.items()]
        with gr.Row(elem_id="lab-ban"):
            self._word = gr.Textbox(
                label="Word to ban or bias", placeholder="none", max_lines=1, elem_id="ban-word",
                info="All its spellings, with and without a space before it.", scale=2,
            )  # fmt: skip
            self._way = gr.Radio(WAYS, value=WAYS[0], label="What to do", elem_id="ban-way")
            self._amount = gr.Slider(
                -20, 20, value=-5, step=0.5, label="Added to its scores", elem_id="ban-amount",
                visible=False,
            )  # fmt: skip
        self._word_effect = gr.HTML("", elem_id="word-effect", js_on_load=None)
        self._bars = gr.HTML(render_empty(), elem_id="distribution", js_on_load=None)
        with gr.Row():
            self._draw = gr.Button(
                "Draw a token", size="sm", elem_id="draw", scale=0, min_width=130
            )
        self._drawn = gr.HTML("", elem_id="drawn", js_on_load=None)
        self._reading = gr.State(None)
        self._strip = StripSection(pool, rail)

    @property
    def prompt(self) -> gr.Textbox:
        """The field whose text travels between labs."""
        return self._prompt

    def wire(self) -> None:
        """Connect the components."""
        values = [*self._sliders, self._word, self._way, self._amount]
        outputs = [self._reading, self._notice, self._bars, self._drawn, self._word_effect]
        gr.on(
            [self._read.click, self._prompt.submit],
            self._on_read, [self._prompt, self._as_chat, *values, *self._rail.components], outputs,
            concurrency_limit=None, **QUIET,
        )  # fmt: skip
        gr.on(
            # A word that is pasted is no `input` to Gradio.
            [
                *(slider.input for slider in self._sliders),
                self._word.change, self._way.input, self._amount.input,
            ],
            self._on_slide, [self._reading, *values], outputs[1:],
            queue=False, trigger_mode="always_last", **QUIET,
        )  # fmt: skip
        self._way.input(
            lambda way: gr.update(visible=way == WAYS[1]), self._way, self._amount,
            queue=False, **QUIET,
        )  # fmt: skip
        self._draw.click(self._on_draw, [self._reading, *values], self._drawn, queue=False, **QUIET)
        self._strip.wire([self._prompt, self._as_chat, *values])

    def _on_read(self, prompt: str, as_chat: bool, *values: Any) -> Iterator[View]:
        try:
            choice = read_choice(read_rail(values[VALUES:]))
            yield {self._notice: render_hint("Reading the prompt…"), self._drawn: ""}
            with self._pool.lease(choice) as model:
                engine = model.engine
                next_token = read_next_token(engine, encode(engine.tokenizer, prompt, as_chat))
                what = f"{engine.model.title}, {engine.precision.name}, {engine.name} engine"
            reading = Reading(next_token, engine.tokenizer, what)
            yield {self._reading: reading, **self._view(reading, values[:VALUES])}
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}

    def _on_slide(self, reading: Reading | None, *values: Any) -> View:
        if reading is None:
            return {self._notice: render_hint("Read a prompt first; then the bars move.")}
        try:
            return {**self._view(reading, values), self._drawn: ""}
        except PlaygroundError as error:
            return {self._notice: render_error(error)}

    def _view(self, reading: Reading, values: tuple[Any, ...]) -> View:
        settings, variants = read_settings(reading.tokenizer, values)
        plain = replace(settings, banned=(), logit_bias={})
        gains = largest_gains(reading.next_token, plain, settings) if variants else ()
        shown = distribution(reading.next_token, settings)
        return {
            self._notice: "",
            self._bars: render_distribution(reading, shown, settings),
            self._word_effect: render_word(reading, variants, gains, bool(settings.banned)),
        }

    def _on_draw(self, reading: Reading | None, *values: Any) -> str:
        if reading is None:
            return render_hint("Read a prompt first; then a token can be drawn.")
        try:
            settings, _ = read_settings(reading.tokenizer, values)
            shown = distribution(reading.next_token, settings)
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


def render_empty() -> str:
    """Return what stands there before a prompt has been read."""
    return '<p class="hint">The likeliest next tokens will stand here as bars.</p>'


def render_distribution(reading: Reading, shown: Distribution, settings: SamplingSettings) -> str:
    """Return the bars, what they add up to, and the table of stages; all text escaped."""
    scale = max(max(bar.probability, bar.ghost) for bar in shown.bars)
    scale = max(scale, shown.rest_probability, shown.rest_ghost)
    rows = "".join(_bar(reading.piece(bar.token_id), bar, scale) for bar in shown.bars)
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


def render_word(
    reading: Reading, variants: Sequence[Variant], gains: Sequence[Gain], banned: bool
) -> str:
    """Return a word's variants as tokens, and where the probability went; all text escaped."""
    if not variants:
        return ""
    items = "".join(_variant(reading, each, banned) for each in variants)
    went = ", ".join(
        f'<b class="token">{escape(reading.piece(gain.token_id))}</b> '
        f"{_percent(gain.before)} → {_percent(gain.after)}"
        for gain in gains
    )
    sentence = f"Probability went to {went}." if went else "No token of this prompt's grew by it."
    return f'<ul class="variants">{items}</ul><p class="hint">{sentence}</p>'


def _variant(reading: Reading, variant: Variant, banned: bool) -> str:
    pieces = " ".join(
        f'<span class="token piece">{escape(reading.piece(token_id))}</span>'
        for token_id in variant.token_ids
    )
    if variant.whole:
        words = "banned" if banned else "biased"
    elif banned:
        words = "banned as a run: its last piece may not follow the others"
    else:
        words = "left alone: other words share its pieces"
    return f'<li>{pieces} <span class="muted">{words}</span></li>'


def _bar(piece: str, bar: Bar, scale: float) -> str:
    why = _CUT_WORDS.get(bar.cut_by, bar.cut_by) if bar.cut_by else ""
    return _row("cut" if why else "", piece, bar.probability, bar.ghost, scale, why)


def _row(kind: str, label: str, probability: float, ghost: float, scale: float, why: str) -> str:
    return (
        f'<li class="bar {kind}"><span class="token">{escape(label)}</span>'
        f'<span class="track"><i class="now" style="width:{100 * probability / scale:.2f}%"></i>'
        f'<i class="ghost" style="width:{100 * ghost / scale:.2f}%"></i></span>'
        f'<span class="percent">{_percent(probability)}</span><span class="why">{why}</span></li>'
    )


def _stages(reading: Reading, shown: Distribution) -> str:
    rows = "".join(
        f"<tr><th>{escape(reading.piece(bar.token_id))}</th><td>{bar.logit:.2f}</td>"
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
        return render_hint(f"T 0 throws no dice: it is “{reading.piece(best.token_id)}”.")
    hit = next((bar for bar in shown.bars if bar.low <= uniform < bar.high), None)
    what = "one of everything else" if hit is None else f"“{reading.piece(hit.token_id)}”"
    where = "" if hit is None else f", between {hit.low:.4f} and {hit.high:.4f}"
    return render_hint(f"The dice say {uniform:.4f}{where}: {what}.")


def _percent(probability: float) -> str:
    if probability in (0, 1):
        return f"{100 * probability:.0f} %"
    return "< 0.01 %" if probability < 1e-4 else f"{100 * probability:.2f} %"
