"""How well a score tells the right from the wrong, and how far the answer can be trusted.

A score ranks items; a label says which of them were right. Higher scores are to mean "right". Items
with equal scores cannot be told apart, so no figure here depends on their order. What cannot be
said (no item is right, or all are) is NaN; a wrong input is a ValueError.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from playground.core.resampling import bootstrap_interval, groups_of_each

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

# With fewer right or fewer wrong items an AUROC is chance: at 5 and 5 a score without any signal
# reaches 0.8 in one set of 13, at 10 and 10 in one of 86.
MIN_OF_EACH = 10


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class RocCurve:
    """What each threshold lets through.

    Parameters
    ----------
    false_positive_rate, true_positive_rate : array of shape (K + 1,)
        Shares of the wrong and of the right items with a score at or above the threshold; (0, 0)
        first, (1, 1) last. NaN where there are no such items.
    thresholds : array of shape (K + 1,)
        Infinity, then each of the K different scores, falling.
    """

    false_positive_rate: Floats
    true_positive_rate: Floats
    thresholds: Floats


@dataclass(frozen=True)
class Bin:
    """Items whose probability lies in one stretch.

    Parameters
    ----------
    low, high : float
        The stretch: above `low`, up to and with `high`.
    count : int
        How many items; never 0.
    probability : float
        Their mean probability: what was promised.
    right : float
        The share of them that was right: what was kept.
    """

    low: float
    high: float
    count: int
    probability: float
    right: float


@dataclass(frozen=True)
class Ranking:
    """How well a score ranks a set, with what the figure is worth.

    Parameters
    ----------
    auroc : float or None
        None where there are too few items to say.
    low, high : float or None
        Its bootstrap interval.
    n : int
        How many items there are.
    right : int
        How many of them were right.
    why_not : str or None
        One sentence where there is no figure.
    """

    auroc: float | None
    low: float | None
    high: float | None
    n: int
    right: int
    why_not: str | None = None


def auroc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Return how often a right item has a higher score than a wrong one; equal scores count half.

    The area under the ROC curve, as the Mann-Whitney statistic (Hanley & McNeil, 1982).

    Parameters
    ----------
    scores : array of shape (N,)
        Infinite ones are allowed, NaN is not.
    labels : array of shape (N,)
        Whether each item was right.

    Returns
    -------
    float
        1 for a perfect ranking, 0.5 for none, 0 for a perfect one upside down; NaN where no item
        is right, or all are.

    Raises
    ------
    ValueError
        Lengths that differ, or a score that is NaN.

    Examples
    --------
    >>> auroc([0.9, 0.8, 0.8, 0.1], [True, True, False, False])
    0.875
    """
    values, right = _checked(scores, labels)
    positives = int(right.sum())
    pairs = positives * (len(right) - positives)
    if not pairs:
        return float("nan")
    order = np.sort(values)
    # An item's rank is the middle of the places that its equals take up.
    below, through = (np.searchsorted(order, values[right], side) for side in ("left", "right"))
    ranks = (below + through + 1) / 2
    return float((ranks.sum() - positives * (positives + 1) / 2) / pairs)


def roc_curve(scores: ArrayLike, labels: ArrayLike) -> RocCurve:
    """Return the share of wrong and of right items that each threshold lets through.

    Examples
    --------
    >>> curve = roc_curve([3, 2, 1], [True, False, True])
    >>> curve.false_positive_rate, curve.true_positive_rate
    (array([0., 0., 1., 1.]), array([0. , 0.5, 0.5, 1. ]))
    """
    values, right = _checked(scores, labels)
    thresholds, true, false = _at_each_threshold(values, right)
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN that is promised
        return RocCurve(
            np.concatenate([[0.0], false]) / np.float64((~right).sum()),
            np.concatenate([[0.0], true]) / np.float64(right.sum()),
            np.concatenate([[np.inf], thresholds]),
        )


def best_threshold(scores: ArrayLike, labels: ArrayLike) -> float:
    """Return the score from which on to call an item right, where both errors weigh the same.

    It makes the share of right items let through minus that of wrong ones largest (Youden, 1950);
    of equals the highest is taken. Fit it on one part of a set and report on another.

    Examples
    --------
    >>> best_threshold([0.9, 0.6, 0.4, 0.1], [True, True, False, False])
    0.6
    """
    curve = roc_curve(scores, labels)
    return float(curve.thresholds[np.argmax(curve.true_positive_rate - curve.false_positive_rate)])


