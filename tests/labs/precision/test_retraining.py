"""Quantized after training against trained for quantization."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from playground.errors import OptionError
from playground.experiments.run import Stopped
from playground.labs.precision.retraining import (
    Retraining,
    RetrainingSettings,
    retrain,
    round_weights,
)
from playground.labs.precision.retraining_view import draw
from tests.support.runs import run_until


def test_curves_grow_epoch_by_epoch_and_the_seed_repeats_them() -> None:
    settings = RetrainingSettings(bits=["3", 8], epochs=2, seed=5)
    seen = list(retrain(None, settings, run_until()))
    assert [len(each.full.accuracies) for each in seen[:3]] == [1, 2, 2]
    assert len(seen) == 2 + 2 + 2 * 2
    last = seen[-1]
    assert [curve.bits for curve in last.aware] == [8, 3]
    assert all(len(curve.accuracies) == 2 and curve.seconds > 0 for curve in last.aware)
    *_, again = retrain(None, settings, run_until())
    assert again.rounded == last.rounded
    assert [c.accuracies for c in again.aware] == [c.accuracies for c in last.aware]


def test_a_row_keeps_as_many_levels_as_its_bits_allow_and_biases_stay() -> None:
    rng = np.random.default_rng(0)
    weights, biases = rng.normal(size=(5, 40)), rng.normal(size=5)
    rounded, kept = round_weights([weights, biases], 2)
    np.testing.assert_array_equal(kept, biases)
    assert all(len(np.unique(row)) <= 3 for row in rounded)
    np.testing.assert_allclose(np.abs(rounded).max(axis=1), np.abs(weights).max(axis=1))


def test_it_can_be_stopped_and_what_was_trained_is_drawn() -> None:
    seen: list[Retraining] = []
    settings = RetrainingSettings(bits=(2,), epochs=3)
    with pytest.raises(Stopped):
        seen.extend(retrain(None, settings, run_until(lambda: len(seen) == 5)))
    assert [each.progress.done for each in seen] == [1, 2, 3, 4, 5]
    assert draw(seen[-1]).count("<polyline") == 2 + 2  # two curves, and the two keys of the table


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"bits": []}, "`bits` must be 1 to 4 of 8, 4, 3, 2, with commas between, got"),
        ({"bits": "1"}, "got 1"),
        ({"bits": [9]}, "got 9"),
        ({"epochs": 0}, "`epochs` must be a whole number from 1 to 50, got 0"),
        ({"epochs": 1.5}, r"got 1\.5"),
        ({"epochs": None}, "got nothing"),
        ({"seed": "x"}, "`seed` must be a whole number from 0 to 4,294,967,295, got 'x'"),
    ],
)
def test_bad_input_gets_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        RetrainingSettings(**given)
