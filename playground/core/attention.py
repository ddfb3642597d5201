"""Attention: each token looks back at those before it and mixes what they hold.

Several query heads share one key and value head (grouped-query attention, Ainslie et al., 2023,
arXiv:2305.13245). Shapes: T new tokens, L tokens in all, H query heads, K key-value heads,
G = H / K, D head size.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import softmax

Float32Array = NDArray[np.float32]

# Queries are taken in blocks of this many, so that a long prompt skips most of the scores that the
# causal mask would throw away.
QUERY_BLOCK = 128

# Added to the scores of a block: a query sees itself and what stands before it.
FUTURE: Float32Array = np.triu(np.full((QUERY_BLOCK, QUERY_BLOCK), -np.inf, np.float32), 1)


class Attention(Protocol):
    """Attention within one row, whatever multiplies; `attend` is NumPy's own."""

    def __call__(
        self,
        queries: Float32Array,
        keys: Float32Array,
        values: Float32Array,
        kept: Float32Array | None = None,
        window: int | None = None,
    ) -> Float32Array:
        """Return the mixtures; see `attend`."""


def attend(
    queries: Float32Array,
    keys: Float32Array,
    values: Float32Array,
    kept: Float32Array | None = None,
    window: int | None = None,
) -> Float32Array:
    """Let each query mix the values of the tokens up to its own: softmax(q K^T / sqrt(D)) V.

    Rows of a batch come here one by one, so that no row's bits depend on how long its neighbours
    are.

    Parameters
    ----------
    queries : array of shape (T, H, D)
        Of the last T tokens, turned by their positions.
    keys, values : arrays of shape (K, L, D)
        Of all tokens of the row; keys turned.
    kept : array of shape (H, T, L), optional
        Of zeros, to be filled with the softmax: who looked at whom.
    window : int, optional
        How many tokens a query sees, its own among them, so that the work of a long text grows
        with its length and not with the square (Beltagy et al., 2020, arXiv:2004.05150); all that
        stand before it where there is none.

    Returns
    -------
    array of shape (T, H, D)
        The mixtures.
    """
    count, heads, size = queries.shape
    kv_heads, length, _ = keys.shape
    scaled = queries * size**-0.5
    # (T, K, G, D) -> (K, G, T, D): the queries that share a key head stand together.
    grouped = scaled.reshape(count, kv_heads, -1, size).transpose(1, 2, 0, 3)
    mixed = []
    for start in range(0, count, QUERY_BLOCK):
        stop = min(start + QUERY_BLOCK, count)
        seen = slice(first_seen(length - count + start, window), length - count + stop)
        flat: Float32Array = grouped[:, :, start:stop].reshape(kv_heads, -1, size)
        scores = flat @ keys[:, seen].swapaxes(1, 2)
        weights = _causal_softmax(scores, stop - start, window)
        mixed.append((weights @ values[:, seen]).reshape(heads, -1, size))
        if kept is not None:
            kept[:, start:stop, seen] = weights.reshape(heads, stop - start, -1)
    whole = mixed[0] if len(mixed) == 1 else np.concatenate(mixed, axis=1)
    return whole.swapaxes(0, 1)


def first_seen(place: int, window: int | None) -> int:
    """Return the first place that a query at a place sees."""
    return 0 if window is None else max(0, place - window + 1)


def _causal_softmax(scores: Float32Array, count: int, window: int | None) -> Float32Array:
    """Softmax over the places up to each query's own; scores of shape (K, G T, L), T = `count`.

    The first query sees all L places but the T - 1 last, the second may have lost the first, ...
    """
    if count > 1:
        of_queries = scores.reshape(len(scores), -1, count, scores.shape[-1])
        of_queries[..., -count:] += FUTURE[:count, :count]
        if window is not None:
            places = np.arange(scores.shape[-1])
            own = places[-count:, None]
            of_queries[..., places <= own - window] = -np.inf
    weights: Float32Array = softmax(scores)
    return weights
