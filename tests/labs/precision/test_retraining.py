"""Quantized after training against trained for quantization."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from playground.errors import OptionError
from playground.labs.precision.retraining import parse_plan, retrain, round_weights


def test_curves_grow_epoch_by_epoch_and_the_seed_repeats_them() -> None:
    plan = parse_plan(["3", 8], 2, 5)
    seen = list(retrain(plan))
    assert [len(each.full.accuracies) for each in seen[:3]] == [1, 2, 2]
    assert len(seen) == 2 + 2 + 2 * 2
    last = seen[-1]
    assert [curve.bits for curve in last.aware] == [8, 3]
    assert all(len(curve.accuracies) == 2 and curve.seconds > 0 for curve in last.aware)
    *_, again = retrain(plan)
    assert again.rounded == last.rounded
    assert [c.accuracies for c in again.aware] == [c.accuracies for c in last.aware]


def test_a_row_keeps_as_many_levels_as_its_bits_allow_and_biases_stay() -> None:
    rng = np.random.default_rng(0)
    weights, biases = rng.normal(size=(5, 40)), rng.normal(size=5)
    rounded, kept = round_weights([weights, biases], 2)
    np.testing.assert_array_equal(kept, biases)
    assert all(len(np.unique(row)) <= 3 for row in rounded)
    np.testing.assert_allclose(np.abs(rounded).max(axis=1), np.abs(weights).max(axis=1))


@pytest.mark.parametrize(
    ("bits", "epochs", "seed", "sentence"),
    [
        ([], 10, 0, "at least one number of bits, got none"),
        ([1], 10, 0, "Bits must be a whole number from 2 to 8, got 1"),
        ([9], 10, 0, "from 2 to 8, got 9"),
        ([2], 0, 0, "Epochs must be a whole number from 1 to 50, got 0"),
        ([2], 1.5, 0, r"got 1\.5"),
        ([2], None, 0, "got nothing"),
        ([2], 1, "x", "Seed must be a whole number from 0 to 4,294,967,295, got 'x'"),
    ],
)
def test_bad_input_gets_one_sentence(bits: Any, epochs: Any, seed: Any, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        parse_plan(bits, epochs, seed)
