"""How the next token is chosen: pure steps on logits, then one draw.

The steps run in transformers' order: repetition penalty, temperature, top-k, top-p, min-p. Each
takes logits of shape (V,) and returns a new array; what a step rules out becomes minus infinity.
The draw turns one uniform number into a token by the inverse of the cumulative distribution, so
that two settings can be compared on the same dice.

Options are checked where they enter (`playground.generation.settings`), not here.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from playground.core.functional import FloatArray, softmax


def apply_repetition_penalty(
    logits: FloatArray, token_ids: Iterable[int], penalty: float
) -> FloatArray:
    """Make tokens that were already used less likely (Keskar et al., 2019, arXiv:1909.05858).

    A positive logit is divided by the penalty, a negative one multiplied, once per token however
    often it was used.

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    token_ids : iterable of int
        Tokens of the prompt and of the reply so far.
    penalty : float
        Above 1 discourages repetition, 1 changes nothing.

    Examples
    --------
    >>> apply_repetition_penalty(np.array([2.0, -1.0, 3.0]), [0, 1, 1], 2.0)
    array([ 1., -2.,  3.])
    """
    penalized = logits.copy()
    used = np.unique(np.fromiter(token_ids, dtype=np.int64))
    scores = logits[used]
    penalized[used] = np.where(scores < 0, scores * penalty, scores / penalty)
    return penalized


def apply_temperature(logits: FloatArray, temperature: float) -> FloatArray:
    """Divide the logits by T > 0.

    Examples
    --------
    >>> apply_temperature(np.array([2.0, 1.0]), 0.5)
    array([4., 2.])
    """
    return logits / logits.dtype.type(temperature)


def apply_top_k(logits: FloatArray, top_k: int) -> FloatArray:
    """Keep the k best tokens, and all that tie with the k-th (Fan et al., 2018, arXiv:1805.04833).

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    top_k : int
        How many to keep, 1 or more; more than V keeps all.

    Examples
    --------
    >>> apply_top_k(np.array([1.0, 3.0, 2.0]), 2)
    array([-inf,   3.,   2.])
    """
    k = min(top_k, logits.size)
    threshold = np.partition(logits, -k)[-k]
    return np.where(logits < threshold, -np.inf, logits).astype(logits.dtype)


def apply_top_p(logits: FloatArray, top_p: float) -> FloatArray:
    """Keep the fewest best tokens whose probability reaches p (Holtzman et al., arXiv:1904.09751).

    The best token always stays.

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    top_p : float
        In (0, 1]; 1 keeps all.

    Examples
    --------
    >>> apply_top_p(np.log(np.array([0.5, 0.3, 0.2])), 0.7).round(2)
    array([-0.69, -1.2 ,  -inf])
    """
    if top_p >= 1.0:
        return logits.copy()
    # As transformers does: sum up from the worst, cut while the sum is within 1 - p.
    ascending = np.argsort(logits, kind="stable")
    tail = np.cumsum(softmax(logits[ascending]))
    cut = ascending[:-1][tail[:-1] <= 1.0 - top_p]
    kept = logits.copy()
    kept[cut] = -np.inf
    return kept


def apply_min_p(logits: FloatArray, min_p: float) -> FloatArray:
    """Keep tokens at least `min_p` times as likely as the best (Nguyen et al., arXiv:2407.01082).

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    min_p : float
        In [0, 1]; 0 keeps all.

    Examples
    --------
    >>> apply_min_p(np.log(np.array([0.6, 0.3, 0.1])), 0.25).round(2)
    array([-0.51, -1.2 ,  -inf])
    """
    probabilities = softmax(logits)
    return np.where(probabilities < min_p * probabilities.max(), -np.inf, logits).astype(
        logits.dtype
    )


def draw(probabilities: FloatArray, uniform: float) -> int:
    """Choose a token by the inverse cumulative distribution.

    Token i is chosen when `uniform` falls into [c_{i-1}, c_i), c being the running sum of the
    probabilities in token order. The sum runs in float64, so that rounding cannot favour a tail.

    Parameters
    ----------
    probabilities : array of shape (V,)
        Probabilities; they need not sum to exactly 1.
    uniform : float
        A number in [0, 1) from the caller's random generator.

    Returns
    -------
    int
        The token id; never one of probability 0.

    Examples
    --------
    >>> draw(np.array([0.2, 0.5, 0.3]), 0.6)
    1
    """
    cumulative = np.cumsum(probabilities, dtype=np.float64)
    index = int(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"))
    if index < cumulative.size:
        return index
    # `uniform` times the sum can round up to the sum itself: take the last possible token.
    return int(np.flatnonzero(probabilities)[-1])
