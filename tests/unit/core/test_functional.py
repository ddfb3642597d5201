"""The formulas keep their promises on any finite input."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from playground.core.activations import (
    gelu,
    gelu_derivative,
    gelu_tanh,
    gelu_tanh_derivative,
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    silu,
    silu_derivative,
)
from playground.core.functional import (
    FloatArray,
    cross_entropy,
    cross_entropy_backward,
    layer_norm,
    layer_norm_backward,
    log_softmax,
    log_softmax_backward,
    one_hot,
    rms_norm,
    rms_norm_backward,
    softmax,
    softmax_backward,
    squared_cost,
    squared_cost_backward,
)
from playground.core.metrics import entropy

ELEMENTWISE = [
    sigmoid,
    sigmoid_derivative,
    relu,
    relu_derivative,
    silu,
    silu_derivative,
    gelu,
    gelu_derivative,
    gelu_tanh,
    gelu_tanh_derivative,
]
GATED = [(silu, silu_derivative), (gelu, gelu_derivative), (gelu_tanh, gelu_tanh_derivative)]

PHI_OF_MINUS_12 = 1.776482112077679e-33

finite_logits = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=30),
    elements=st.floats(-1e4, 1e4),
)


@given(finite_logits, st.floats(0.01, 10))
def test_softmax_sums_to_one_and_keeps_order(logits: np.ndarray, temperature: float) -> None:
    probabilities = softmax(logits, temperature)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1.0, rtol=1e-12)
    order = np.argsort(logits, axis=-1, kind="stable")
    assert (np.diff(np.take_along_axis(probabilities, order, axis=-1), axis=-1) >= 0).all()


@given(finite_logits)
def test_log_softmax_is_the_logarithm_of_softmax(logits: np.ndarray) -> None:
    np.testing.assert_allclose(np.exp(log_softmax(logits)), softmax(logits), rtol=1e-9, atol=1e-300)


@given(finite_logits)
def test_entropy_rises_with_temperature_and_stays_in_bounds(logits: np.ndarray) -> None:
    cold, warm = (entropy(log_softmax(logits / temperature)) for temperature in (0.5, 2.0))
    assert (warm >= cold - 1e-9).all()
    assert (warm <= np.log(logits.shape[-1]) + 1e-9).all()
    assert (cold >= -1e-9).all()


def test_entropy_takes_impossible_tokens_as_nothing() -> None:
    with np.errstate(divide="ignore"):
        logprobs = np.log(np.array([0.5, 0.5, 0.0]))
    assert entropy(logprobs) == np.log(2)


@pytest.mark.parametrize("function", ELEMENTWISE, ids=lambda function: function.__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_elementwise_function_is_finite_up_to_the_largest_number_and_keeps_the_dtype(
    function: Callable[[FloatArray], FloatArray], dtype: type[np.floating]
) -> None:
    """A warning would fail this test too."""
    largest = np.finfo(dtype).max
    sizes = np.array([0, 1e-30, 1, 20, 30, 50, 90, 500, 710, 1e4, 1e20, largest], dtype)
    x = np.concatenate([sizes, -sizes])
    before = x.copy()
    result = function(x)
    assert np.isfinite(result).all()
    assert result.dtype == dtype
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(("function", "derivative"), GATED)
def test_gated_unit_is_zero_far_left_and_the_identity_far_right(
    function: Callable[[FloatArray], FloatArray], derivative: Callable[[FloatArray], FloatArray]
) -> None:
    x = np.array([-1e300, -1e4, 1e4, 1e300])
    np.testing.assert_array_equal(function(x), [0, 0, 1e4, 1e300])
    np.testing.assert_array_equal(derivative(x), [0, 0, 1, 1])


def test_tails_keep_their_digits() -> None:
    """1 + erf(x) or 1 - s(x) would leave nothing but rounding here."""
    far = np.array([100.0])
    np.testing.assert_allclose(sigmoid(-far), math.exp(-100), rtol=1e-14)
    np.testing.assert_allclose(sigmoid_derivative(far), math.exp(-100), rtol=1e-14)
    np.testing.assert_allclose(silu(-far), -100 * math.exp(-100), rtol=1e-14)
    # Phi(-12) to 16 digits, computed with 30.
    np.testing.assert_allclose(gelu(np.array([-12.0])), -12 * PHI_OF_MINUS_12, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_of_extremes_stay_finite_and_keep_the_dtype(dtype: type[np.floating]) -> None:
    """A warning would fail this test too."""
    x = np.array([[1e4, -1e4, 0], [1e4, 1e4, 1e4], [0, 0, 0], [-1e4, 1e-30, 1]], dtype)
    weight, d_output = np.full(3, 1e2, dtype), x[::-1].copy()
    labels = np.array([1, 0, 2, 2])
    results = [
        softmax(x),
        softmax_backward(softmax(x), d_output),
        log_softmax(x),
        log_softmax_backward(log_softmax(x), d_output),
        rms_norm(x, weight),
        *rms_norm_backward(x, weight, d_output),
        layer_norm(x, weight, weight),
        *layer_norm_backward(x, weight, d_output),
        cross_entropy_backward(x, labels),
        squared_cost_backward(x, d_output),
    ]
    assert all(np.isfinite(result).all() for result in results)
    assert {result.dtype for result in results} == {np.dtype(dtype)}
    losses = [2e4, math.log(3), math.log(3), math.log1p(math.exp(-1))]
    assert cross_entropy(x, labels) == pytest.approx(sum(losses) / 4, rel=1e-6)
    assert math.isfinite(squared_cost(x, d_output))


@given(finite_logits)
def test_norms_reach_the_mean_and_the_size_they_promise(x: np.ndarray) -> None:
    ones = np.ones(x.shape[-1])
    rooted, normal = rms_norm(x, ones), layer_norm(x, ones, ones)
    np.testing.assert_allclose(normal.mean(axis=-1), 1.0, atol=1e-6)
    assert ((rooted**2).mean(axis=-1) <= 1 + 1e-12).all()
    assert (normal.var(axis=-1) <= 1 + 1e-12).all()
    sized = (x**2).mean(axis=-1) > 1e3
    np.testing.assert_allclose((rooted**2).mean(axis=-1)[sized], 1.0, rtol=1e-7)


def test_one_hot_is_true_at_the_label_alone() -> None:
    assert one_hot(np.array([[2], [0]]), 3).tolist() == [
        [[False, False, True]],
        [[True, False, False]],
    ]


def test_squared_cost_sums_outputs_and_averages_examples() -> None:
    outputs, targets = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 3.0]])
    assert squared_cost(outputs, targets) == ((1 + 4) + 9) / 2
