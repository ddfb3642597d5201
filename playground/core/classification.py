"""Measures of classification: of a score, of a claimed probability, of a classifier.

A wrong input is a ValueError that says the rule and the value got.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from playground.core.functional import IntArray


@dataclass(frozen=True)
class ReliabilityBin:
    """What was claimed and what came true, for the claims whose probability lies in (low, high].

    Parameters
    ----------
    low, high : float
        Edges; the first bin takes 0 too.
    count : int
        How many claims lie here.
    mean_probability : float or None
        Mean of the claimed probabilities; None in an empty bin.
    frequency : float or None
        Share of the claims that came true; None in an empty bin.
    """

    low: float
    high: float
    count: int
    mean_probability: float | None
    frequency: float | None


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


def auroc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Return how well a score tells two classes apart: the area under the ROC curve.

    It is the chance that a random positive scores above a random negative, ties counting half
    (Mann & Whitney, 1947; Hanley & McNeil, 1982). With R the sum of the ranks of the n positives
    among all, ties sharing their mean rank: (R - n (n + 1) / 2) / (n m), m the number of negatives.

    Parameters
    ----------
    scores : array of shape (N,)
        Higher should mean positive.
    labels : array of bool, shape (N,)
        Which examples are positive.

    Returns
    -------
    float
        1 is perfect, 0.5 is a coin, 0 is always wrong.

    Raises
    ------
    ValueError
        A class is empty, a score is NaN, or the shapes differ.

    Examples
    --------
    >>> auroc([0.1, 0.4, 0.4, 0.9], [False, False, True, True])
    0.875
    """
    values, positive = _scores_and_labels(scores, labels)
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    n = np.count_nonzero(positive)
    rank_sum = mean_ranks[group][positive].sum()
    return float((rank_sum - n * (n + 1) / 2) / (n * (positive.size - n)))


def auroc_interval(
    scores: ArrayLike,
    labels: ArrayLike,
    rng: np.random.Generator,
    confidence: float = 0.95,
    resamples: int = 1000,
) -> tuple[float, float]:
    """Return a bootstrap interval of the AUROC: percentiles over resamples (Efron, 1979).

    Each class is drawn from itself, with replacement, so that no resample lacks one.

    Parameters
    ----------
    scores, labels : array of shape (N,)
        As for `auroc`.
    rng : numpy.random.Generator
        The dice.
    confidence : float
        In (0, 1).
    resamples : int
        How often to draw.

    Returns
    -------
    tuple of float
        Lower and upper end.

    Raises
    ------
    ValueError
        As for `auroc`, or a number is outside its rule.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    if resamples < 1:
        raise ValueError(f"resamples must be 1 or more, got {resamples}")
    values, positive = _scores_and_labels(scores, labels)
    drawn_labels = np.sort(positive)
    negatives, positives = values[~positive], values[positive]
    areas = [
        auroc(np.append(_resample(negatives, rng), _resample(positives, rng)), drawn_labels)
        for _ in range(resamples)
    ]
    low, high = np.quantile(areas, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def reliability_bins(
    probabilities: ArrayLike, outcomes: ArrayLike, bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Compare claimed probabilities with what came true, in bins of equal width.

    Parameters
    ----------
    probabilities : array of shape (N,)
        Claimed chance of each outcome, from 0 to 1.
    outcomes : array of bool, shape (N,)
        What came true.
    bins : int
        How many bins, 1 or more.

    Raises
    ------
    ValueError
        There is no claim, a probability is outside 0 to 1, or the shapes differ.

    Examples
    --------
    >>> reliability_bins([0.1, 0.8, 1.0], [False, False, True], bins=2)[1]
    ReliabilityBin(low=0.5, high=1.0, count=2, mean_probability=0.9, frequency=0.5)
    """
    if bins < 1:
        raise ValueError(f"bins must be 1 or more, got {bins}")
    claimed, came_true = _paired(probabilities, outcomes)
    if not ((claimed >= 0) & (claimed <= 1)).all():
        wrong = claimed[~((claimed >= 0) & (claimed <= 1))][0]
        raise ValueError(f"a probability must be from 0 to 1, got {wrong:g}")
    edges = np.linspace(0, 1, bins + 1)
    places = np.searchsorted(edges[1:-1], claimed)
    return tuple(
        _bin(float(edges[i]), float(edges[i + 1]), claimed[places == i], came_true[places == i])
        for i in range(bins)
    )


def expected_calibration_error(bins: Iterable[ReliabilityBin]) -> float:
    """Return ECE = sum_b n_b / N |frequency_b - mean probability_b| (Guo et al., arXiv:1706.04599).

    0 is perfect: of the claims made with 70 %, 70 % come true.

    Raises
    ------
    ValueError
        All bins are empty.

    Examples
    --------
    >>> expected_calibration_error(reliability_bins([0.75, 0.75], [True, False]))
    0.25
    """
    gaps = [
        (abs(b.frequency - b.mean_probability), b.count)
        for b in bins
        if b.frequency is not None and b.mean_probability is not None
    ]
    if not gaps:
        raise ValueError("calibration needs a bin with at least one claim, got none")
    return sum(gap * count for gap, count in gaps) / sum(count for _, count in gaps)


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


def _paired(numbers: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return both as arrays of the same length, 1 or more."""
    values, flags = np.asarray(numbers, dtype=np.float64), np.asarray(labels, dtype=np.bool_)
    _check_same_shape(values, flags)
    if values.size == 0:
        raise ValueError("at least one example is needed, got none")
    return values, flags


def _scores_and_labels(
    scores: ArrayLike, labels: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    values, positive = _paired(scores, labels)
    if np.isnan(values).any():
        raise ValueError("a score must be a number, got NaN")
    n = np.count_nonzero(positive)
    if n in (0, positive.size):
        raise ValueError(
            f"AUROC needs both classes, got {n} positive and {positive.size - n} negative examples"
        )
    return values, positive


def _resample(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.choice(values, size=values.size)


def _bin(
    low: float, high: float, claimed: NDArray[np.float64], came_true: NDArray[np.bool_]
) -> ReliabilityBin:
    if claimed.size == 0:
        return ReliabilityBin(low, high, 0, None, None)
    return ReliabilityBin(low, high, claimed.size, float(claimed.mean()), float(came_true.mean()))


def _share(parts: IntArray, wholes: IntArray) -> list[float]:
    """Divide; 0 where there is nothing to divide by."""
    shares = np.divide(parts, wholes, out=np.zeros(parts.shape), where=wholes > 0)
    return [float(share) for share in shares]
