"""The digits network: the library's numbers, a picture of every layer, and what diverges says."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import astuple
from itertools import islice
from typing import Any

import numpy as np
import pytest
from PIL import Image

from playground.core.network import MLP
from playground.core.optimizers import SGD
from playground.core.training import train_epochs
from playground.errors import OptionError
from playground.experiments.run import Stopped
from playground.labs.neurons.digits import (
    DigitsSettings,
    DigitsTraining,
    Training,
    parts,
    run_digits,
)
from playground.labs.neurons.digits_layers import follow
from playground.labs.neurons.digits_view import draw
from playground.labs.neurons.numbers import TIMES
from playground.labs.neurons.paths import STRONGEST, carried_by_paths, strongest_paths
from playground.labs.neurons.shipped_training import shipped_training
from playground.labs.neurons.weight_pictures import weight_picture
from tests.support.runs import run_until


def trained(**settings: Any) -> DigitsTraining:
    *_, last = run_digits(None, DigitsSettings(**settings), run_until())
    return last


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"learning_rate": 0}, "`learning_rate` must be a number above 0 and up to 1,000,000,000"),
        ({"learning_rate": -1}, "got -1"),
        ({"batch_size": 8001}, "`batch_size` must be a whole number from 1 to 8,000, got 8001"),
        ({"epochs": 101}, "`epochs` must be a whole number from 1 to 100, got 101"),
        ({"activation": "tanh"}, "`activation` must be"),
    ],
)
def test_bad_input_gets_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=re.escape(sentence)):
        DigitsSettings(**given)


def test_the_same_seed_gives_the_numbers_of_the_library_to_the_bit() -> None:
    train, dice = parts().train, np.random.default_rng(7)
    network = MLP.create(dice, activation="relu", cost="cross-entropy", initialization="he")
    epochs = train_epochs(network, SGD(0.05), train.images, train.labels, dice, batch_size=64)
    *_, wanted = islice(epochs, 2)
    training = Training(DigitsSettings(seed=7, learning_rate=0.05, batch_size=64, epochs=2))
    for _ in range(5):  # by single steps, too
        training.step()
    while not training.snapshot.ended:
        training.advance()
    got = training.snapshot.network
    for mine, theirs in zip(got.parameters, wanted.network.parameters, strict=True):
        assert np.array_equal(mine, theirs)
    assert training.snapshot.points[-1].step == 250
    right = (got.predict(parts().test.images) == parts().test.labels).mean()
    assert training.snapshot.test_accuracy == right > 0.85


def test_the_picture_counts_the_parameters_and_shows_every_layer() -> None:
    known = trained(epochs=1, batch_size=100)
    picture = str(draw(known))
    for words in ("784 x 16 = 12,544", "16 x 16 = 256", "16 x 10 = 160", "<b>13,002</b>"):
        assert words.replace("x", TIMES) in picture
    assert picture.count("data:image/png;base64,") == 16
    assert picture.count('class="neuron"') == 42
    assert "The test: " in picture
    assert picture.count('class="end"') == 2  # the test's points beside the curves
    json.dumps(known.to_json(), allow_nan=False)


def test_what_a_digit_sets_off_is_what_the_network_computes() -> None:
    known = trained(epochs=1, batch_size=100)
    image = parts().test.images[3]
    way = follow(known.network, image)
    assert np.allclose(np.maximum(way.sums[0], 0), way.activations[1], atol=1e-5)
    assert np.allclose(way.sums[2], way.activations[3], atol=1e-5)
    assert way.outputs.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_what_a_path_carries_is_what_it_moves_the_output_by(activation: str) -> None:
    network = trained(epochs=1, batch_size=100, activation=activation).network
    way = follow(network, parts().test.images[3])
    carried = carried_by_paths(network, way.activations, 7)
    weights, biases = network.parameters[4], network.parameters[3]
    if activation == "relu":  # all paths and the biases are the sum itself
        rest = weights[7] @ (biases * (way.sums[1] > 0)) + network.parameters[5][7]
        assert carried.sum() + rest == pytest.approx(way.sums[2][7], abs=1e-4)
    strongest = strongest_paths(network, way.activations, 7)
    assert 0 < len(strongest) <= STRONGEST
    assert abs(strongest[0].carried) == np.abs(carried).max()
    for path in strongest[:3]:  # a thousandth more of one activation, by this path alone
        share = 1e-3
        more = way.sums[1][path.second] + (
            share * network.parameters[2][path.second, path.first] * way.activations[1][path.first]
        )
        bent = max(more, 0) if activation == "relu" else 1 / (1 + np.exp(-more))
        moved = weights[7, path.second] * (bent - way.activations[2][path.second])
        assert moved == pytest.approx(share * path.carried, rel=0.02, abs=1e-5)


def test_another_digit_may_be_taken_to_hand_while_it_is_trained() -> None:
    training = Training(DigitsSettings(epochs=1, batch_size=1000))
    learn, taken = training._change, DigitsSettings(epochs=1, batch_size=1000, example=9)

    def between(**changes: Any) -> None:
        if "network" in changes and training.snapshot.settings.example == 1:
            training.look_at(taken)  # by another thread, after the batch and before it is kept
        learn(**changes)

    training._change = between  # type: ignore[method-assign] # the moment is what is tested
    while not training.snapshot.ended:
        training.advance()
    assert training.snapshot.settings.example == 9
    assert training.snapshot.points[-1].step == 8
    assert "Digit 9 is a" in draw(training.snapshot)


def test_the_training_that_ships_is_that_of_the_usual_settings() -> None:
    ships = shipped_training()
    first = Training(ships.settings)
    for _ in range(3):
        mine, kept = first.snapshot.points[-1], ships.points[len(first.snapshot.points) - 1]
        assert astuple(mine) == pytest.approx(astuple(kept), abs=2e-3)
        first.advance()
    assert ships.points[-1].epoch == ships.settings.epochs
    right = (ships.network.predict(parts().test.images) == parts().test.labels).mean()
    assert ships.test_accuracy == right > 0.925


@pytest.mark.parametrize("cost", ["cross-entropy", "squared"])
def test_who_diverges_says_at_which_step_and_why(cost: str) -> None:
    known = trained(learning_rate=1e9, cost=cost, epochs=1)
    assert known.diverged_at
    assert known.progress.ended
    picture = str(draw(known))
    assert f"Diverged at step {known.diverged_at}: " in picture
    assert not re.search(r"\b(nan|inf)\b", picture.lower())
    json.dumps(known.to_json(), allow_nan=False)


def test_a_start_from_which_nothing_is_learned_is_told() -> None:
    assert "No better than guessing" in draw(trained(learning_rate=3.0, epochs=1))


def test_it_stops_when_it_is_told() -> None:
    asked = iter([False, False, True])
    running = run_digits(None, DigitsSettings(), run_until(lambda: next(asked)))
    with pytest.raises(Stopped):
        list(running)


def test_a_weight_is_a_pixel_of_its_sign_and_strength() -> None:
    address = weight_picture(np.array([1.0, -1.0, 0.0, 0.5]), 2, 1.0)
    png = base64.b64decode(address.partition(",")[2])
    assert png.startswith(b"\x89PNG")
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).reshape(4, 4)
    assert pixels[:, 3].tolist() == [255, 255, 0, 128]
    assert pixels[0, 1] > pixels[0, 0]  # teal
    assert pixels[1, 0] > pixels[1, 1]  # orange
