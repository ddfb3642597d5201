"""Measures of information and of text: of a distribution, of a token, of what was said.

Everything logarithmic is in nats; dividing by log 2 gives bits. A wrong input is a ValueError that
says the rule and the value got.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

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
    # The lowest finite number stands in for minus infinity: times a probability of 0 it is 0.
    finite = np.maximum(logprobs, np.finfo(logprobs.dtype).min)
    total: FloatArray = 0.0 - np.vecdot(np.exp(logprobs), finite)
    return total


def surprisal(logprobs: FloatArray) -> FloatArray:
    """Return how surprising an outcome is: -log p, in nats; its mean is the entropy.

    Examples
    --------
    >>> surprisal(np.log(np.array([1.0, 0.5]))).round(4)
    array([0.    , 0.6931])
    """
    return 0.0 - logprobs  # `-logprobs` would make a certain outcome -0.0


def kl_divergence(p_logprobs: FloatArray, q_logprobs: FloatArray) -> FloatArray:
    """Return KL(p || q) = sum_i p_i (log p_i - log q_i), in nats (Kullback & Leibler, 1951).

    What it costs to expect q where p is true. It is not symmetric.

    Parameters
    ----------
    p_logprobs, q_logprobs : array of shape (..., V)
        Log-probabilities; minus infinity stands for a probability of 0.

    Returns
    -------
    array of shape (...)
        0 for equal distributions, infinity where q rules out what p allows. What rounding puts
        below 0 is returned as 0.

    Examples
    --------
    >>> p, q = np.log(np.array([0.5, 0.5])), np.log(np.array([0.9, 0.1]))
    >>> float(kl_divergence(p, q).round(4)), float(kl_divergence(q, p).round(4))
    (0.5108, 0.3681)
    """
    p = np.exp(p_logprobs)
    # A token that p rules out adds nothing, whatever q says; -inf - -inf would be NaN.
    ratio = np.where(p > 0, p_logprobs, 0) - np.where(p > 0, q_logprobs, 0)
    total: FloatArray = np.maximum((p * ratio).sum(axis=-1), 0)
    return total


def perplexity(token_logprobs: ArrayLike) -> float:
    """Return exp(-mean log p) over the tokens of a text (Jelinek et al., 1977).

    As unsure as a guess among that many equal tokens.

    Parameters
    ----------
    token_logprobs : array of shape (T,)
        Log-probability of each token that came.

    Raises
    ------
    ValueError
        There is no token.

    Examples
    --------
    >>> round(perplexity(np.log([0.25, 0.25, 0.25])), 6)
    4.0
    """
    logprobs = np.asarray(token_logprobs, dtype=np.float64)
    if logprobs.size == 0:
        raise ValueError("perplexity needs at least one token, got none")
    return float(np.exp(-logprobs.mean()))


def distinct_n(sequences: Iterable[Sequence[Hashable]], n: int) -> float:
    """Return the share of n-grams that differ (distinct-n; Li et al., 2016, arXiv:1510.03055).

    Parameters
    ----------
    sequences : iterable of sequences
        Token ids or words; an n-gram never runs from one sequence into the next.
    n : int
        Length of the n-grams, 1 or more.

    Returns
    -------
    float
        In (0, 1]: different n-grams divided by all n-grams. 1 means nothing was said twice.

    Raises
    ------
    ValueError
        `n` is below 1, or no sequence has that many tokens.

    Examples
    --------
    >>> distinct_n([["a", "rose", "is", "a", "rose"]], 2)
    0.75
    """
    if n < 1:
        raise ValueError(f"n must be 1 or more, got {n}")
    ngrams = [tuple(s[i : i + n]) for s in sequences for i in range(len(s) - n + 1)]
    if not ngrams:
        raise ValueError(f"distinct-{n} needs a sequence of at least {n} tokens, got none")
    return len(set(ngrams)) / len(ngrams)


def cosine_similarity(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the cosine of the angle between vectors: a . b / (|a| |b|), for every pair.

    Parameters
    ----------
    a : array of shape (D,) or (N, D)
        One vector, or one a row.
    b : array of shape (D,) or (M, D)
        One vector, or one a row.

    Returns
    -------
    array of shape (), (M,), (N,) or (N, M)
        1 for the same direction, 0 for a right angle, -1 for opposite ones.

    Raises
    ------
    ValueError
        A vector is all zeros and has no direction.

    Examples
    --------
    >>> cosine_similarity(np.array([1.0, 0.0]), np.array([[2.0, 0.0], [0.0, 1.0], [-1.0, 1.0]]))
    array([ 1.        ,  0.        , -0.70710678])
    """
    cosine: FloatArray = np.clip(_unit(a) @ _unit(b).T, -1, 1)
    return cosine


def _unit(vectors: FloatArray) -> FloatArray:
    """Scale each vector to length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not lengths.all():
        raise ValueError("cosine similarity needs vectors that are not all zeros, got one that is")
    unit: FloatArray = vectors / lengths
    return unit
