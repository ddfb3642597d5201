"""One step of the decoder in one call: what `playground.core.transformer` computes of a new token.

From one product to the next nothing returns to Python. Who reads the decoder reads the core; here
stand the same lines in the same order, over addresses.
"""

from __future__ import annotations

import numpy as np
from numba import boolean, carray, float32, int64, njit, uint8, void
from numpy.typing import NDArray

from playground.models.engines.compiled import board as at
from playground.models.engines.compiled.addresses import floats_at
from playground.models.engines.compiled.elementwise import gate, normalise, turn
from playground.models.engines.compiled.floats import FLOAT_BLOCK
from playground.models.engines.compiled.halves import round_rows
from playground.models.engines.compiled.integers import INPUT_PAD, split
from playground.models.engines.compiled.sharing import share
from playground.models.engines.compiled.vectors import BLOCK

Board = at.Board
Float32Array = NDArray[np.float32]
Uint8Array = NDArray[np.uint8]
Int64Array = NDArray[np.int64]


@njit(
    void(float32[:, ::1], uint8[:, :, ::1], float32[::1], int64[::1], int64[::1], boolean),
    cache=True,
)
def _share_integers(
    x: Float32Array,
    inputs: Uint8Array,
    steps: Float32Array,
    linear: Int64Array,
    board: Board,
    helped: bool,
) -> None:
    """Write each row of inputs as bytes, then multiply."""
    for row in range(len(x)):
        steps[row] = split(x[row], inputs[row, 0], inputs[row, 1])
    board[at.INPUTS], board[at.STEPS] = inputs.ctypes.data, steps.ctypes.data
    board[at.WIDTH] = inputs.shape[2]
    share(board, at.PRODUCT_OF_INTEGERS, -(-linear[at.LAYER_OUTPUTS] // BLOCK), helped)


@njit(void(float32[:, ::1], int64[::1], int64[::1], boolean), cache=True)
def _share_floats(x: Float32Array, linear: Int64Array, board: Board, helped: bool) -> None:
    board[at.INPUTS], board[at.WIDTH] = x.ctypes.data, x.shape[1]
    share(board, linear[at.FORM], -(-linear[at.LAYER_OUTPUTS] // FLOAT_BLOCK), helped)


@njit(void(float32[:, ::1], int64[::1], float32[:, ::1], int64[::1], boolean), cache=True)
def multiply(
    x: Float32Array, linear: Int64Array, product: Float32Array, board: Board, helped: bool
) -> None:
    """Fill `product` with x W^T, or x W^T + b: what a linear layer returns.

    Each helper of this module gets its arrays from a caller who holds them: an address alone would
    not keep them.

    Parameters
    ----------
    x : array of shape (N, in)
        Inputs.
    linear : array of int64
        Words of the layer; see `compiled.board`.
    product : array of shape (N, out)
        Is filled.
    board : array of int64
        Where helpers look.
    helped : bool
        Whether to let them have blocks.
    """
    rows, width = x.shape
    board[at.ROWS], board[at.OUTPUTS] = rows, linear[at.LAYER_OUTPUTS]
    board[at.WEIGHTS], board[at.SCALES] = linear[at.LAYER_WEIGHTS], linear[at.LAYER_SCALES]
    board[at.EXCESS], board[at.PRODUCT] = linear[at.LAYER_EXCESS], product.ctypes.data
    form = linear[at.FORM]
    if form == at.PRODUCT_OF_INTEGERS:
        padded = -(-width // INPUT_PAD) * INPUT_PAD
        inputs = np.zeros((rows, 2, padded), np.uint8)
        _share_integers(x, inputs, np.empty(rows, np.float32), linear, board, helped)
    elif form == at.PRODUCT_OF_FLOATS or form == at.PRODUCT_OF_CODES:
        _share_floats(x, linear, board, helped)
    else:
        given = np.empty_like(x)
        round_rows(x, form == at.PRODUCT_OF_BFLOATS, given)
        _share_floats(given, linear, board, helped)
    if linear[at.BIAS]:
        bias = carray(floats_at(linear[at.BIAS]), len(product[0]))
        for row in range(rows):
            for place in range(len(bias)):
                product[row, place] += bias[place]


@njit(void(float32[:, ::1], int64, float32, float32[:, ::1]), cache=True)
def _normalise_rows(x: Float32Array, gain: int, eps: np.float32, normed: Float32Array) -> None:
    gains = carray(floats_at(gain), x.shape[1])
    for row in range(len(x)):
        normalise(x[row], gains, eps, normed[row])


@njit(void(float32[:, :, ::1], int64, int64, float32), cache=True)
def _normalise_heads(vectors: Float32Array, turning: int, gain: int, eps: np.float32) -> None:
    """Normalise queries and keys, each by the gains of its head."""
    gains = carray(floats_at(gain), (turning, vectors.shape[2]))
    for row in range(len(vectors)):
        for head in range(turning):
            normalise(vectors[row, head], gains[head], eps, vectors[row, head])


@njit(void(float32[:, :, ::1], float32[:, :, ::1], int64, int64, int64), cache=True)
def _turn_heads(
    vectors: Float32Array, turns: Float32Array, heads: int, turning: int, size: int
) -> None:
    """Turn queries and keys, and divide queries by the root of their size."""
    scale = np.float32(size**-0.5)
    for row in range(len(vectors)):
        for head in range(turning):
            turn(vectors[row, head], turns[0, row], turns[1, row])
        for head in range(heads):
            for place in range(size):
                vectors[row, head, place] *= scale


@njit(void(float32[:, :, ::1], int64, int64[:, ::1], int64, int64), cache=True)
def _keep(vectors: Float32Array, layer: int, pasts: Int64Array, heads: int, turning: int) -> None:
    """Write keys and values behind those held: `playground.core.kv_cache.KVCache.write`."""
    size, kv_heads = vectors.shape[2], turning - heads
    for row in range(len(vectors)):
        room = (layer + 1) * kv_heads * pasts[row, at.CAPACITY]
        keys = carray(floats_at(pasts[row, at.KEYS]), (room, size))
        values = carray(floats_at(pasts[row, at.VALUES]), (room, size))
        for head in range(kv_heads):
            place = (layer * kv_heads + head) * pasts[row, at.CAPACITY] + pasts[row, at.HELD]
            for number in range(size):
                keys[place, number] = vectors[row, heads + head, number]
                values[place, number] = vectors[row, turning + head, number]


@njit(
    void(float32[:, :, ::1], float32[:, ::1], float32[:, ::1], int64[:, ::1], int64[::1], boolean),
    cache=True,
)
def _look_back(
    vectors: Float32Array,
    weights: Float32Array,
    mixed: Float32Array,
    pasts: Int64Array,
    board: Board,
    helped: bool,
) -> None:
    """Fill `mixed` with what the heads of each row see."""
    rows, all_heads, size = vectors.shape
    heads = mixed.shape[1] // size
    board[at.QUERIES], board[at.ROW_APART] = vectors.ctypes.data, all_heads * size
    board[at.HEADS], board[at.GROUP] = heads, heads // ((all_heads - heads) // 2)
    board[at.SIZE], board[at.MIXED] = size, mixed.ctypes.data
    board[at.WEIGHED], board[at.LONGEST] = weights.ctypes.data, weights.shape[1]
    board[at.PASTS] = pasts.ctypes.data
    share(board, at.ATTENTION, rows * heads, helped)


@njit(
    void(
        float32[:, ::1],
        int64[:, ::1],
        int64[:, :, ::1],
        int64,
        int64,
        float32,
        int64,
        float32[:, :, :, ::1],
        int64[:, ::1],
        int64[::1],
        boolean,
    ),
    cache=True,
    nogil=True,
)
def run_blocks(
    hidden: Float32Array,
    blocks: Int64Array,
    linears: Int64Array,
    heads: int,
    kv_heads: int,
    eps: np.float32,
    bend: int,
    turns: Float32Array,
    pasts: Int64Array,
    board: Board,
    helped: bool,
) -> None:
    """Bring a new token of each row through all blocks, in place.

    `playground.core.transformer.Transformer.run_blocks`: `_attend`, then `_widen`.

    Parameters
    ----------
    hidden : array of shape (N, C)
        One token a row.
    blocks, linears : arrays of int64, shape (layers, `BLOCK_WORDS`), (layers, 4, `LINEAR_WORDS`)
        Where the weights lie; see `compiled.board`.
    heads, kv_heads, eps, bend
        Of the model: H, K, what norms add, the gate (`compiled.elementwise`).
    turns : array of shape (R, 2, N, D)
        Cosines and sines of the positions, for each way to turn.
    pasts : array of int64, shape (N, `PAST_WORDS`)
        Where the rows' caches lie; each has room for one token more.
    board, helped
        As in `multiply`.
    """
    rows = len(hidden)
    turning, all_heads = heads + kv_heads, heads + 2 * kv_heads
    qkv = np.empty((rows, linears[0, at.QKV, at.LAYER_OUTPUTS]), np.float32)
    vectors = qkv.reshape(rows, all_heads, qkv.shape[1] // all_heads)
    size = vectors.shape[2]
    mixed = np.empty((rows, heads * size), np.float32)
    weights = np.empty((rows * heads, pasts[:, at.HELD].max() + 1), np.float32)
    gate_up = np.empty((rows, linears[0, at.GATE_UP, at.LAYER_OUTPUTS]), np.float32)
    gated = np.empty((rows, gate_up.shape[1] // 2), np.float32)
    normed, given = np.empty_like(hidden), np.empty_like(hidden)
    for layer in range(len(blocks)):
        block, linear = blocks[layer], linears[layer]
        _normalise_rows(hidden, block[at.ATTENTION_NORM], eps, normed)
        multiply(normed, linear[at.QKV], qkv, board, helped)
        if block[at.HEAD_NORM]:
            _normalise_heads(vectors, turning, block[at.HEAD_NORM], eps)
        _turn_heads(vectors, turns[block[at.TURNS]], heads, turning, size)
        _keep(vectors, layer, pasts, heads, turning)
        board[at.LAYER], board[at.WINDOW] = layer, block[at.LOOK]
        _look_back(vectors, weights, mixed, pasts, board, helped)
        multiply(mixed, linear[at.OUTPUT], given, board, helped)
        if block[at.ATTENTION_END_NORM]:
            _normalise_rows(given, block[at.ATTENTION_END_NORM], eps, given)
        hidden += given
        _normalise_rows(hidden, block[at.MLP_NORM], eps, normed)
        multiply(normed, linear[at.GATE_UP], gate_up, board, helped)
        for row in range(rows):
            gate(gate_up[row], bend, gated[row])
        multiply(gated, linear[at.DOWN], given, board, helped)
        if block[at.MLP_END_NORM]:
            _normalise_rows(given, block[at.MLP_END_NORM], eps, given)
        hidden += given