def average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Return the mean precision over the right items, each at its own threshold.

    The area under the precision-recall curve without interpolation.

    Returns
    -------
    float
        In (0, 1]; a score without signal has the share of right items. NaN where none is right.

    Examples
    --------
    >>> round(average_precision([3, 2, 1], [True, False, True]), 4)
    0.8333
    """
    values, right = _checked(scores, labels)
    if not right.any():
        return float("nan")
    _, true, false = _at_each_threshold(values, right)
    newly = np.diff(true, prepend=0) / right.sum()
    return float((newly * true / (true + false)).sum())


def risk_coverage(scores: ArrayLike, right: ArrayLike) -> tuple[Floats, Floats]:
    """Return the share of wrong answers among the surest, for every share of answers given.

    Who answers only when sure makes fewer mistakes; the curve says how many fewer (El-Yaniv &
    Wiener, 2010). Among items with equal scores the mistakes are spread evenly: it is the mean over
    all their orders.

    Returns
    -------
    coverage : array of shape (N,)
        1/N, 2/N, ... 1.
    risk : array of shape (N,)
        The share of wrong ones among so many with the highest scores; the last is 1 - accuracy.

    Examples
    --------
    >>> risk_coverage([0.9, 0.5, 0.5, 0.1], [True, True, False, False])[1].round(4)
    array([0.    , 0.25  , 0.3333, 0.5   ])
    """
    values, good = _checked(scores, right)
    given = np.arange(1, len(values) + 1)
    _, true, false = _at_each_threshold(values, good)
    mistakes = np.interp(given, np.concatenate([[0], true + false]), np.concatenate([[0.0], false]))
    return given / len(values), mistakes / given


def area_under_risk(scores: ArrayLike, right: ArrayLike) -> float:
    """Return the mean risk over all coverages (AURC; Geifman et al., 2019): lower is better.

    Examples
    --------
    >>> area_under_risk([0.9, 0.1], [True, False]), area_under_risk([0.1, 0.9], [True, False])
    (0.25, 0.75)
    """
    return float(risk_coverage(scores, right)[1].mean())


def reliability(probabilities: ArrayLike, right: ArrayLike, bins: int = 10) -> tuple[Bin, ...]:
    """Return what was promised and what was kept, in bins of equal width that have items.

    Parameters
    ----------
    probabilities : array of shape (N,)
        Of being right, 0 to 1.
    right : array of shape (N,)
        Whether each was.
    bins : int
        1 or more.

    Raises
    ------
    ValueError
        A probability outside 0 to 1, or no bin.

    Examples
    --------
    >>> for each in reliability([0.15, 0.9, 0.95], [False, True, False]):
    ...     print(each.count, round(each.probability, 3), each.right)
    1 0.15 0.0
    1 0.9 1.0
    1 0.95 0.0
    """
    values, good = _checked(probabilities, right)
    if bins < 1:
        raise ValueError(f"`bins` must be 1 or more, got {bins}")
    if values.min() < 0 or values.max() > 1:
        raise ValueError(
            f"probabilities must lie from 0 to 1, got {values.min():g} to {values.max():g}"
        )
    edges = np.linspace(0, 1, bins + 1)
    places = np.searchsorted(edges[1:-1], values)  # the lower bin has the edge
    groups = ((place, places == place) for place in np.unique(places))
    return tuple(
        Bin(
            low=float(edges[place]),
            high=float(edges[place + 1]),
            count=int(inside.sum()),
            probability=float(values[inside].mean()),
            right=float(good[inside].mean()),
        )
        for place, inside in groups
    )


def expected_calibration_error(probabilities: ArrayLike, right: ArrayLike, bins: int = 10) -> float:
    """Return how far promise and outcome lie apart, as the mean over the items of their bins' gap.

    ECE (Naeini et al., 2015; Guo et al., 2017, arXiv:1706.04599). It says nothing about ranking:
    who promises the accuracy of the set for every item has an ECE of 0.

    Examples
    --------
    >>> round(expected_calibration_error([0.9, 0.9, 0.2], [True, False, False]), 4)
    0.3333
    """
    found = reliability(probabilities, right, bins)
    gaps = sum(each.count * abs(each.right - each.probability) for each in found)
    return gaps / sum(each.count for each in found)


def rank(
    scores: ArrayLike,
    right: ArrayLike,
    seed: int = 0,
    resamples: int = 1000,
    groups: Sequence[Hashable] | None = None,
) -> Ranking:
    """Return the AUROC with its interval, or why there is none.

    Parameters
    ----------
    scores, right : array of shape (N,)
        Of each item.
    seed, resamples : int
        Of the bootstrap.
    groups : sequence of hashable or None
        What each item belongs to. One question in five wordings counts once: ten groups must be
        right and ten wrong, and a group is drawn whole.

    Examples
    --------
    >>> rank([0.9, 0.2], [True, False]).why_not
    'No AUROC: it takes at least 10 right and 10 wrong answers, here are 1 and 1.'
    """
    values, good = _checked(scores, right)
    count, positives = len(good), int(good.sum())
    of_each = groups_of_each(good, groups)
    if min(of_each) < MIN_OF_EACH:
        grouped = of_each != (positives, count - positives)
        apart = " to questions that do not belong together" if grouped else ""
        why = (
            f"No AUROC: it takes at least {MIN_OF_EACH} right and {MIN_OF_EACH} wrong answers"
            f"{apart}, here are {of_each[0]} and {of_each[1]}."
        )
        return Ranking(None, None, None, count, positives, why)
    low, high = bootstrap_interval(
        auroc, values, good, seed=seed, resamples=resamples, groups=groups
    )
    return Ranking(auroc(values, good), low, high, count, positives)


def _checked(scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, Labels]:
    """Return both as arrays of one length without NaN."""
    values, right = np.asarray(scores, np.float64), np.asarray(labels, np.bool_)
    if values.ndim != 1 or values.shape != right.shape or not values.size:
        raise ValueError(
            f"scores and labels must be of one length, 1 or more, got {values.shape} and "
            f"{right.shape}"
        )
    if np.isnan(values).any():
        raise ValueError(f"scores must be numbers, got {int(np.isnan(values).sum())} NaN")
    return values, right


def _at_each_threshold(values: Floats, right: Labels) -> tuple[Floats, Floats, Floats]:
    """Return the different scores, falling, and how many right and wrong each lets through."""
    order = np.argsort(-values, kind="stable")
    falling, good = values[order], right[order]
    last_of_equals = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    true = np.cumsum(good)[last_of_equals].astype(np.float64)
    return falling[last_of_equals], true, last_of_equals + 1 - true
