"""Float anatomy in the precision lab: one number as bits in five formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from apps.ui.events import QUIET
from apps.ui.notice import render_error, render_hint
from playground.core.floats import FORMATS, FloatFormat
from playground.errors import OptionError
from playground.labs.precision.float_anatomy import (
    MAX_CHARACTERS,
    flip,
    parse_number,
    spell,
    take_apart,
)
from playground.labs.precision.float_anatomy_view import (
    render_anatomy,
    render_examples,
    render_limits,
)

FIRST_NUMBER = "0.1"
_FORMATS = {fmt.name: fmt for fmt in FORMATS}

# A click sends the bit; arrow keys go along a format's bits. A redraw replaces the buttons, so the
# focus is put back on the one that was clicked.
_BITS = """
let held = null;
const find = (format, bit) =>
  element.querySelector(`button[data-format="${CSS.escape(format)}"][data-bit="${bit}"]`);
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-bit]');
  if (!button) return;
  held = {format: button.dataset.format, bit: Number(button.dataset.bit)};
  trigger('select', held);
});
element.addEventListener('keydown', (event) => {
  const button = event.target.closest('button[data-bit]');
  const step = {ArrowLeft: 1, ArrowRight: -1}[event.key];
  if (!button || !step) return;
  event.preventDefault();
  find(button.dataset.format, Number(button.dataset.bit) + step)?.focus();
});
watch('value', () => {
  if (held && document.activeElement === document.body) {
    find(held.format, held.bit)?.focus({preventScroll: true});
  }
  held = null;
});
"""
_EXAMPLES = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-number]');
  if (button) trigger('select', {number: button.dataset.number});
});
"""

View = dict[Any, Any]


@dataclass(frozen=True)
class Shown:
    """The number that is drawn, as text, and the code that a flip gave, if one did."""

    text: str
    kept: tuple[FloatFormat, int] | None = None


class FloatAnatomySection:
    """The field, the examples, the bits and the tables."""

    def __init__(self) -> None:
        gr.HTML(
            '<h2 class="title">Float anatomy</h2><p class="lead">A number in few bits is '
            "(&minus;1)<sup>sign</sup> &times; 2<sup>exponent</sup> &times; significand. Type one, "
            "or flip a bit, and see what each format keeps of it.</p>",
            js_on_load=None,
        )
        self._number = gr.Textbox(
            FIRST_NUMBER,
            label="Number",
            max_lines=1,
            elem_id="float-number",
            info=f"A decimal, inf or nan; at most {MAX_CHARACTERS} characters.",
        )
        self._examples = gr.HTML(render_examples(), elem_id="float-examples", js_on_load=_EXAMPLES)
        self._notice = gr.HTML("", elem_id="float-notice", js_on_load=None)
        first = parse_number(FIRST_NUMBER)
        self._anatomy = gr.HTML(
            render_anatomy(first, take_apart(first)), elem_id="float-anatomy", js_on_load=_BITS
        )
        gr.HTML(render_limits(), elem_id="float-limits", js_on_load=None)
        self._shown = gr.State(Shown(FIRST_NUMBER))

    def wire(self) -> None:
        """Connect the components."""
        quiet = {**QUIET, "queue": False}
        outputs = [self._number, self._notice, self._anatomy, self._shown]
        self._number.change(
            self._on_text,
            [self._number, self._shown],
            outputs[1:],
            trigger_mode="always_last",
            **quiet,
        )
        self._examples.select(self._on_example, None, outputs, trigger_mode="multiple", **quiet)
        self._anatomy.select(self._on_flip, self._shown, outputs, trigger_mode="multiple", **quiet)

    def _on_text(self, text: str, shown: Shown) -> View:
        # What the page itself writes into the field is a change too, and is drawn already.
        if text == shown.text:
            return {self._notice: _nan_hint(shown)}
        try:
            return self._view(Shown(text))
        except OptionError as error:
            return {self._notice: render_error(error)}

    def _on_example(self, event: gr.EventData) -> View:
        text = str((event._data or {}).get("number"))
        return {self._number: text, **self._view(Shown(text))}

    def _on_flip(self, event: gr.EventData, shown: Shown) -> View:
        """Turn a bit over; the value it gives is the new number, in all formats."""
        data = event._data or {}
        fmt, bit = _FORMATS.get(str(data.get("format"))), data.get("bit", -1)
        if fmt is None or bit not in range(fmt.bits):
            return {}  # no button of this page
        stored = take_apart(parse_number(shown.text), shown.kept)[FORMATS.index(fmt)]
        flipped = flip(stored.anatomy.code, int(bit), fmt)
        text = spell(flipped.value)
        return {self._number: text, **self._view(Shown(text, (fmt, flipped.code)))}

    def _view(self, shown: Shown) -> View:
        number = parse_number(shown.text)
        drawn = render_anatomy(number, take_apart(number, shown.kept))
        return {self._notice: _nan_hint(shown), self._anatomy: drawn, self._shown: shown}


def _nan_hint(shown: Shown) -> str:
    """Say why the bits of a NaN can differ from the usual ones."""
    if shown.kept is None or "nan" not in shown.text:
        return ""
    name = shown.kept[0].name
    return render_hint(f"This pattern is NaN in {name}; the other formats show their usual NaN.")
