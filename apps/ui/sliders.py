"""A slider that hands on what was typed; the rule is checked where its sentence is known.

The page puts a number that is out of a slider's range back to the end that is next to it.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Iterable, Mapping
from typing import Any

import gradio as gr

from playground.experiments.settings import Settings


def _as_typed(_slider: gr.Slider, payload: float) -> float:
    """Hand on what was typed: Gradio's own check would not name the option, the settings do."""
    return payload


# A slider like Gradio's but for that check. Made past Gradio's metaclass, which would write a stub
# file into this folder.
UncheckedSlider = ABCMeta.__new__(
    type(gr.Slider), "UncheckedSlider", (gr.Slider,), {"preprocess": _as_typed, "is_template": True}
)


def at_an_end(sliders: Iterable[gr.Slider], data: Mapping[Any, Any]) -> bool:
    """Tell whether one stands at an end, where the page may have put it back to."""
    return any(data[each] in (each.minimum, each.maximum) for each in sliders)


def beyond_an_end(sliders: Mapping[str, gr.Slider], settings: Settings) -> bool:
    """Tell whether a number keeps its rule and yet is none that its slider can show."""
    return any(
        not each.minimum <= getattr(settings, name) <= each.maximum
        for name, each in sliders.items()
    )
