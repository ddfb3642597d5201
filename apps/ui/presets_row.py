"""Presets and "Reset all": several run settings at one press, set by the page itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr

from apps.ui.events import QUIET
from playground.drawing.markup import tag
from playground.generation.presets import NAMES, PRESETS

# What "Reset all" leaves: changing the model takes time, and a system prompt is a person's text.
KEPT = ("model", "precision", "engine", "system")
_OWN = "Your own settings, none of the presets."


class PresetsRow:
    """The buttons and the line that says which preset the sliders show; laid out where made."""

    def __init__(self) -> None:
        counting = [f"counts-{name}" for name in NAMES]
        with gr.Column(elem_id="presets", elem_classes=["run-setting", *counting]):
            with gr.Row(elem_id="preset-head"):
                gr.HTML("<span>Presets</span>", js_on_load=None)
                self._reset = gr.Button("Reset all", size="sm", min_width=0, elem_id="reset-all")
            with gr.Row(elem_id="preset-buttons"):
                self._buttons = {
                    name: gr.Button(each.label, size="sm", min_width=0, elem_id=f"preset-{name}")
                    for name, each in PRESETS.items()
                }
            self._said = gr.HTML("", elem_id="preset-said", js_on_load=None)

    def wire(self, fields: Mapping[str, Any]) -> None:
        """Connect the buttons to the fields of the rail; the server is not asked.

        Parameters
        ----------
        fields : mapping of str to component
            By the names of the settings; what they show now is what "Reset all" brings back.
        """
        sliders = [fields[name] for name in NAMES]
        self._said.value = say_preset({name: fields[name].value for name in NAMES})
        for name, button in self._buttons.items():
            values = list(PRESETS[name].values.values())
            button.click(None, None, sliders, js=f"() => {json.dumps(values)}", **QUIET)
        known = [_known(values) for values in (*(each.values for each in PRESETS.values()), {})]
        said = f"(...values) => playgroundPreset({json.dumps(known)}, values)"
        gr.on([each.change for each in sliders], None, sliders, self._said, js=said, **QUIET)
        back = {field: field.value for name, field in fields.items() if name not in KEPT}
        firsts = json.dumps(["" if value is None else value for value in back.values()])
        self._reset.click(None, None, list(back), js=f"() => {firsts}", **QUIET)


def _known(values: Mapping[str, float]) -> list[Any]:
    """Return what the page's script compares, and what it then says."""
    return [list(values.values()), say_preset(values)]


def say_preset(values: Mapping[str, float]) -> str:
    """Return which preset some settings are, and what it is for."""
    for name, preset in PRESETS.items():
        if dict(preset.values) == dict(values):
            said = (tag("b", preset.label), f": {preset.idea}")
            return str(tag("p", *said, class_="hint", data_preset=name))
    return str(tag("p", _OWN, class_="hint", data_preset=""))
