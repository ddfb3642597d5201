"""What ships as calibration: what the default model does, and the figures claimed of it."""

from __future__ import annotations

import numpy as np
import pytest

import playground
from playground.core.evaluation import rank
from playground.labs.hallucination.calibration import (
    calibration_for,
    read_calibration,
    shipped,
    write_calibration,
)
from playground.labs.hallucination.scores import SCORES

CLAIMED = {
    "mean_logprob": 0.75,
    "sequence_logprob": 0.75,
    "mean_entropy": 0.75,
    "agreement": 0.70,
}


@pytest.mark.parametrize(("name", "least"), CLAIMED.items())
def test_scores_tell_known_capitals_from_invented_ones(name: str, least: float) -> None:
    known, sign = shipped(), {score.name: score.higher_is_surer for score in SCORES}
    assert len(known.right) == 80
    values = np.array(known.scores[name]) * (1 if sign[name] else -1)
    found = rank(values, known.right)
    assert found.auroc is not None
    assert found.auroc >= least
    assert found.low is not None
    assert found.low > 0.5


def test_the_default_model_has_these_scores_today() -> None:
    names = [name for name in CLAIMED if name != "agreement"]
    found = playground.experiment("hallucination/set")(None, items=6, samples=0).to_json()
    for place, row in enumerate(found["parts"][0]["items"]):
        assert row["right"] is shipped().right[place]
        for name in names:
            assert row["scores"][name] == pytest.approx(shipped().scores[name][place], abs=2e-3)


def test_another_precision_has_no_calibration() -> None:
    known = shipped()
    assert calibration_for(known.model, known.precision) is known
    assert calibration_for(known.model, "int8") is None


def test_a_place_counts_the_less_sure_and_looks_at_the_nearest() -> None:
    known = shipped()
    best = known.place("mean_entropy", min(known.scores["mean_entropy"]))
    assert best is not None
    assert best.surer_than > 0.98
    assert best.near_right >= 15
    assert known.place("linear_probe", 0.3) is None
    assert known.place("mean_entropy", None) is None


def test_what_is_written_is_read_back_without_what_has_no_grade() -> None:
    rows = [
        {"right": True, "error": None, "scores": {"a": 1.0, "b": None}},
        {"right": None, "error": None, "scores": {"a": 2.0, "b": 1.0}},
    ]
    part = {"model": "m", "precision": "fp32", "items": rows}
    found = read_calibration(write_calibration("M", part, "own", ["a", "b"]))
    assert (found.right, found.scores) == ((True,), {"a": (1.0,)})
