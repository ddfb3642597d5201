"""The formulas that turn scores into probabilities.

Written once, stable for any finite input, and used by everything above: the sampler, the labs and
the live chat. Input arrays are never changed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]


def softmax(logits: FloatArray, temperature: float = 1.0) -> FloatArray:
    """Turn logits into probabilities: p_i = exp(z_i / T) / sum_j exp(z_j / T).

    The largest logit is subtracted first; that changes nothing in exact arithmetic and keeps
    ``exp`` from overflowing. A logit of minus infinity gets probability 0.

    Parameters
    ----------
    logits : array of shape (..., V)
        Scores; at least one a row is finite.
    temperature : float
        T > 0. Below 1 sharpens the distribution, above 1 flattens it.

    Returns
    -------
    array of shape (..., V)
        Probabilities that sum to 1 along the last axis, in the dtype of `logits`.

    Examples
    --------
    >>> softmax(np.array([2.0, 1.0, 0.0])).round(3)
    array([0.665, 0.245, 0.09 ])
    >>> softmax(np.array([2.0, 1.0, 0.0]), temperature=0.5).round(3)
    array([0.867, 0.117, 0.016])
    """
    scaled = (logits - logits.max(axis=-1, keepdims=True)) / temperature
    weights = np.exp(scaled)
    probabilities: FloatArray = weights / weights.sum(axis=-1, keepdims=True)
    return probabilities


def log_softmax(logits: FloatArray) -> FloatArray:
    """Return the natural logarithm of the softmax: z_i - log sum_j exp(z_j).

    Parameters
    ----------
    logits : array of shape (..., V)
        Scores; at least one a row is finite.

    Returns
    -------
    array of shape (..., V)
        Log-probabilities in nats, in the dtype of `logits`.

    Examples
    --------
    >>> log_softmax(np.array([2.0, 1.0, 0.0])).round(3)
    array([-0.408, -1.408, -2.408])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logprobs: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logprobs
