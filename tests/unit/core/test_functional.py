"""Softmax and its logarithm keep their promises on any finite input."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from playground.core.functional import log_softmax, softmax
from playground.core.metrics import entropy

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
