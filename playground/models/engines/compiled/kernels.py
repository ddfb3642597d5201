"""What is compiled: products and attention, by as many threads as there are at the moment.

Importing this module compiles it, or loads what was compiled before; see
`playground.models.engines.compiled.ready`.

The thread that computes writes what is to be done on a board (`compiled.board`). Then it takes
block after block, and so does every helper that has a core at the moment. Nobody waits for a helper
that has none: on a busy machine the thread does all the blocks itself. Which thread computes a
block changes no bit.
"""

from __future__ import annotations

import numpy as np
from numba import boolean, float32, int16, int64, njit, types, void
from numpy.typing import NDArray

from playground.models.engines.compiled.attention import FLOAT_BYTES, attend_one_head
from playground.models.engines.compiled.board import (
    APART,
    ATTENTION,
    BLOCKS,
    BOARD_WORDS,
    COUNT,
    DONE,
    GROUP,
    INPUTS,
    KEYS,
    KIND,
    LEFT,
    MIXED,
    NUMBERS,
    OPEN,
    OUTPUTS,
    PRODUCT,
    PRODUCT_OF_FLOATS,
    PRODUCT_OF_INTEGERS,
    QUERIES,
    ROWS,
    SCALES,
    SIZE,
    STEPS,
    TOKENS,
    VALUES,
    WEIGHED,
    WEIGHTS,
    WIDTH,
    Board,
)
from playground.models.engines.compiled.floats import FLOAT_BLOCK, multiply_floats
from playground.models.engines.compiled.integers import (
    INPUT_PAD,
    join_rows,
    multiply_integers,
    split,
    split_rows,
)
from playground.models.engines.compiled.vectors import (
    BLOCK,
    add_to_word,
    give_way,
    load_word,
    pause,
    store_word,
    take_word,
)

__all__ = [
    "BOARD_WORDS",
    "INPUT_PAD",
    "OPEN",
    "attend",
    "help_out",
    "join_rows",
    "multiply_full",
    "multiply_split",
    "split_rows",
]

Float32Array = NDArray[np.float32]
Int16Array = NDArray[np.int16]

AWAKE = 1000  # pauses, some 40 ns each, after which a thread that waits lets others have its core


@njit(void(int64), cache=True)
def _wait(waited: int) -> None:
    if waited % AWAKE:
        pause()
    else:
        give_way()


@njit(void(int64[::1], int64), cache=True)
def _do_block(board: Board, block: int) -> None:
    if board[KIND] == PRODUCT_OF_INTEGERS:
        multiply_integers(board, block)
    elif board[KIND] == PRODUCT_OF_FLOATS:
        multiply_floats(board, block)
    else:
        attend_one_head(board, block)


@njit(boolean(int64[::1]), cache=True)
def take_block(board: Board) -> bool:
    """Take a block that is left, if any, and compute it; return False when none was."""
    word = load_word(board, LEFT)
    left = word % COUNT
    if not left:
        return False
    if take_word(board, LEFT, word, word - 1):
        _do_block(board, board[BLOCKS] - left)
        add_to_word(board, DONE, 1)
    return True


