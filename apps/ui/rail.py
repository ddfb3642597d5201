"""The run settings at the right: the same on every lab.

Labels, limits and explanations come from `playground.generation.settings.OPTIONS`; nothing is
repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from apps.chat.message_rules import require_text
from apps.chat.request import Request
from apps.ui.badge import describe_loaded, describe_origin
from apps.ui.events import QUIET
from apps.ui.filter_switch import filter_switch, is_on
from apps.ui.sliders import UncheckedSlider
from playground.drawing.context_bar import render_outlook
from playground.errors import OptionError
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.option import Option
from playground.generation.settings import OPTIONS, SamplingSettings
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import EngineName
from playground.models.engines.engine import Engine
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision, estimate_bytes, read_shape
from playground.sizes import spell_size

_MODEL = ("model", "precision", "engine")
# Settings that are no sliders and are checked as they were typed.
_TYPED = ("seed", "overflow", "context_window")
_TEXTS = ("system", "stop")
_FIRST = (*_MODEL, "system", "moderation")
_FIELDS = (*_FIRST, *OPTIONS, "seed", "stop", "overflow", "context_window")

Component = gr.Dropdown | gr.Textbox | gr.Slider


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
    start : str
        The model that is chosen at first.
    """

    fields: Mapping[str, Component]
    got: gr.HTML
    context: gr.HTML
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

    def read(self, data: Mapping[Any, Any]) -> dict[str, Any]:
        """Return the settings by name.

        Parameters
        ----------
        data : mapping
            What an event hands over whose inputs are a set: values by component.
        """
        return {name: data[component] for name, component in self.fields.items()}

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
    model, precision, got, engine = _model_fields(choices, start)
    system = gr.Textbox(
        "",
        label="System prompt",
        info="Stands before the conversation; empty uses the model's own.",
        lines=2,
        max_lines=6,
        elem_id="system",
    )
    sliders = {name: _slider(name, option) for name, option in OPTIONS.items()}
    seed = gr.Textbox(
        label="Seed",
        info="The same seed and settings give the same text; empty throws new dice.",
        max_lines=1,
        placeholder="new each time",
        elem_id="seed",
    )
    stop = gr.Textbox(
        label="Stop strings",
        info="One a line; the reply ends before the first that comes.",
        lines=1,
        max_lines=4,
        placeholder="none",
        elem_id="stop-strings",
    )
    context = gr.HTML(str(render_outlook(None)), elem_id="context", js_on_load=None)
    overflow, window = _window_fields()
    fields: dict[str, Component] = {
        "model": model,
        "precision": precision,
        "engine": engine,
        "system": system,
        "moderation": filter_switch(moderation),
        **sliders,
        "seed": seed,
        "stop": stop,
        "overflow": overflow,
        "context_window": window,
    }
    shown = {**fields, "chat": context}  # the window beside a lab is still the chat's
    for name, field in shown.items():
        field.elem_classes = ["run-setting", f"counts-{name}"]
    got.elem_classes = ["run-setting", "counts-precision"]
    return Rail(fields, got, context, start.reference)


def _model_fields(
    choices: Sequence[tuple[str, str]], start: ModelChoice
) -> tuple[gr.Dropdown, gr.Dropdown, gr.HTML, gr.Dropdown]:
    """Lay out what runs: the model, its precision, what was really loaded, and who computes."""
    model = gr.Dropdown(
        list(choices), value=start.reference, label="Model", elem_id="model", filterable=False
    )
    precision = gr.Dropdown(
        precision_choices(),
        value=start.precision.value,
        label="Precision",
        info="Fewer bits take less memory and change the words. INT8, NF4 and FP4 by bitsandbytes.",
        elem_id="precision",
        filterable=False,
    )
    got = gr.HTML("", elem_id="got", js_on_load=None)
    engine = gr.Dropdown(
        [
            ("automatic", EngineName.AUTO.value),
            ("core (NumPy)", EngineName.CORE.value),
            ("transformers", EngineName.TRANSFORMERS.value),
        ],
        value=start.engine.value,
        label="Engine",
        info="Automatic takes the fastest that is proven equal. The core, whose code you can read, "
        "runs Llama and its kin: Mistral, Qwen, Phi-3, Gemma 3.",
        elem_id="engine",
        filterable=False,
    )
    return model, precision, got, engine


def _window_fields() -> tuple[gr.Dropdown, gr.Textbox]:
    """Lay out what gives way, and how large the window is."""
    default = SamplingSettings().overflow
    overflow = gr.Dropdown(
        [(policy.label, policy.value) for policy in OverflowPolicy],
        value=default.value,
        label="Overflow",
        info=default.explanation,
        elem_id="overflow",
        filterable=False,
    )
    overflow.change(_explain, overflow, overflow, queue=False, **QUIET)
    window = gr.Textbox(
        label="Window",
        info="Tokens of prompt and reply together. A small one overflows soon, to learn with.",
        max_lines=1,
        placeholder="all that the model has",
        elem_id="context-window",
    )
    return overflow, window


def _explain(policy: str) -> Any:
    return gr.update(info=OverflowPolicy.parse(policy).explanation)


def render_got(engine: Engine) -> str:
    """Return what was really loaded, and where the weights came from."""
    origin = describe_origin(engine.model)
    notes = [each for each in (engine.report.engine_reason, origin) if each]
    warning = "".join(f'<p class="origin">{escape(each)}</p>' for each in notes)
    return f"<p>{escape(describe_loaded(engine.report))}</p>{warning}"


def precision_choices(model: InstalledModel | None = None) -> list[tuple[str, str]]:
    """Return (label, value) of every precision, with its estimated size where a model is here."""
    if model is None:
        return [(precision.name, precision.value) for precision in Precision]
    shape = read_shape(model.path)
    return [(f"{p.name} · est. {spell_size(estimate_bytes(shape, p))}", p.value) for p in Precision]


def _slider(name: str, option: Option) -> gr.Slider:
    default = getattr(SamplingSettings(), name)
    # A slider cannot stop just above its minimum, so it begins one step further.
    minimum = option.minimum + option.step if option.above_minimum else option.minimum
    return UncheckedSlider(
        minimum,
        option.maximum,
        value=default,
        step=option.step,
        label=option.label,
        info=option.explanation,
        elem_id=name,
        buttons=["reset"],
    )


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
