"""Measures of classification: by hand-worked tables, properties, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from playground.core.classification import (
    ClassScores,
    class_scores,
    confusion_matrix,
    macro_average,
)


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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: confusion_matrix(np.array([0, 3]), np.array([0, 1]), 3), "0 to 2, got 3"),
        (lambda: confusion_matrix(np.array([0, 1]), np.array([0, -1]), 3), "0 to 2, got -1"),
        (lambda: confusion_matrix(np.array([0]), np.array([0, 1]), 3), "shapes"),
    ],
)
def test_wrong_input_is_refused_with_the_rule_and_the_value(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
