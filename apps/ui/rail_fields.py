"""The fields of the rail, made group by group: what runs, how tokens are chosen, what gives way.

Labels, limits and explanations come from `playground.generation.settings.OPTIONS`; nothing is
repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from apps.ui.events import QUIET
from apps.ui.loaded import precision_choices, render_got
from apps.ui.rail_labels import LABELS
from apps.ui.sliders import UncheckedSlider
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.option import Option
from playground.generation.presets import CHAT_START
from playground.generation.settings import OPTIONS, SamplingSettings
from playground.models.engines.engine_name import EngineName
from playground.models.engines.manager import ModelChoice

Component = gr.Dropdown | gr.Textbox | gr.Slider


def model_fields(
    choices: Sequence[tuple[str, str]], start: ModelChoice
) -> tuple[gr.Dropdown, gr.Dropdown, gr.HTML, gr.Dropdown]:
    """Lay out what runs: the model, its precision, what was really loaded, and who computes."""
    model = gr.Dropdown(
        list(choices),
        value=start.reference,
        label=LABELS["model"],
        elem_id="model",
        filterable=False,
    )
    precision = gr.Dropdown(
        precision_choices(),
        value=start.precision.value,
        label=LABELS["precision"],
        info="Fewer bits take less memory and change the words. INT8, NF4 and FP4 by bitsandbytes; "
        "INT8+head, by the core alone, rounds the output layer too.",
        elem_id="precision",
        filterable=False,
    )
    got = gr.HTML(render_got(None), elem_id="got", js_on_load=None)
    engine = gr.Dropdown(
        [
            ("automatic", EngineName.AUTO.value),
            ("core (NumPy)", EngineName.CORE.value),
            ("transformers", EngineName.TRANSFORMERS.value),
        ],
        value=start.engine.value,
        label=LABELS["engine"],
        info="Automatic takes the fastest that is proven equal. The core, whose code you can read, "
        "runs Llama and its kin: Mistral, Qwen, Phi-3, Gemma 3.",
        elem_id="engine",
        filterable=False,
    )
    return model, precision, got, engine


def system_field() -> gr.Textbox:
    """Lay out the system prompt."""
    return gr.Textbox(
        "",
        label=LABELS["system"],
        info="Stands before the conversation; empty uses the model's own.",
        lines=2,
        max_lines=6,
        elem_id="system",
    )


def sampling_fields() -> dict[str, Component]:
    """Lay out how tokens are chosen, and when a reply ends."""
    sliders: Mapping[str, Component] = {n: _slider(n, option) for n, option in OPTIONS.items()}
    seed = gr.Textbox(
        label=LABELS["seed"],
        info="The same seed and settings give the same text; empty throws new dice.",
        max_lines=1,
        placeholder="new each time",
        elem_id="seed",
    )
    stop = gr.Textbox(
        label=LABELS["stop"],
        info="One a line; the reply ends before the first that comes.",
        lines=1,
        max_lines=4,
        placeholder="none",
        elem_id="stop-strings",
    )
    return {**sliders, "seed": seed, "stop": stop}


def _slider(name: str, option: Option) -> gr.Slider:
    default = getattr(CHAT_START.settings, name)
    # A slider cannot stop just above its minimum, so it begins one step further.
    minimum = option.minimum + option.step if option.above_minimum else option.minimum
    return UncheckedSlider(
        minimum,
        option.maximum,
        value=default,
        step=option.step,
        label=LABELS[name],
        info=option.explanation,
        elem_id=name,
        buttons=["reset"],
    )


def window_fields() -> dict[str, Component]:
    """Lay out what gives way, and how large the window is."""
    default = SamplingSettings().overflow
    overflow = gr.Dropdown(
        [(policy.label, policy.value) for policy in OverflowPolicy],
        value=default.value,
        label=LABELS["overflow"],
        info=default.explanation,
        elem_id="overflow",
        filterable=False,
    )
    overflow.change(_explain, overflow, overflow, queue=False, trigger_mode="multiple", **QUIET)
    window = gr.Textbox(
        label=LABELS["context_window"],
        info="Tokens of prompt and reply together. A small one overflows soon, to learn with.",
        max_lines=1,
        placeholder="all that the model has",
        elem_id="context-window",
    )
    return {"overflow": overflow, "context_window": window}


def _explain(policy: str) -> Any:
    return gr.update(info=OverflowPolicy.parse(policy).explanation)
