"""What the digits network gets wrong: each card's claim holds, and the same each time."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from playground.core.network import MLP
from playground.errors import OptionError
from playground.experiments.run import Stopped
from playground.labs.neurons.cons import Cons, ConsSettings, climb, next_digit, run_cons
from playground.labs.neurons.cons_view import draw
from tests.support.runs import run_until


@pytest.fixture(scope="module")
def snapshots() -> list[Cons]:
    return list(run_cons(None, ConsSettings(), run_until()))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"digit": 10}, "`digit` must be a whole number from 0 to 9, got 10"),
        ({"images": 19}, "`images` must be a whole number from 20 to 2,000, got 19"),
    ],
)
def test_bad_input_gets_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=re.escape(sentence)):
        ConsSettings(**given)


def test_every_card_shows_what_it_claims(snapshots: list[Cons]) -> None:
    known = snapshots[-1]
    assert known.progress.ended
    assert known.trained
    assert known.trained > 0.88
    assert known.noise
    assert known.noise.sure > 0.1
    assert all(each.confidence > 0.9 for each in known.noise.most)
    assert known.backwards
    assert known.backwards.looks[-1].confidence > 0.95
    assert known.backwards.nearest > known.backwards.usual  # it is no 3
    assert known.shuffled[-1].train > 0.95
    assert known.shuffled[-1].test < 0.2
    costs = [each.test_cost for each in known.overfit]
    assert known.overfit[-1].train == 1
    assert known.overfit[-1].test < 0.85
    assert costs[-1] > 1.1 * min(costs)
    first, last = known.misled[0], known.misled[-1]
    assert first.as_told < 0.05 < 0.6 < last.as_told
    assert last.right < 0.2


def test_the_picture_grows_and_the_same_seed_gives_the_same(snapshots: list[Cons]) -> None:
    done = [each.progress.done for each in snapshots]
    assert done == sorted(done)
    later = [str(draw(each)).count("This comes next.") for each in (snapshots[0], snapshots[-1])]
    assert later == [5, 0]
    *_, again = run_cons(None, ConsSettings(), run_until())
    told = json.dumps(again.to_json(), allow_nan=False)
    assert told == json.dumps(snapshots[-1].to_json(), allow_nan=False)


@pytest.mark.parametrize("cost", ["cross-entropy", "squared"])
def test_the_slope_by_the_input_is_what_a_small_push_changes(cost: Any) -> None:
    dice = np.random.default_rng(0)
    network = MLP.create(dice, (6, 5, 3), cost=cost, dtype=np.float64)
    x, wanted, push = dice.random((2, 6)), np.array([0, 2]), 1e-5
    slopes = network.input_gradients(x, wanted)
    for place in np.ndindex(*x.shape):
        costs = []
        for way in (push, -push):
            moved = x.copy()
            moved[place] += way
            costs.append(network.loss_and_gradients(moved, wanted)[0])
        assert slopes[place] == pytest.approx((costs[0] - costs[1]) / (2 * push), abs=1e-9)


def test_the_way_back_is_an_image_at_every_step() -> None:
    images = climb(MLP.create(np.random.default_rng(0), cost="cross-entropy"), 3)
    for image, _ in zip(images, range(20), strict=False):
        assert image.min() >= 0
        assert image.max() <= 1


def test_wrong_labels_are_all_wrong() -> None:
    assert next_digit(np.array([0, 8, 9])).tolist() == [1, 9, 0]


def test_it_stops_when_it_is_told() -> None:
    asked = iter([False, True])
    running = run_cons(None, ConsSettings(), run_until(lambda: next(asked)))
    next(running)
    next(running)
    with pytest.raises(Stopped):
        next(running)
