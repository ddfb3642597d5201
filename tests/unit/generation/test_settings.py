"""SamplingSettings refuses what breaks a rule, by name, rule and value."""

from __future__ import annotations

import json

import pytest

from playground.errors import OptionError
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.settings import OPTIONS, SamplingSettings


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("temperature", -1, "`temperature` must be a number from 0 to 2, got -1."),
        ("temperature", 3, "`temperature` must be a number from 0 to 2, got 3."),
        ("temperature", "hot", "`temperature` must be a number from 0 to 2, got 'hot'."),
        ("temperature", float("nan"), "`temperature` must be a number from 0 to 2, got nan."),
        ("temperature", None, "`temperature` must be a number from 0 to 2, got nothing."),
        ("temperature", True, "`temperature` must be a number from 0 to 2, got True."),
        ("top_p", 0, "`top_p` must be a number above 0 and up to 1, got 0."),
        ("top_k", 2.5, "`top_k` must be a whole number from 0 to 200, got 2.5."),
        ("min_p", "1e9", "`min_p` must be a number from 0 to 1, got 1e9."),
        ("max_new_tokens", 0, "`max_new_tokens` must be a whole number from 1 to 4096, got 0."),
        ("seed", "abc", "`seed` must be a whole number from 0 to 4294967295"),
        ("seed", -1, "`seed` must be a whole number from 0 to 4294967295"),
        ("seed", 1.5, "`seed` must be a whole number from 0 to 4294967295"),
        ("overflow", "x", "`overflow` must be one of stop, oldest, middle, sliding, got 'x'."),
        ("overflow", None, "`overflow` must be one of stop, oldest, middle, sliding, got nothing."),
        ("context_window", 31, "`context_window` must be a whole number from 32 on, or empty"),
        ("context_window", "64.5", "`context_window` must be a whole number from 32 on, or empty"),
        ("context_window", "wide", "`context_window` must be a whole number from 32 on, or empty"),
        ("stop", [1], "`stop` must be a list of texts, got [1]."),
        ("stop", [str(i) for i in range(17)], "`stop` takes at most 16 texts, got 17."),
    ],
)
def test_bad_value_is_refused_in_one_sentence(name: str, value: object, sentence: str) -> None:
    with pytest.raises(OptionError) as caught:
        SamplingSettings.from_mapping({name: value})
    assert str(caught.value).startswith(sentence)


def test_a_long_value_is_shown_short() -> None:
    with pytest.raises(OptionError) as caught:
        SamplingSettings.from_mapping({"temperature": "x" * 10_000})
    assert len(str(caught.value)) < 120


def test_unknown_option_is_refused_by_name() -> None:
    with pytest.raises(
        OptionError, match="There is no option 'temprature'; known are `temperature`"
    ):
        SamplingSettings.from_mapping({"temprature": 1})


def test_text_is_converted_and_empties_mean_none() -> None:
    settings = SamplingSettings.from_mapping(
        {"temperature": "0.5", "top_k": "40", "seed": "", "stop": ["", "a", "a"]}
    )
    assert (settings.temperature, settings.top_k, settings.seed) == (0.5, 40, None)
    assert settings.stop == ("a",)


def test_as_dict_survives_json_and_builds_the_same() -> None:
    settings = SamplingSettings(
        temperature=0.7, seed=4, stop=("x",), overflow="sliding", context_window="64"
    )
    assert (settings.overflow, settings.context_window) == (OverflowPolicy.SLIDING, 64)
    assert SamplingSettings.from_mapping(json.loads(json.dumps(settings.as_dict()))) == settings


def test_every_default_keeps_its_own_rule() -> None:
    defaults = SamplingSettings()
    for name, option in OPTIONS.items():
        assert option.check(name, getattr(defaults, name)) == getattr(defaults, name)


def test_only_what_differs_from_the_default_is_in_effect() -> None:
    assert not {"overflow", "context_window"} & set(SamplingSettings().in_effect())
    told = SamplingSettings(overflow="stop", context_window=128).in_effect()
    assert (told["overflow"], told["context_window"]) == ("stop", 128)
