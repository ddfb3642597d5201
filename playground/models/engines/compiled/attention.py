"""Attention of one new token: what `playground.core.attention.attend` computes of one query.

NumPy reads keys and values at a fraction of the speed of memory, for it multiplies small matrices
that are cold; here each is read once, by as many threads as there are.
"""

from __future__ import annotations

import numpy as np
from numba import carray, float32, int64, njit, void
from numpy.typing import NDArray

from playground.models.engines.compiled.board import (
    APART,
    GROUP,
    KEYS,
    MIXED,
    QUERIES,
    SIZE,
    TOKENS,
    VALUES,
    WEIGHED,
    Board,
)
from playground.models.engines.compiled.floats import FAST, FOUR, four_products, product_of
from playground.models.engines.compiled.vectors import floats_at

Float32Array = NDArray[np.float32]
FLOAT_BYTES = 4


@njit(void(float32[::1]), cache=True, fastmath=FAST)
def softmax_in_place(scores: Float32Array) -> None:
    """Turn scores into weights: `playground.core.functional.softmax`."""
    largest = scores.max()
    total = np.float32(0)
    for place in range(len(scores)):
        scores[place] = np.exp(scores[place] - largest)
        total += scores[place]
    for place in range(len(scores)):
        scores[place] /= total


@njit(void(float32[::1], float32[:, ::1], float32[::1]), cache=True, fastmath=FAST)
def mix(weights: Float32Array, values: Float32Array, mixed: Float32Array) -> None:
    """Add up values by their weights, four tokens at once."""
    mixed[:] = 0
    fours = len(weights) - len(weights) % FOUR
    for token in range(0, fours, FOUR):
        one, two, three, four = weights[token : token + FOUR]
        for place in range(len(mixed)):
            mixed[place] += (
                one * values[token, place]
                + two * values[token + 1, place]
                + three * values[token + 2, place]
                + four * values[token + 3, place]
            )
    for token in range(fours, len(weights)):
        for place in range(len(mixed)):
            mixed[place] += weights[token] * values[token, place]


@njit(void(int64[::1], int64), cache=True)
def attend_one_head(board: Board, head: int) -> None:
    """Let one head of the query mix the values of all tokens."""
    size, tokens = board[SIZE], board[TOKENS]
    offset = head // board[GROUP] * board[APART] * FLOAT_BYTES
    keys = carray(floats_at(board[KEYS] + offset), (tokens, size))
    values = carray(floats_at(board[VALUES] + offset), (tokens, size))
    query = carray(floats_at(board[QUERIES] + head * size * FLOAT_BYTES), size)
    weights = carray(floats_at(board[WEIGHED] + head * tokens * FLOAT_BYTES), tokens)
    fours = tokens - tokens % FOUR
    for token in range(0, fours, FOUR):
        four_products(query, keys[token : token + FOUR], weights[token : token + FOUR])
    for token in range(fours, tokens):
        weights[token] = product_of(query, keys[token])
    softmax_in_place(weights)
    mix(weights, values, carray(floats_at(board[MIXED] + head * size * FLOAT_BYTES), size))
