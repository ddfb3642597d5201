"""What quantization-aware training buys, on digits the network has not seen."""

from __future__ import annotations

import pytest

from playground.labs.precision.retraining import RetrainingSettings, retrain
from tests.support.runs import run_until


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_bits_gain_ten_points_and_more_from_training_for_them(seed: int) -> None:
    settings = RetrainingSettings(bits=(8, 2), seed=seed)
    *_, last = retrain(None, settings, run_until())
    eight, two = last.aware
    assert last.full.accuracies[-1] > 0.9
    assert last.rounded[8] > last.full.accuracies[-1] - 0.01
    assert eight.accuracies[-1] > 0.9
    assert two.accuracies[-1] >= last.rounded[2] + 0.10
    # Not the longer training did it, but the rounding within it.
    assert two.accuracies[-1] >= last.longer_rounded[2] + 0.10
