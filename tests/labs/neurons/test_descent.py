"""Descent: what may be asked, what is drawn, and why a rule left."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any, get_args

import pytest

from playground.errors import OptionError
from playground.labs.neurons.descent import Descent, DescentSettings, run_descent
from playground.labs.neurons.descent_view import draw
from playground.labs.neurons.racers import ALL
from playground.labs.neurons.surfaces import Name
from tests.support.runs import run_until


def raced(**settings: Any) -> Descent:
    *_, last = run_descent(None, DescentSettings(**settings), run_until())
    return last


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"learning_rate": 0}, "`learning_rate` must be a number above 0 and up to 1,000,000,000"),
        ({"learning_rate": -1}, "got -1"),
        ({"learning_rate": "inf"}, "got 'inf'"),
        ({"learning_rate": 1e10}, "above 0 and up to 1,000,000,000"),
        ({"adaptive_rate": 0}, "`adaptive_rate` must be a number above 0"),
        ({"start_x": 2.5}, "`start_x` must be a number from -2 to 2, got 2.5"),
        ({"momentum": 1}, "`momentum` must be a number from 0 to 0.99, got 1"),
        ({"steps": 0}, "`steps` must be a whole number from 1 to 1,000, got 0"),
        ({"rules": []}, "`rules` must be"),
        ({"surface": "hill"}, "`surface` must be"),
    ],
)
def test_bad_input_gets_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=re.escape(sentence)):
        DescentSettings(**given)


@pytest.mark.parametrize("surface", get_args(Name))
@pytest.mark.parametrize("start", [(-1.7, 0.9), (0.0, 0.0), (2.0, -2.0)])
def test_every_surface_is_drawn_from_any_start(surface: Name, start: tuple[float, float]) -> None:
    known = raced(surface=surface, start_x=start[0], start_y=start[1], steps=30)
    assert [path.rule for path in known.paths] == list(ALL)
    picture = str(draw(known))
    assert picture.count("data-way") == 2 * len(ALL)  # from above, and as a cost
    assert not re.search(r"\b(nan|inf)\b", picture.lower())
    json.dumps(known.to_json(), allow_nan=False)


def test_the_same_seed_gives_the_same_ways_and_another_gives_others() -> None:
    one, again, other = (raced(steps=20, seed=seed).to_json()["paths"] for seed in (1, 1, 2))
    assert one == again
    changed = {a["rule"] for a, b in zip(one, other, strict=True) if a["places"] != b["places"]}
    assert changed == {"stochastic", "mini-batch"}


def test_a_way_that_left_says_at_which_step_and_why() -> None:
    picture = str(draw(raced(learning_rate=1e9, adaptive_rate=1e9, rules=("gradient", "adam"))))
    assert picture.count("diverged at step 1") == 4  # in the table, and why
    assert "above a learning rate of 0.0833" in picture
    assert "about as long as its rate, 1" in picture
    assert not re.search(r"\b(nan|inf)\b", picture.lower())
    slower = raced(learning_rate=0.1, rules=("gradient",)).paths[0]
    assert slower.left_at is not None
    assert slower.left_at > 5
    assert f"diverged at step {slower.left_at}" in draw(
        raced(learning_rate=0.1, rules=("gradient",))
    )
    outside = raced(surface="two-minima", learning_rate=0.2, rules=("momentum",), start_x=1.9)
    assert outside.paths[0].left_at
    assert "diverged" in draw(outside)


def test_local_and_global_minimum_are_told_apart() -> None:
    right = raced(surface="two-minima", start_x=1.5, start_y=1, rules=("gradient",))
    assert right.to_json()["paths"][0]["ended"] == "local"
    assert right.to_json()["paths"][0]["reached_at_step"] is None
    assert "local minimum" in draw(right)
    left = raced(surface="two-minima", start_x=-0.3, start_y=1, rules=("gradient",))
    assert left.to_json()["paths"][0]["ended"] == "global"


def test_a_click_sets_the_start_within_its_rule_and_runs() -> None:
    picture = str(draw(raced(steps=1)))
    (pick,) = re.findall(r'data-pick="([^"]*)"', picture)
    for name, from_, to, grain in json.loads(unescape(pick)).values():
        assert grain == 0.01
        for end in (from_, to):
            assert DescentSettings(**{name: end})
    assert "data-run" in picture
