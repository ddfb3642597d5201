"""Measures of a classifier: what it took for what; see `evaluation` for those of a score.

A wrong input is a ValueError that says the rule and the value got.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import IntArray


@dataclass(frozen=True)
class ClassScores:
    """How well a classifier does on one class, or on the mean of all.

    Parameters
    ----------
    precision : float
        Share of the examples put into the class that belong there; 0 when none was put there.
    recall : float
        Share of the class's examples that were put there; 0 when it has none.
    f1 : float
        Harmonic mean of the two: 2 P R / (P + R); 0 when both are.
    support : int
        How many examples the class has.
    """

    precision: float
    recall: float
    f1: float
    support: int


def confusion_matrix(labels: IntArray, predicted: IntArray, classes: int) -> NDArray[np.int64]:
    """Count how often each class was taken for each: rows are the truth, columns the prediction.

    Parameters
    ----------
    labels, predicted : array of int, shape (N,)
        True and predicted class of each example, from 0 to `classes` - 1.
    classes : int
        How many classes there are.

    Returns
    -------
    array of shape (classes, classes)

    Raises
    ------
    ValueError
        A class is out of range, or the shapes differ.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    _check_same_shape(labels, predicted)
    both = np.append(labels, predicted)
    wrong = both[(both < 0) | (both >= classes)]
    if wrong.size:
        raise ValueError(f"a class must be from 0 to {classes - 1}, got {wrong[0]}")
    pairs = labels.astype(np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def class_scores(confusion: IntArray) -> tuple[ClassScores, ...]:
    """Return precision, recall and F1 of each class.

    Parameters
    ----------
    confusion : array of int, shape (K, K)
        What `confusion_matrix` returned.

    Examples
    --------
    >>> class_scores(np.array([[1, 1], [0, 2]]))[0]
    ClassScores(precision=1.0, recall=0.5, f1=0.6666666666666666, support=2)
    """
    hits = np.diag(confusion)
    claimed, support = confusion.sum(axis=0), confusion.sum(axis=1)
    # 2 P R / (P + R) with P = hits / claimed and R = hits / support.
    columns = (_share(hits, claimed), _share(hits, support), _share(2 * hits, claimed + support))
    return tuple(ClassScores(*row) for row in zip(*columns, support.tolist(), strict=True))


def macro_average(scores: Sequence[ClassScores]) -> ClassScores:
    """Return the plain mean over classes, so that a rare class weighs as much as a common one."""
    precision, recall, f1 = np.mean([(s.precision, s.recall, s.f1) for s in scores], axis=0)
    return ClassScores(float(precision), float(recall), float(f1), sum(s.support for s in scores))


def _check_same_shape(a: NDArray[np.generic], b: NDArray[np.generic]) -> None:
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"both must be lists of one length, got shapes {a.shape} and {b.shape}")


def _share(parts: IntArray, wholes: IntArray) -> list[float]:
    """Divide; 0 where there is nothing to divide by."""
    shares = np.divide(parts, wholes, out=np.zeros(parts.shape), where=wholes > 0)
    return [float(share) for share in shares]
