"""Backpropagation by numbers: what may be asked, every number checked, and where clicks lead."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import numpy as np
import pytest

from playground.core.network import MLP
from playground.core.training import accuracy
from playground.data.digits import load_digits
from playground.drawing.as_text import as_text
from playground.errors import OptionError
from playground.labs.neurons.backpropagation import (
    Backpropagation,
    BackpropagationSettings,
    run_backpropagation,
    trained,
)
from playground.labs.neurons.backpropagation_view import draw
from playground.labs.neurons.numbers import show
from tests.support.runs import run_until


def followed(**settings: Any) -> Backpropagation:
    (found,) = run_backpropagation(None, BackpropagationSettings(**settings), run_until())
    return found


@pytest.mark.parametrize("bend", ["sigmoid", "relu"])
@pytest.mark.parametrize("epochs", [0, 3])
def test_chain_rule_and_finite_difference_say_the_same(bend: Any, epochs: Any) -> None:
    for example in (1, 18, 1000):
        known = followed(bend=bend, epochs=epochs, example=example, first=7, second=3, output=0)
        for check in (*known.weights, *known.biases):
            assert check.apart < 1e-9, check
        network = trained(bend, epochs)
        _, own = network.loss_and_gradients(known.image[None], np.array([known.label]))
        for layer, check in zip((3, 2, 1), known.weights, strict=True):
            assert check.chain == pytest.approx(own[2 * layer - 2][check.place], abs=1e-12)


def test_its_network_is_exact_and_learned_what_it_says() -> None:
    _, test = load_digits().split()

    def right(network: MLP) -> float:
        return accuracy(network, test.images, test.labels)

    assert trained("sigmoid", 1).parameters[0].dtype == np.float64
    assert right(trained("sigmoid", 0)) < 0.3
    assert right(trained("sigmoid", 1)) > 0.8


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"example": 0}, "`example` must be a whole number from 1 to 1,000, got 0"),
        ({"example": 1001}, "got 1001"),
        ({"first": 17}, "`first` must be a whole number from 1 to 16, got 17"),
        ({"row": 0}, "`row` must be a whole number from 1 to 28, got 0"),
        ({"output": 10}, "`output` must be a whole number from 0 to 9, got 10"),
        ({"epochs": 2}, "`epochs` must be"),
    ],
)
def test_bad_input_gets_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=re.escape(sentence)):
        BackpropagationSettings(**given)


def test_every_neuron_is_a_button_and_every_factor_stands_there() -> None:
    known = followed()
    picture = str(draw(known))
    told = [json.loads(unescape(each)) for each in re.findall(r'data-set="([^"]*)"', picture)]
    assert len(told) == 16 + 16 + 10 + 1  # and the digit, whose place is that of the click
    assert all(BackpropagationSettings(**each) for each in told)
    assert picture.count('aria-pressed="true"') == 3
    way, check = known.way, known.weights[0]
    k, j = check.place
    for factor in (way.a[2][j], way.slope[3][k], way.pull[k], check.chain):
        assert f"<b>{show(float(factor))}</b>" in picture
    assert "160 paths" in picture
    assert f"11 {way.a[2][10]:.2f}" in as_text(draw(known))


def test_a_blank_pixel_is_said_to_teach_nothing() -> None:
    known = followed(row=1, column=1)
    assert known.weights[2].chain == 0
    assert "This pixel is blank" in draw(known)
    assert "This pixel is blank" not in draw(followed())
