"""Kinds: what is read is what was spelled, and bad values break no rule in silence."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.errors import OptionError
from playground.experiments.kinds import kind_of
from playground.experiments.limits import Limits
from playground.experiments.settings import Settings, field


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Everything(Settings):
    """One setting of every kind."""

    count: int = field(3, label="Count", explanation="How many.", ge=1, le=9)
    share: float = field(0.5, label="Share", gt=0, le=1)
    text: str = field("a b", label="Text", most=20)
    on: bool = field(False, label="On")
    colour: Colour = field(Colour.RED, label="Colour")
    way: Literal["up", "down"] = field("up", label="Way")
    numbers: tuple[float, ...] = field((1.0, 0.5), label="Numbers", ge=0, le=2, most=4)
    colours: tuple[Colour, ...] = field((Colour.RED,), label="Colours")
    seed: int | None = field(None, label="Seed", ge=0)


values = st.fixed_dictionaries(
    {
        "count": st.integers(1, 9),
        "share": st.floats(0, 1, exclude_min=True),
        "text": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        "on": st.booleans(),
        "colour": st.sampled_from(Colour),
        "way": st.sampled_from(["up", "down"]),
        "numbers": st.lists(st.floats(0, 2), min_size=1, max_size=4).map(tuple),
        "colours": st.lists(st.sampled_from(Colour), min_size=1, max_size=2).map(tuple),
        "seed": st.none() | st.integers(0, 2**32),
    }
)


@given(values)
def test_what_is_spelled_or_written_as_json_reads_back(given_values: dict[str, Any]) -> None:
    settings = Everything(**given_values)
    assert Everything(**settings.spelled()) == settings
    assert Everything(**settings.to_json()) == settings


@given(
    st.sampled_from(list(Everything.declared())),
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.lists(st.integers(), max_size=3)
    | st.dictionaries(st.text(max_size=2), st.integers()),
)
def test_any_value_is_taken_or_refused_with_its_name_and_rule(name: str, value: object) -> None:
    rule, refusal = Everything.declared()[name].rule, ""
    try:
        settings = Everything(**{name: value})
    except OptionError as error:
        settings, refusal = Everything(), str(error)
    assert not refusal or refusal.startswith(f"`{name}` must be {rule}, got ")
    assert len(refusal) < 200
    assert Everything(**settings.spelled()) == settings


def test_defaults_keep_their_own_rules_and_are_not_spelled() -> None:
    settings = Everything()
    assert Everything(**settings.to_json()) == settings
    assert settings.spelled() == {}


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OptionError, match="no setting 'colr'; known are `count`, `share`"):
        Everything(colr="red")


def test_the_schema_says_types_limits_and_words() -> None:
    properties = Everything.json_schema()["properties"]
    assert properties["count"] == {
        "title": "Count",
        "description": "How many.",
        "default": 3,
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
    }
    assert properties["colour"]["enum"] == ["red", "blue"]
    assert properties["seed"]["anyOf"][1] == {"type": "null"}
    assert Everything.model_json_schema() == Everything.json_schema()


def test_a_type_that_no_form_could_show_is_a_fault_of_the_declaration() -> None:
    with pytest.raises(TypeError, match="cannot be of type"):
        kind_of(dict, Limits())
