"""Measures of classification equal scikit-learn."""

from __future__ import annotations

import numpy as np
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from playground.core.classification import (
    class_scores,
    confusion_matrix,
    macro_average,
)

seeds = st.integers(0, 10_000)


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
