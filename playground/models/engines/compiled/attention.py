"""Attention of a new token a row: what `playground.core.attention.attend` computes of one query.

NumPy reads keys and values at a fraction of the speed of memory, for it multiplies small matrices
that are cold; here each is read once, by as many threads as there are.
"""

from __future__ import annotations

import numpy as np
from numba import carray, float32, int64, njit, void
from numba.types import UniTuple
from numpy.typing import NDArray

from playground.models.engines.compiled.addresses import floats_at, words_at
from playground.models.engines.compiled.board import (
    CAPACITY,
    GROUP,
    HEADS,
    HELD,
    KEYS,
    LAYER,
    LONGEST,
    MIXED,
    PAST_WORDS,
    PASTS,
    QUERIES,
    ROW_APART,
    SIZE,
    VALUES,
    WEIGHED,
    WINDOW,
    Board,
)
from playground.models.engines.compiled.elementwise import FAST, softmax_in_place
from playground.models.engines.compiled.shared_words import WORD

Float32Array = NDArray[np.float32]
FLOAT_BYTES = 4
FOUR = 4


@njit(
    UniTuple(float32, FOUR)(float32[::1], float32[::1], float32[::1], float32[::1], float32[::1]),
    cache=True,
    fastmath=FAST,
)
def four_products(
    query: Float32Array, a: Float32Array, b: Float32Array, c: Float32Array, d: Float32Array
) -> tuple[np.float32, ...]:
    """Multiply a query by four keys at once, so that it is read once for them."""
    by_a, by_b, by_c, by_d = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    for place in range(len(query)):
        by_a += query[place] * a[place]
        by_b += query[place] * b[place]
        by_c += query[place] * c[place]
        by_d += query[place] * d[place]
    return by_a, by_b, by_c, by_d


@njit(float32(float32[::1], float32[::1]), cache=True, fastmath=FAST)
def product_of(query: Float32Array, key: Float32Array) -> np.float32:
    """Multiply a query by one key."""
    total = np.float32(0)
    for place in range(len(query)):
        total += query[place] * key[place]
    return total


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
def attend_one_head(board: Board, block: int) -> None:
    """Let one head of one row's query mix the values of all tokens that it sees, its own too."""
    heads, size, group = board[HEADS], board[SIZE], board[GROUP]
    row, head = block // heads, block % heads
    past = carray(words_at(board[PASTS] + row * PAST_WORDS * WORD), PAST_WORDS)
    first = max(0, past[HELD] + 1 - board[WINDOW])
    tokens = past[HELD] + 1 - first
    kv_head = board[LAYER] * (heads // group) + head // group
    offset = (kv_head * past[CAPACITY] + first) * size * FLOAT_BYTES
    keys = carray(floats_at(past[KEYS] + offset), (tokens, size))
    values = carray(floats_at(past[VALUES] + offset), (tokens, size))
    place = row * board[ROW_APART] + head * size
    query = carray(floats_at(board[QUERIES] + place * FLOAT_BYTES), size)
    weights = carray(floats_at(board[WEIGHED] + block * board[LONGEST] * FLOAT_BYTES), tokens)
    quarter = tokens // FOUR
    for a in range(quarter):
        b, c, d = a + quarter, a + 2 * quarter, a + 3 * quarter
        weights[a], weights[b], weights[c], weights[d] = four_products(
            query, keys[a], keys[b], keys[c], keys[d]
        )
    for token in range(FOUR * quarter, tokens):
        weights[token] = product_of(query, keys[token])
    softmax_in_place(weights)
    mix(weights, values, carray(floats_at(board[MIXED] + block * size * FLOAT_BYTES), size))
