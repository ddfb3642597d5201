"""Parts of the rail: the line on what loaded, presets in words, where a slider is neutral."""

from __future__ import annotations

import re

import pytest

from apps.ui.loaded import render_got
from apps.ui.neutral_marks import neutral_marks
from apps.ui.presets_row import say_preset
from apps.ui.rail_notice import render_rail_error
from playground.errors import OptionError
from playground.generation.presets import PRESETS


def test_what_loaded_is_one_line_whether_or_not_anything_is() -> None:
    told = render_got(None)
    assert told.startswith("<details><summary>What really loaded</summary>")
    assert "<p" not in told


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_known_by_its_settings(name: str) -> None:
    preset = PRESETS[name]
    assert f'data-preset="{name}"' in say_preset(preset.values)
    other = say_preset({**preset.values, "temperature": 1.23})
    assert 'data-preset=""' in other
    assert "none of the presets" in other


def test_penalties_are_neutral_within_and_cut_offs_at_an_end() -> None:
    marks = dict(re.findall(r"#(\w+) \{ (.*?); \}", neutral_marks()))
    assert marks["presence_penalty"] == "--neutral: 50.00%; --fill-from: 50.00%"
    assert marks["repetition_penalty"] == "--neutral: 33.33%; --fill-from: 33.33%"
    assert marks["temperature"] == "--neutral: 50.00%; --fill-from: 0.00%"
    assert not {"top_k", "top_p", "min_p", "max_new_tokens"} & set(marks)


def test_an_error_beside_the_rail_is_escaped_and_can_be_put_away() -> None:
    told = render_rail_error(OptionError("There is no <model>."))
    assert "There is no &lt;model&gt;." in told
    assert 'role="alert"' in told
    assert 'aria-label="Close"' in told
