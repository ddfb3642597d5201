"""Measures of classification equal scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from playground.core.classification import (
    auroc,
    auroc_interval,
    class_scores,
    confusion_matrix,
    macro_average,
    reliability_bins,
)
from playground.core.functional import FloatArray

seeds = st.integers(0, 10_000)


@given(seeds, st.integers(2, 200), st.integers(0, 3))
def test_auroc_equals_scikit_learn_with_and_without_ties(
    seed: int, count: int, decimals: int
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=count).round(decimals)
    labels = rng.random(count) < 0.4
    labels[:2] = [False, True]
    expected = sklearn.metrics.roc_auc_score(labels, scores)
    np.testing.assert_allclose(auroc(scores, labels), expected, rtol=1e-12)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_auroc_interval_equals_scipy_bootstrap(confidence: float) -> None:
    """The same percentiles but for the dice: 5,000 resamples leave about 0.003."""
    rng = np.random.default_rng(3)
    labels = np.arange(120) % 3 == 0
    scores = (labels + rng.normal(size=120)).round(1)
    ours = auroc_interval(scores, labels, rng, confidence=confidence, resamples=5000)

    def area(negatives: FloatArray, positives: FloatArray) -> float:
        drawn = np.append(negatives, positives)
        return auroc(drawn, np.arange(drawn.size) >= negatives.size)

    expected = scipy.stats.bootstrap(
        (scores[~labels], scores[labels]),
        area,
        n_resamples=5000,
        confidence_level=confidence,
        method="percentile",
        vectorized=False,
        rng=rng,
    ).confidence_interval
    np.testing.assert_allclose(ours, (expected.low, expected.high), atol=0.01)


@given(seeds, st.integers(1, 300), st.integers(1, 20), st.integers(1, 6))
def test_reliability_bins_equal_scikit_learn(
    seed: int, count: int, bins: int, decimals: int
) -> None:
    rng = np.random.default_rng(seed)
    claimed = rng.random(count).round(decimals)  # few decimals put many claims on an edge
    came_true = rng.random(count) < claimed
    frequency, mean_probability = calibration_curve(came_true, claimed, n_bins=bins)
    filled = [b for b in reliability_bins(claimed, came_true, bins) if b.count]
    np.testing.assert_allclose([b.frequency for b in filled], frequency, rtol=1e-9)
    np.testing.assert_allclose([b.mean_probability for b in filled], mean_probability, rtol=1e-9)


@given(seeds, st.integers(1, 60), st.integers(2, 6))
def test_confusion_matrix_and_class_scores_equal_scikit_learn(
    seed: int, count: int, classes: int
) -> None:
    rng = np.random.default_rng(seed)
    labels, predicted = rng.integers(0, classes, size=(2, count))
    every = list(range(classes))
    confusion = confusion_matrix(labels, predicted, classes)
    expected = sklearn.metrics.confusion_matrix(labels, predicted, labels=every)
    np.testing.assert_array_equal(confusion, expected)
    scores = class_scores(confusion)
    precision, recall, f1, support = sklearn.metrics.precision_recall_fscore_support(
        labels, predicted, labels=every, zero_division=0
    )
    np.testing.assert_allclose([s.precision for s in scores], precision)
    np.testing.assert_allclose([s.recall for s in scores], recall)
    np.testing.assert_allclose([s.f1 for s in scores], f1)
    np.testing.assert_array_equal([s.support for s in scores], support)
    macro = sklearn.metrics.precision_recall_fscore_support(
        labels, predicted, labels=every, average="macro", zero_division=0
    )
    mean = macro_average(scores)
    np.testing.assert_allclose((mean.precision, mean.recall, mean.f1), macro[:3])
