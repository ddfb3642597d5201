"""A choice that is refused: said beside the rail, what ran is put back, and the sentence stays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from apps.chat.service import ChatService
from apps.ui.model_switch import ModelSwitch
from apps.ui.rail import Rail, build_rail
from apps.ui.welcome import Welcome
from playground.errors import PrecisionUnavailable
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision

RUNS = ModelChoice("none", Precision.FP32)


class OnePrecision:
    """A pool that has no NF4, and nothing to tell of what it has."""

    def preload(self, choice: ModelChoice) -> None:
        if choice.precision is Precision.NF4:
            raise PrecisionUnavailable("There is no NF4 here; choose another precision.")

    def activity(self, _choice: ModelChoice) -> object:
        return None

    model = failure = activity


class Loaded(OnePrecision):
    """A pool that has loaded whatever it is asked for, and loads nothing again."""

    def preload(self, choice: ModelChoice) -> None:
        raise AssertionError(choice)

    def model(self, _choice: ModelChoice) -> object:
        return object()


@pytest.fixture
def rail() -> Rail:
    with gr.Blocks():
        return build_rail([("none", "none")], RUNS)


def chosen(
    rail: Rail, precision: str, current: ModelChoice | None, pool: type[OnePrecision] = OnePrecision
) -> dict[Any, Any]:
    """Return what the page shows once a precision was chosen."""
    service = cast(ChatService, SimpleNamespace(pool=pool()))
    with gr.Blocks():
        welcome = cast(Welcome, SimpleNamespace(about=gr.HTML(), view=lambda _choice: {}))
        switch = ModelSwitch(service, rail, gr.HTML(), welcome)
    data = {each: each.value for each in rail.components}
    shown: dict[Any, Any] = {}
    for view in switch.load({**data, rail.precision: precision, switch.current: current}):
        shown |= view
    return shown


def test_a_refusal_is_told_beside_the_rail_and_what_ran_is_put_back(rail: Rail) -> None:
    shown = chosen(rail, "nf4", RUNS)
    assert "There is no NF4 here" in shown[rail.notice]
    assert shown[rail.precision] == "fp32"


def test_what_is_put_back_leaves_the_sentence_and_another_choice_takes_it_away(rail: Rail) -> None:
    assert rail.notice not in chosen(rail, "fp32", RUNS)
    assert chosen(rail, "int8", RUNS)[rail.notice] == ""


def test_what_runs_already_is_not_asked_for_again(rail: Rail) -> None:
    assert list(chosen(rail, "fp32", RUNS, Loaded).values()) == [RUNS]
