"""Descent on the digits: rules differ, times are beside costs, and who diverges says so."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from playground.errors import OptionError
from playground.experiments.run import Stopped
from playground.labs.neurons.digits_descent import (
    DigitsDescent,
    DigitsDescentSettings,
    run_digits_descent,
)
from playground.labs.neurons.digits_descent_view import draw
from tests.support.runs import run_until


def trained(**settings: Any) -> DigitsDescent:
    *_, last = run_digits_descent(None, DigitsDescentSettings(**settings), run_until())
    return last


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"learning_rate": 0}, "`learning_rate` must be a number above 0 and up to 1,000,000,000"),
        ({"learning_rate": -1}, "got -1"),
        ({"epochs": 21}, "`epochs` must be a whole number from 1 to 20, got 21"),
        ({"batch_size": 9001}, "`batch_size` must be a whole number from 2 to 9,000, got 9001"),
        ({"rules": ("adagrad",)}, "`rules` must be"),
    ],
)
def test_bad_input_gets_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=re.escape(sentence)):
        DigitsDescentSettings(**given)


def test_as_many_digits_are_so_many_steps_and_the_clock_counts() -> None:
    known = trained(epochs=1, rules=("gradient", "mini-batch", "adam"), batch_size=20)
    assert known.progress.ended
    ends = {course.rule: course.points[-1] for course in known.courses}
    assert {rule: end.steps for rule, end in ends.items()} == {
        "gradient": 1,
        "mini-batch": 450,
        "adam": 450,
    }
    starts = {course.points[0].cost for course in known.courses}
    assert len(starts) == 1  # the same network
    assert all(end.epoch == pytest.approx(1) for end in ends.values())
    assert ends["adam"].accuracy > 0.7
    assert ends["gradient"].accuracy < 0.4
    for course in known.courses:
        seconds = [point.seconds for point in course.points]
        assert seconds == sorted(seconds)
    picture = str(draw(known))
    assert picture.count("<polyline") == 2 * 3 + 2 * 3  # two charts, the key and the table


@pytest.mark.parametrize("rate", [3.0, 1e9])
def test_who_diverges_says_at_which_step_and_no_picture_shows_it(rate: float) -> None:
    known = trained(
        learning_rate=rate, adaptive_rate=rate, epochs=1, rules=("mini-batch", "momentum", "adam")
    )
    assert known.progress.ended
    picture = str(draw(known))
    json.dumps(known.to_json(), allow_nan=False)
    assert not re.search(r"\b(nan|inf)\b", picture.lower())
    told = [course.diverged_at for course in known.courses]
    if rate == 1e9:
        assert told == [2, 2, 2]
    assert picture.count("diverged at step") == sum(at is not None for at in told)
    assert "diverged at step" in picture or "no better than guessing" in picture


def test_it_stops_when_it_is_told() -> None:
    asked = iter([False, False, True])
    running = run_digits_descent(None, DigitsDescentSettings(), run_until(lambda: next(asked)))
    for _ in range(3):
        next(running)
    with pytest.raises(Stopped):
        next(running)
