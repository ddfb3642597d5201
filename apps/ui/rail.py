"""The run settings at the right: the same on every lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from apps.chat.message_rules import require_text
from apps.chat.request import Request
from apps.ui.filter_switch import filter_switch, is_on
from apps.ui.presets_row import PresetsRow
from apps.ui.rail_fields import (
    Component,
    model_fields,
    sampling_fields,
    system_field,
    window_fields,
)
from playground.drawing.context_bar import render_outlook
from playground.errors import OptionError
from playground.generation.settings import OPTIONS, SamplingSettings
from playground.models.engines.engine_name import EngineName
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision

_MODEL = ("model", "precision", "engine")
# Settings that are no sliders and are checked as they were typed.
_TYPED = ("seed", "overflow", "context_window")
_TEXTS = ("system", "stop")
_FIRST = (*_MODEL, "system", "moderation")
_FIELDS = (*_FIRST, *OPTIONS, "seed", "stop", "overflow", "context_window")


@dataclass(frozen=True)
class Rail:
    """The run settings.

    Parameters
    ----------
    fields : mapping of str to Component
        By the names of the settings.
    got : gradio.HTML
        What was really loaded.
    context : gradio.HTML
        How full the window is.
    notice : gradio.HTML
        What a choice or a setting came to that cannot be: beside every lab, where it was made.
    start : str
        The model that is chosen at first.
    """

    fields: Mapping[str, Component]
    got: gr.HTML
    context: gr.HTML
    notice: gr.HTML
    start: str

    @property
    def components(self) -> tuple[Component, ...]:
        """All of them, for the inputs and outputs of events."""
        return tuple(self.fields[name] for name in _FIELDS)

    @property
    def model(self) -> Component:
        """The model's dropdown."""
        return self.fields["model"]

    @property
    def engine(self) -> Component:
        """The engine's dropdown."""
        return self.fields["engine"]

    @property
    def precision(self) -> Component:
        """The precision's dropdown."""
        return self.fields["precision"]

    @property
    def system(self) -> Component:
        """The system prompt's field."""
        return self.fields["system"]

    @property
    def max_new_tokens(self) -> Component:
        """The slider of the longest reply."""
        return self.fields["max_new_tokens"]

    @property
    def overflow(self) -> Component:
        """The policy's dropdown."""
        return self.fields["overflow"]

    @property
    def window(self) -> Component:
        """The window's field."""
        return self.fields["context_window"]

    def read(self, data: Mapping[Any, Any], names: Iterable[str] | None = None) -> dict[str, Any]:
        """Return the settings by name.

        Parameters
        ----------
        data : mapping
            What an event hands over whose inputs are a set: values by component.
        names : iterable of str, optional
            Of these alone; by default of all.
        """
        return {name: data[self.fields[name]] for name in (self.fields if names is None else names)}

    def fill(
        self, kept: Mapping[str, Any], choices: Sequence[tuple[str, str]]
    ) -> tuple[dict[Any, Any], list[str]]:
        """Bring back remembered settings.

        Parameters
        ----------
        kept : mapping of str to object
            As they were remembered, perhaps by another version.
        choices : sequence of (label, reference)
            The models that can be chosen now; the page was built before.

        Returns
        -------
        dict and list of str
            What to put into the components, and the names of those that cannot be had now.
        """
        offered = [reference for _, reference in choices]
        holding = {name: kept[name] for name in self.fields if self._takes(name, kept, offered)}
        missing = [name for name in kept if name not in (*holding, "moderation")]
        filled = {self.fields[name]: value for name, value in holding.items()}
        chosen = {"value": holding["model"]} if "model" in holding else {}
        return {**filled, self.model: gr.update(choices=list(choices), **chosen)}, missing

    def _takes(self, name: str, kept: Mapping[str, Any], offered: Sequence[str]) -> bool:
        component = self.fields[name]
        if name not in kept:
            return False
        if name == "model":
            return kept[name] in offered
        if isinstance(component, gr.Dropdown):
            return kept[name] in [value for _, value in component.choices]
        return _keeps_rule(name, kept[name])


def _keeps_rule(name: str, value: object) -> bool:
    """Tell whether a remembered setting that is no dropdown can be used today."""
    if name in _TEXTS and not isinstance(value, str):
        return False
    try:
        if name in _TEXTS:
            require_text(name, str(value))
        else:
            SamplingSettings.from_mapping({name: value})
    except OptionError:
        return False
    return True


def build_rail(
    choices: Sequence[tuple[str, str]], start: ModelChoice, moderation: bool | None = None
) -> Rail:
    """Lay out the rail inside the current column.

    Parameters
    ----------
    choices : sequence of (label, reference)
        The models that can be chosen.
    start : ModelChoice
        What is chosen at first.
    moderation : bool, optional
        How the content filter stands for all, where the page may not switch it.
    """
    model, precision, got, engine = model_fields(choices, start)
    system = system_field()
    presets = PresetsRow()
    sampling = sampling_fields()
    context = gr.HTML(str(render_outlook(None)), elem_id="context", js_on_load=None)
    fields: dict[str, Component] = {
        "model": model,
        "precision": precision,
        "engine": engine,
        "system": system,
        **sampling,
        **window_fields(),
        "moderation": filter_switch(moderation),
    }
    shown = {**fields, "chat": context}  # the window beside a lab is still the chat's
    # Last, so that nothing moves when it comes; the style sheet keeps it in sight.
    notice = gr.HTML("", elem_id="rail-notice", js_on_load=None)
    for name, field in shown.items():
        field.elem_classes = ["run-setting", f"counts-{name}"]
    got.elem_classes = ["run-setting", "counts-precision"]
    presets.wire(fields)
    return Rail(fields, got, context, notice, start.reference)


def read_rail(values: Sequence[Any]) -> dict[str, Any]:
    """Name the values that the components handed over."""
    return dict(zip(_FIELDS, values, strict=True))


def read_choice(rail: Mapping[str, Any]) -> ModelChoice:
    """Return the model and precision chosen.

    Raises
    ------
    OptionError
        When one is missing or unknown.
    """
    if not rail["model"]:
        raise OptionError("No model is chosen; pick one under Model.")
    precision = Precision.parse(str(rail["precision"]))
    return ModelChoice(str(rail["model"]), precision, EngineName.parse(str(rail["engine"])))


def read_request(rail: Mapping[str, Any]) -> Request:
    """Check all settings at once.

    Raises
    ------
    OptionError
        When one breaks its rule; the message names it.
    """
    settings = {name: rail[name] for name in OPTIONS}
    stop = [line for line in str(rail["stop"] or "").splitlines() if line]
    return Request(
        choice=read_choice(rail),
        system=str(rail["system"] or ""),
        moderation=is_on(rail.get("moderation")),
        settings=SamplingSettings.from_mapping(
            {**settings, **{name: rail[name] for name in _TYPED}, "stop": stop}
        ),
    )
