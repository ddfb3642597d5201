"""Measures of classification: by hand-worked tables, properties, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.classification import (
    ClassScores,
    ReliabilityBin,
    auroc,
    auroc_interval,
    class_scores,
    confusion_matrix,
    expected_calibration_error,
    macro_average,
    reliability_bins,
)

labelled_scores = st.lists(
    st.tuples(st.integers(-5, 5), st.booleans()), min_size=2, max_size=40
).filter(lambda rows: len({label for _, label in rows}) == 2)


@pytest.mark.parametrize(
    ("scores", "labels", "expected"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([1, 2, 3, 4], [0, 1, 0, 1], 0.75),  # of the pairs 2-1, 2-3, 4-1, 4-3 three are right
        ([7, 7, 7], [0, 1, 1], 0.5),
        ([1, 2, 2, 3], [0, 0, 1, 1], 0.875),  # 2-1, 3-1, 3-2 right, 2-2 half
        ([-math.inf, 0, math.inf], [0, 1, 1], 1.0),
    ],
)
def test_auroc_by_hand(scores: list[float], labels: list[int], expected: float) -> None:
    assert auroc(scores, labels) == expected


@given(labelled_scores)
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    scores, labels = zip(*rows, strict=True)
    positives = [score for score, label in rows if label]
    negatives = [score for score, label in rows if not label]
    won = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
    np.testing.assert_allclose(auroc(scores, labels), np.mean(won))


@given(labelled_scores)
def test_auroc_turns_around_with_the_labels(rows: list[tuple[int, bool]]) -> None:
    scores, labels = zip(*rows, strict=True)
    np.testing.assert_allclose(auroc(scores, labels), 1 - auroc(scores, np.logical_not(labels)))


def test_auroc_interval_holds_the_area_and_narrows_with_more_examples() -> None:
    rng = np.random.default_rng(0)
    widths = []
    for count in (30, 3000):
        labels = rng.random(count) < 0.3
        scores = labels + rng.normal(size=count)
        low, high = auroc_interval(scores, labels, rng, resamples=200)
        assert 0 <= low < auroc(scores, labels) < high <= 1
        widths.append(high - low)
    assert widths[1] < widths[0] / 4


def test_auroc_interval_widens_with_confidence_and_repeats_with_its_seed() -> None:
    scores, labels = np.arange(40) % 7, np.arange(40) % 3 == 0
    narrow, again, wide = (
        auroc_interval(scores, labels, np.random.default_rng(5), confidence=c, resamples=300)
        for c in (0.5, 0.5, 0.99)
    )
    assert narrow == again
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_auroc_interval_of_a_perfect_score_has_no_width() -> None:
    assert auroc_interval([1, 2, 3], [0, 0, 1], np.random.default_rng(0)) == (1.0, 1.0)


def test_reliability_bins_by_hand() -> None:
    claimed = [0.0, 0.25, 0.26, 0.5, 1.0, 0.9]
    came_true = [False, True, True, False, True, True]
    assert reliability_bins(claimed, came_true, bins=4) == (
        ReliabilityBin(0.0, 0.25, 2, 0.125, 0.5),  # an edge belongs to the bin below
        ReliabilityBin(0.25, 0.5, 2, 0.38, 0.5),
        ReliabilityBin(0.5, 0.75, 0, None, None),
        ReliabilityBin(0.75, 1.0, 2, 0.95, 1.0),
    )


def test_expected_calibration_error_weighs_bins_by_their_claims() -> None:
    # 3 claims of 0.9, of which 1 came true: gap 0.9 - 1/3. 1 claim of 0.1, false: gap 0.1.
    bins = reliability_bins([0.9, 0.9, 0.9, 0.1], [True, False, False, False])
    np.testing.assert_allclose(expected_calibration_error(bins), (3 * (0.9 - 1 / 3) + 1 * 0.1) / 4)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50),
    st.integers(1, 20),
)
def test_reliability_bins_place_every_claim_once(
    claims: list[tuple[float, bool]], bins: int
) -> None:
    probabilities, outcomes = zip(*claims, strict=True)
    table = reliability_bins(probabilities, outcomes, bins)
    assert len(table) == bins
    assert sum(b.count for b in table) == len(claims)
    assert 0 <= expected_calibration_error(table) <= 1
    for b in table:
        if b.mean_probability is not None:
            assert b.low - 1e-12 <= b.mean_probability <= b.high + 1e-12


def test_confusion_matrix_has_the_truth_in_its_rows() -> None:
    labels, predicted = np.array([0, 0, 0, 2, 1]), np.array([0, 2, 2, 2, 0])
    expected = [[1, 0, 2], [1, 0, 0], [0, 0, 1]]
    assert confusion_matrix(labels, predicted, 3).tolist() == expected


def test_confusion_matrix_takes_small_integers_and_flags() -> None:
    labels, predicted = np.array([9, 9], dtype=np.uint8), np.array([9, 8], dtype=np.uint8)
    assert confusion_matrix(labels, predicted, 100)[9, [8, 9]].tolist() == [1, 1]
    flags = confusion_matrix(np.array([True, False]), np.array([True, True]), 2)
    assert flags.tolist() == [[0, 1], [0, 1]]


def test_class_scores_by_hand() -> None:
    # Class 0: 3 of the 4 put there belong there, of its 6 half were found.
    scores = class_scores(np.array([[3, 3, 0], [1, 4, 0], [0, 0, 0]]))
    assert scores == (
        ClassScores(precision=0.75, recall=0.5, f1=0.6, support=6),
        ClassScores(precision=4 / 7, recall=0.8, f1=8 / 12, support=5),
        ClassScores(precision=0.0, recall=0.0, f1=0.0, support=0),
    )
    mean = macro_average(scores[:2])
    np.testing.assert_allclose(mean.precision, (0.75 + 4 / 7) / 2)
    np.testing.assert_allclose(mean.recall, 0.65)
    np.testing.assert_allclose(mean.f1, (0.6 + 8 / 12) / 2)
    assert mean.support == 11


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: auroc([1.0, 2.0], [True, True]), "got 2 positive and 0 negative"),
        (lambda: auroc([1.0, 2.0], [False, False]), "got 0 positive and 2 negative"),
        (lambda: auroc([1.0, math.nan], [False, True]), "got NaN"),
        (lambda: auroc([1.0], [False, True]), r"shapes \(1,\) and \(2,\)"),
        (lambda: auroc([], []), "at least one example"),
        (lambda: auroc_interval([1.0], [True], RNG), "got 1 positive and 0 negative"),
        (lambda: auroc_interval([1, 2], [0, 1], RNG, confidence=95), "between 0 and 1, got 95"),
        (lambda: auroc_interval([1, 2], [0, 1], RNG, resamples=0), "1 or more, got 0"),
        (lambda: reliability_bins([0.5, 1.5], [True, True]), "from 0 to 1, got 1.5"),
        (lambda: reliability_bins([-0.5], [True]), "from 0 to 1, got -0.5"),
        (lambda: reliability_bins([math.nan], [True]), "from 0 to 1, got nan"),
        (lambda: reliability_bins([], []), "at least one example"),
        (lambda: reliability_bins([0.5], [True], bins=0), "bins must be 1 or more, got 0"),
        (lambda: expected_calibration_error([]), "at least one claim"),
        (lambda: confusion_matrix(np.array([0, 3]), np.array([0, 1]), 3), "0 to 2, got 3"),
        (lambda: confusion_matrix(np.array([0, 1]), np.array([0, -1]), 3), "0 to 2, got -1"),
        (lambda: confusion_matrix(np.array([0]), np.array([0, 1]), 3), "shapes"),
    ],
)
def test_wrong_input_is_refused_with_the_rule_and_the_value(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
