"""The fit is scikit-learn's, also where features outnumber examples or part them cleanly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from playground.core.logistic import fit_logistic


def some(seed: int, count: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return features of very different sizes, and labels that hang on some of them."""
    dice = np.random.default_rng(seed)
    features = dice.normal(size=(count, width)) * 10.0 ** dice.integers(-3, 4, width) + 5
    signal = StandardScaler().fit_transform(features) @ dice.normal(size=width)
    labels = signal + dice.normal(size=count) > 0
    labels[:2] = [True, False]
    return features, labels


@given(
    st.integers(0, 1000),
    st.integers(4, 60),
    st.integers(1, 20),
    st.sampled_from([1e-3, 0.1, 1.0, 30.0]),
)
def test_the_fit_is_scikit_learns(seed: int, count: int, width: int, penalty: float) -> None:
    features, labels = some(seed, count, width)
    standard = StandardScaler().fit_transform(features)
    expected = LogisticRegression(
        C=1 / penalty, solver="newton-cholesky", tol=1e-10, max_iter=1000
    ).fit(standard, labels)
    fitted = fit_logistic(features, labels, penalty=penalty)
    np.testing.assert_allclose(fitted.weights, expected.coef_[0], rtol=1e-6, atol=1e-6)
    assert fitted.intercept == pytest.approx(expected.intercept_[0], rel=1e-6, abs=1e-6)
    probabilities = expected.predict_proba(standard)[:, 1]
    np.testing.assert_allclose(fitted.predict_proba(features), probabilities, atol=1e-6)


def test_more_features_than_examples_are_fitted_and_held_by_the_penalty() -> None:
    features, labels = some(1, 40, 300)
    standard = StandardScaler().fit_transform(features)
    expected = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000).fit(standard, labels)
    fitted = fit_logistic(features, labels, penalty=10)
    np.testing.assert_allclose(fitted.weights, expected.coef_[0], atol=1e-6)
    weaker = fit_logistic(features, labels, penalty=0.1)
    assert np.linalg.norm(weaker.weights) > 2 * np.linalg.norm(fitted.weights)


def test_the_gradient_is_zero_at_the_minimum() -> None:
    features, labels = some(2, 50, 6)
    fitted = fit_logistic(features, labels, penalty=0.5)
    standard = (features - fitted.means) / fitted.scales
    missed = fitted.predict_proba(features) - labels
    np.testing.assert_allclose(standard.T @ missed, -0.5 * fitted.weights, atol=1e-9)
    assert missed.sum() == pytest.approx(0, abs=1e-9)


@given(st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_units_of_the_features_do_not_count(scale: float, shift: float) -> None:
    features, labels = some(3, 30, 2)
    ours = fit_logistic(features, labels).predict_proba(features)
    moved = features * scale + shift * scale
    np.testing.assert_allclose(
        fit_logistic(moved, labels).predict_proba(moved), ours, rtol=1e-5, atol=1e-5
    )


def test_a_constant_feature_weighs_nothing() -> None:
    features, labels = some(4, 20, 2)
    with_constant = np.column_stack([features, np.full(20, 0.1)])
    fitted = fit_logistic(with_constant, labels)
    assert fitted.weights[2] == 0
    expected = fit_logistic(features, labels).predict_proba(features)
    np.testing.assert_allclose(fitted.predict_proba(with_constant), expected, atol=1e-12)


def test_classes_that_part_cleanly_and_a_far_example_leave_no_nan() -> None:
    features = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    fitted = fit_logistic(features, [False, False, True, True], penalty=1e-6)
    assert np.isfinite(fitted.weights).all()
    far = fitted.predict_proba([[-1e12], [1e12]])
    assert far.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("features", "labels", "penalty", "sentence"),
    [
        ([[1.0], [2.0]], [True, True], 1.0, "of both classes, got 2 of 2"),
        ([[1.0], [2.0]], [False, False], 1.0, "of both classes, got 0 of 2"),
        ([1.0, 2.0], [True, False], 1.0, r"a row for each label, got shapes \(2,\)"),
        ([[1.0]], [True, False], 1.0, "a row for each label"),
        ([[np.nan], [1.0]], [True, False], 1.0, "finite numbers"),
        ([[0.0], [1.0]], [True, False], 0.0, "above 0, got 0.0"),
        ([[0.0], [1.0]], [True, False], np.nan, "above 0, got nan"),
    ],
)
def test_wrong_input_is_named(
    features: object, labels: object, penalty: float, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        fit_logistic(features, labels, penalty=penalty)  # type: ignore[arg-type] # a wrong one
