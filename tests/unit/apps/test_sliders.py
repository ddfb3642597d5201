"""Sliders that show less than what is allowed, and numbers that the page puts back."""

from __future__ import annotations

import gradio as gr
import pytest

from apps.ui.form import Form
from apps.ui.sliders import at_an_end, beyond_an_end
from playground.labs.context.window import WindowSettings
from playground.labs.context.window_view import WINDOW


@pytest.fixture
def sliders() -> dict[str, gr.Slider]:
    with gr.Blocks():
        return Form(WINDOW).sliders


def test_a_slider_has_the_ends_that_are_declared(sliders: dict[str, gr.Slider]) -> None:
    ends = {name: (each.minimum, each.maximum) for name, each in sliders.items()}
    assert ends == {"window": (64, 8192), "reserve": (16, 1024)}


@pytest.mark.parametrize(("window", "there"), [(64, True), (8192, True), (256, False), (8, False)])
def test_an_end_is_where_a_number_may_have_been_put_back_to(
    sliders: dict[str, gr.Slider], window: int, there: bool
) -> None:
    data = {sliders["window"]: window, sliders["reserve"]: 64}
    assert at_an_end(sliders.values(), data) == there


@pytest.mark.parametrize(
    ("window", "beyond"), [(32, True), (20_000, True), (64, False), (8192, False)]
)
def test_a_number_may_keep_its_rule_beyond_the_ends(
    sliders: dict[str, gr.Slider], window: int, beyond: bool
) -> None:
    assert beyond_an_end(sliders, WindowSettings(window=window)) == beyond
