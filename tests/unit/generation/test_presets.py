"""Presets: each says all that it is about, and the chat's start is one of them."""

from dataclasses import fields

import pytest

from playground.generation.presets import CHAT_START, NAMES, PRESETS, Preset
from playground.generation.settings import OPTIONS, SamplingSettings


def test_there_are_four_from_sober_to_wild() -> None:
    assert list(PRESETS) == ["precise", "balanced", "creative", "chaos"]
    temperatures = [each.values["temperature"] for each in PRESETS.values()]
    assert temperatures == sorted(set(temperatures)), "each is bolder than the one before"
    assert temperatures[0] == 0


def test_the_chat_starts_at_one_of_them() -> None:
    assert CHAT_START in PRESETS.values()
    assert CHAT_START.values != Preset("neutral", "", SamplingSettings()).values


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_a_preset_names_every_step_of_the_draw_and_nothing_else(preset: Preset) -> None:
    assert set(preset.values) == set(OPTIONS) - {"max_new_tokens"}
    others = {field.name for field in fields(SamplingSettings)} - set(NAMES)
    for name in others:  # a preset would not show them, so it must not set them
        assert getattr(preset.settings, name) == getattr(SamplingSettings(), name)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_a_preset_says_what_it_is_for_in_a_sentence(preset: Preset) -> None:
    assert preset.idea.endswith(".")
    assert preset.label == preset.name.capitalize()


def test_the_librarys_own_start_stays_neutral() -> None:
    assert SamplingSettings().temperature == 1
