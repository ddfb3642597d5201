"""Measures of a distribution, in nats."""

from __future__ import annotations

import numpy as np

from playground.core.functional import FloatArray


def entropy(logprobs: FloatArray) -> FloatArray:
    """Return the entropy: H = -sum_i p_i log p_i, in nats (Shannon, 1948).

    Parameters
    ----------
    logprobs : array of shape (..., V)
        Log-probabilities; minus infinity stands for a probability of 0, which adds nothing.

    Returns
    -------
    array of shape (...)
        0 for a certain outcome, log V for V equal ones.

    Examples
    --------
    >>> float(entropy(np.log(np.array([0.5, 0.5]))).round(4))
    0.6931
    """
    finite = np.where(np.isneginf(logprobs), 0.0, logprobs)
    total: FloatArray = -(np.exp(logprobs) * finite).sum(axis=-1)
    return total
