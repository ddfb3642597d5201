"""One rail: what stands beside every lab has no second field in a form, and a link says it all."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import gradio as gr
import pytest

from apps.ui.link import Link, filled
from apps.ui.rail import build_rail
from apps.ui.section import Section
from playground.experiments.code import as_link
from playground.experiments.experiment import Experiment, Needs
from playground.generation.presets import NAMES
from playground.labs import labs
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings as Place

EVERY = [each for lab in labs().values() for each in lab.experiments]
STRIP = next(each for each in EVERY if each.path == "temperature/strip")
# "Temperature of the samples", beside an answer at 0: figures that ship were measured at these. Or
# of a model that is trained in the lab: the rail's are a chat model's.
OF_SAMPLES = {"temperature", "top_p"}


@pytest.mark.parametrize("experiment", EVERY, ids=lambda each: each.path)
def test_no_form_has_a_slider_of_its_own_for_what_the_rail_has(experiment: Experiment) -> None:
    declared = experiment.settings.declared()
    own = {name for name in NAMES if name in declared and not declared[name].look.shared}
    no_chat_model = experiment.needs is Needs.NOTHING
    assert own <= (OF_SAMPLES if experiment.lab == "hallucination" or no_chat_model else set())


def test_a_link_says_the_run_settings_that_count_even_at_their_defaults(tmp_path: Path) -> None:
    choice = ModelChoice("none", Precision.FP32)
    place = Place(tmp_path, tmp_path, tmp_path, None, True)
    with gr.Blocks():
        rail = build_rail([("none", "none")], choice)
        section = Section(STRIP, Pool(place), rail)
        link = Link([section], rail, place, gr.HTML())
    query = as_link(STRIP, STRIP.settings(), choice).removeprefix("/")
    assert parse_qs(query.removeprefix("?"))["top_p"] == ["0.9"]
    shown = link.fill(query)
    assert shown[rail.fields["top_p"]] == 0.9  # whatever the chat of a visitor has
    assert rail.fields["temperature"] not in shown  # a strip has several of its own
    assert rail.fields["top_p"] not in filled(section, STRIP.settings())


def test_a_terminal_and_python_take_what_the_page_takes_from_the_rail() -> None:
    declared = labs()["temperature"].experiments[0].settings
    asked = declared(temperature="0.7", top_p=0.8).to_json()
    assert (asked["temperature"], asked["top_p"]) == (0.7, 0.8)
    assert declared().to_json()["temperature"] == 1
