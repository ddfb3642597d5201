"""One neuron: lines in a row are one line, and no neuron more follows a curve worse."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from typing import Any, get_args

import numpy as np
import pytest

from playground.core.activations import relu
from playground.errors import OptionError
from playground.labs.neurons.bends import (
    _GRID,
    CURVES,
    SAMPLES,
    Curve,
    follow,
    root_mean_square,
    straight_error,
)
from playground.labs.neurons.numbers import MINUS, TIMES, show, show_full
from playground.labs.neurons.one import (
    SIDE_BY_SIDE,
    Bend,
    Neuron,
    NeuronSettings,
    collapse,
    in_a_row,
    run_neuron,
)
from playground.labs.neurons.one_view import draw
from tests.support.runs import run_until

every_curve = pytest.mark.parametrize("curve", get_args(Curve))


def neuron(**settings: Any) -> Neuron:
    (found,) = run_neuron(None, NeuronSettings(**settings), run_until())
    return found


def test_lines_in_a_row_are_one_line_and_bent_ones_are_none() -> None:
    neurons = ((1.5, -1.0), (-1.2, 1.0), (2.0, -0.5))
    weight, bias = collapse(neurons)
    np.testing.assert_allclose(in_a_row(SAMPLES, neurons, "line"), weight * SAMPLES + bias)
    bent: tuple[Bend, ...] = ("sigmoid", "relu")
    for bend in bent:
        assert np.abs(np.diff(in_a_row(SAMPLES, neurons[:2], bend), 2)).max() > 1e-5, bend


@every_curve
def test_no_neuron_more_follows_a_curve_worse(curve: Curve) -> None:
    wanted = CURVES[curve](SAMPLES)
    errors = [root_mean_square(follow(curve, n)(SAMPLES) - wanted) for n in range(1, 9)]
    assert all(after <= before + 1e-12 for before, after in pairwise(errors))
    assert errors[-1] < straight_error(curve) / 5
    assert [len(follow(curve, n).outs) for n in SIDE_BY_SIDE] == list(SIDE_BY_SIDE)


@every_curve
def test_one_and_two_neurons_are_as_good_as_any_on_the_grid(curve: Curve) -> None:
    wanted = CURVES[curve](SAMPLES)
    sides = [(side, place) for side in (1.0, -1.0) for place in _GRID[::5]]
    for neurons in (1, 2):
        found = root_mean_square(follow(curve, neurons)(SAMPLES) - wanted)
        for chosen in combinations(sides, neurons):
            hidden = [relu(side * (SAMPLES - place)) for side, place in chosen]
            columns = np.stack([np.ones_like(SAMPLES), *hidden], axis=1)
            fitted = columns @ np.linalg.lstsq(columns, wanted)[0]
            assert found <= root_mean_square(fitted - wanted) + 1e-9, chosen


def test_two_bends_are_a_valley() -> None:
    assert root_mean_square(follow("valley", 2)(SAMPLES) - CURVES["valley"](SAMPLES)) < 1e-12


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"weight": 3.5}, "`weight` must be a number from -3 to 3, got 3.5"),
        ({"bias": "nan"}, "`bias` must be a number from -3 to 3, got 'nan'"),
        ({"row": 4}, "`row` must be"),
        ({"curve": "a circle"}, "`curve` must be"),
    ],
)
def test_bad_input_gets_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=re.escape(sentence)):
        NeuronSettings(**given)


def test_no_weight_and_no_bend_break_the_picture() -> None:
    flat = neuron(weight=0, bias=0)
    assert flat.to_json()["zero_at"] is None
    assert "With W = 0 the input no longer counts" in draw(flat)
    steep = draw(neuron(weight=-3, bias=3, weight_2=3, bias_2=-3, weight_3=3, row=3))
    assert "nan" not in steep.lower()
    assert "lets through what lies to the left" in steep
    assert f"max(0, {MINUS}3 x + 3)" in steep


def test_numbers_can_be_held_against_each_other() -> None:
    assert show_full(12.5) == "12.500000"
    assert show_full(9.9999e-4) == f"9.9999000 {TIMES} 10⁻⁴"
    assert show(-1.5e-7) == f"{MINUS}1.5 {TIMES} 10⁻⁷"
    assert show_full(0.0) == "0.00000000"