@njit(void(int64[::1], int64, int64, boolean), cache=True)
def _share(board: Board, kind: int, blocks: int, helped: bool) -> None:
    """Compute all blocks of what stands on the board, with helpers if they may have some."""
    board[KIND], board[BLOCKS] = kind, blocks
    if not helped:
        for block in range(blocks):
            _do_block(board, block)
        return
    number = (load_word(board, LEFT) // COUNT + 1) % NUMBERS
    store_word(board, DONE, 0)
    store_word(board, LEFT, number * COUNT + blocks)
    while take_block(board):
        pass
    waited = 0
    while load_word(board, DONE) < blocks:  # for those that were begun, and for no other
        waited += 1
        _wait(waited)


@njit(
    void(
        float32[:, ::1],
        int16[:, :, ::1],
        float32[::1],
        int64,
        float32[::1],
        float32[:, ::1],
        int64[::1],
        boolean,
    ),
    cache=True,
)
def multiply_split(
    x: Float32Array,
    inputs: Int16Array,
    steps: Float32Array,
    codes: int,
    scales: Float32Array,
    product: Float32Array,
    board: Board,
    helped: bool,
) -> None:
    """Fill `product` with x W^T: what `SplitInt8Linear.__call__` returns, in the same bits.

    Parameters
    ----------
    x : array of shape (N, in)
        Inputs.
    inputs : array of shape (N, 2, in), int16
        Room for their bytes, with zeros up to a multiple of `INPUT_PAD`.
    steps : array of shape (N,)
        Room for their steps.
    codes : int
        Address of the rows of W, packed by oneDNN.
    scales : array of shape (out,)
        Of its rows.
    product : array of shape (N, out)
        Is filled.
    board : array of int64
        Where helpers look.
    helped : bool
        Whether to let them have blocks.
    """
    for row in range(len(x)):
        steps[row] = split(x[row], inputs[row])
    board[INPUTS], board[STEPS] = inputs.ctypes.data, steps.ctypes.data
    board[ROWS], board[WIDTH], board[OUTPUTS] = len(x), inputs.shape[2], len(scales)
    board[WEIGHTS], board[SCALES] = codes, scales.ctypes.data
    board[PRODUCT] = product.ctypes.data
    _share(board, PRODUCT_OF_INTEGERS, -(-len(scales) // BLOCK), helped)


@njit(
    void(
        float32[:, ::1],
        types.Array(types.float32, 2, "C", readonly=True),
        float32[:, ::1],
        int64[::1],
        boolean,
    ),
    cache=True,
)
def multiply_full(
    x: Float32Array, weight: Float32Array, product: Float32Array, board: Board, helped: bool
) -> None:
    """Fill `product` with x W^T, as `playground.core.linear.Dense` does.

    Parameters
    ----------
    x, weight : arrays of shape (N, in) and (out, in)
        Inputs and W.
    product : array of shape (N, out)
        Is filled.
    board, helped
        As in `multiply_split`.
    """
    outputs, board[WIDTH] = weight.shape
    board[INPUTS], board[ROWS], board[OUTPUTS] = x.ctypes.data, len(x), outputs
    board[WEIGHTS], board[PRODUCT] = weight.ctypes.data, product.ctypes.data
    _share(board, PRODUCT_OF_FLOATS, -(-outputs // FLOAT_BLOCK), helped)


@njit(
    void(
        float32[:, ::1],
        float32[:, :, :],
        float32[:, :, :],
        float32[:, ::1],
        float32[:, ::1],
        int64[::1],
        boolean,
    ),
    cache=True,
)
def attend(
    queries: Float32Array,
    keys: Float32Array,
    values: Float32Array,
    weights: Float32Array,
    mixed: Float32Array,
    board: Board,
    helped: bool,
) -> None:
    """Fill `mixed` with what a token's heads see, as `playground.core.attention.attend` does.

    Parameters
    ----------
    queries : array of shape (H, D)
        Of one token, scaled.
    keys, values : arrays of shape (K, L, D)
        Of all tokens, those of a head in one piece.
    weights : array of shape (H, L)
        Room for the softmax.
    mixed : array of shape (H, D)
        Is filled.
    board, helped
        As in `multiply_split`.
    """
    heads, size = queries.shape
    kv_heads, tokens, _ = keys.shape
    board[QUERIES], board[KEYS], board[VALUES] = (
        queries.ctypes.data,
        keys.ctypes.data,
        values.ctypes.data,
    )
    board[WEIGHED], board[MIXED] = weights.ctypes.data, mixed.ctypes.data
    board[APART], board[TOKENS] = keys.strides[0] // FLOAT_BYTES, tokens
    board[SIZE], board[GROUP] = size, heads // kv_heads
    _share(board, ATTENTION, heads, helped)


@njit(void(int64[::1]), cache=True, nogil=True)
def help_out(board: Board) -> None:
    """Take blocks until the board is closed."""
    waited = 0
    while load_word(board, OPEN):
        if take_block(board):
            waited = 0
        else:
            waited += 1
            _wait(waited)
