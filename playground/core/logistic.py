"""Logistic regression: the probability of one of two classes from a weighted sum of features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from playground.core.activations import sigmoid

Floats = NDArray[np.float64]

_MOST_STEPS = 100
# Of the gradient, a row of data: far below what changes a probability.
_SMALL_ENOUGH = 1e-12


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Logistic:
    """A fitted logistic regression.

    Parameters
    ----------
    weights : array of shape (D,)
        Of the standardized features.
    intercept : float
        The log-odds where every feature has its mean.
    means, scales : array of shape (D,)
        Mean and standard deviation of the features that it was fitted on; a constant feature has a
        scale of 1.
    """

    weights: Floats
    intercept: float
    means: Floats
    scales: Floats

    def log_odds(self, features: ArrayLike) -> Floats:
        """Return log(p / (1 - p)) of rows of features, shape (N, D): shape (N,)."""
        standard = (np.asarray(features, np.float64) - self.means) / self.scales
        found: Floats = standard @ self.weights + self.intercept
        return found

    def predict_proba(self, features: ArrayLike) -> Floats:
        """Return the probability of the class of rows of features, shape (N, D): shape (N,)."""
        return np.asarray(sigmoid(self.log_odds(features)), np.float64)


def fit_logistic(features: ArrayLike, labels: ArrayLike, *, penalty: float = 1.0) -> Logistic:
    r"""Fit a logistic regression with an L2 penalty on standardized features.

    It minimizes sum_i log(1 + exp(-y_i z_i)) + penalty / 2 ||w||^2 with y_i = +-1 and
    z = X w + b, by Newton's method, halving a step that does not help. The intercept b is free.
    The minimum is that of scikit-learn's ``LogisticRegression(C=1 / penalty)``, fitted on the same.

    Parameters
    ----------
    features : array of shape (N, D)
        A row an example. With D^3 the cost of a step, up to some thousand features.
    labels : array of bool, shape (N,)
        Which examples are of the class.
    penalty : float
        Above 0; the larger, the closer the weights stay to 0. With more features than examples a
        small one learns the examples by heart.

    Raises
    ------
    ValueError
        Shapes that do not fit, a number that is not finite, one class alone, or no penalty.

    Examples
    --------
    >>> fitted = fit_logistic([[0.0], [1.0], [2.0], [3.0]], [False, False, True, True])
    >>> fitted.predict_proba([[0.0], [1.5], [3.0]]).round(2)
    array([0.22, 0.5 , 0.78])
    """
    rows, positive = _checked(features, labels, penalty)
    means, spread = rows.mean(axis=0), rows.std(axis=0)
    # What rounding leaves of a constant feature is no spread.
    constant = spread <= 1e-12 * np.abs(rows).max(axis=0)
    scales = np.where(constant, 1.0, spread)
    standard = np.where(constant, 0.0, rows - means) / scales
    fitted = _minimize(np.column_stack([standard, np.ones(len(rows))]), positive, penalty)
    return Logistic(fitted[:-1], float(fitted[-1]), means, scales)


def _minimize(rows: Floats, positive: NDArray[np.bool_], penalty: float) -> Floats:
    """Return the weights at the minimum, the last one free of the penalty."""
    signs, pull = np.where(positive, 1.0, -1.0), np.full(rows.shape[1], penalty)
    pull[-1] = 0

    def loss(weights: Floats) -> float:
        likelihood = np.logaddexp(0, -signs * (rows @ weights)).sum()
        return float(likelihood + (pull * weights**2).sum() / 2)

    weights = np.zeros(rows.shape[1])
    for _ in range(_MOST_STEPS):
        probabilities = sigmoid(rows @ weights)
        gradient = rows.T @ (probabilities - positive) + pull * weights
        if np.abs(gradient).max() <= _SMALL_ENOUGH * len(rows):
            break
        curvature = probabilities * (1 - probabilities)
        hessian = (rows.T * curvature) @ rows + np.diag(pull)
        step = np.linalg.solve(hessian, gradient)
        size, before = 1.0, loss(weights)
        while loss(weights - size * step) > before and size > 1e-9:
            size /= 2
        if size <= 1e-9:  # rounding is all that is left to gain
            break
        weights = weights - size * step
    return weights


def _checked(
    features: ArrayLike, labels: ArrayLike, penalty: float
) -> tuple[Floats, NDArray[np.bool_]]:
    rows, positive = np.asarray(features, np.float64), np.asarray(labels, np.bool_)
    if rows.ndim != 2 or positive.shape != rows.shape[:1]:
        raise ValueError(
            f"features must have a row for each label, got shapes {rows.shape} and {positive.shape}"
        )
    if not np.isfinite(rows).all():
        raise ValueError("features must be finite numbers")
    if positive.all() or not positive.any():
        raise ValueError(
            f"labels must be of both classes, got {int(positive.sum())} of {positive.size}"
        )
    if not penalty > 0:
        raise ValueError(f"`penalty` must be above 0, got {penalty}")
    return rows, positive
