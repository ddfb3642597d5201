"""Pairs of characters, counted: what one can say of the next from the one before.

The entropy of letters and of pairs are the first two steps of Shannon's ladder ("Prediction and
entropy of printed English", 1951): how many nats the next character costs one who knows how common
each is, and one who knows the character before it as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import FloatArray, IntArray
from playground.core.metrics import entropy


def count_pairs(ids: IntArray, vocab: int) -> NDArray[np.int64]:
    """Return how often each id follows each other, shape (V, V): row before, column after.

    Examples
    --------
    >>> count_pairs(np.array([0, 1, 0, 1, 1]), 2)
    array([[0, 2],
           [1, 1]])
    """
    places = ids[:-1] * vocab + ids[1:]
    return np.bincount(places, minlength=vocab * vocab).reshape(vocab, vocab)


def letter_entropy(pairs: NDArray[np.int64]) -> float:
    """Return the entropy of the second of a pair, in nats, for one who does not see the first.

    Examples
    --------
    >>> round(letter_entropy(np.array([[0, 2], [2, 0]])), 4)  # log 2
    0.6931
    """
    return float(_entropies(pairs.sum(axis=0)))


def pair_entropy(pairs: NDArray[np.int64]) -> float:
    """Return the entropy of the second of a pair, in nats, for one who sees the first.

    It is the mean of the rows' entropies, each as often as its row occurs; never above
    `letter_entropy`. No model that sees one character can do better on the text that was counted.

    Examples
    --------
    >>> pair_entropy(np.array([[0, 2], [2, 0]]))  # they take turns
    0.0
    """
    rows = pairs[pairs.sum(axis=1) > 0]
    return float(rows.sum(axis=1) @ _entropies(rows) / rows.sum())


def smoothed_logits(pairs: NDArray[np.int64]) -> FloatArray:
    """Return the logarithms of the shares of each row, as if each pair had been seen once more.

    Without that a pair that the text does not hold would be impossible (Laplace's rule).

    Examples
    --------
    >>> np.exp(smoothed_logits(np.array([[0, 2], [2, 0]])))
    array([[0.25, 0.75],
           [0.75, 0.25]])
    """
    more = pairs + 1
    logits: FloatArray = np.log(more / more.sum(axis=1, keepdims=True))
    return logits


def _entropies(counts: NDArray[np.int64]) -> FloatArray:
    """Return the entropy of each row of counts."""
    with np.errstate(divide="ignore"):  # what was never seen: the logarithm of 0
        return entropy(np.log(counts / counts.sum(axis=-1, keepdims=True)))
