"""What is compiled: the product of int8 rows, by as many threads as there are at the moment.

Importing this module compiles it, or loads what was compiled before; see
`playground.models.engines.compiled.ready`.

The thread that computes writes a product on a board: where inputs, codes and results lie, and how
many blocks of 64 outputs are left. Then it takes block after block, and so does every helper that
has a core at the moment. Nobody waits for a helper that has none: on a busy machine the thread
does all the blocks itself. Which thread sums a block changes no bit.
"""

from __future__ import annotations

import numpy as np
from numba import boolean, carray, float32, int16, int64, njit, void
from numpy.typing import NDArray

from playground.models.engines.compiled.vectors import (
    BLOCK,
    QUAD,
    add_to_word,
    block_sums,
    floats_at,
    give_way,
    load_word,
    pause,
    store_word,
    take_word,
)

Float32Array = NDArray[np.float32]
Int16Array = NDArray[np.int16]
Board = NDArray[np.int64]

# The words of a board. Those that several threads write have a cache line of their own. `LEFT`
# holds the number of the product in its upper half, so that none is taken for the one before.
LEFT, DONE, OPEN, BOARD_WORDS = 0, 8, 16, 40
INPUTS, STEPS, ROWS, QUADS, CODES, SCALES, OUTPUTS, PRODUCT, BLOCKS = range(24, 33)
COUNT = 1 << 32
NUMBERS = 1 << 30

INPUT_PAD = 64  # oneDNN fills rows up to a multiple of this, with zeros
AWAKE = 1000  # pauses, some 40 ns each, after which a thread that waits lets others have its core

# As in `playground.models.engines.linear_layers`.
STEPS_OF_16_BITS = np.float32(127 * 257)
TINY = np.float32(1e-30)
TO_UNSIGNED = np.float32(128 * 257 + 0.5)
HIGH = np.float32(256)
MAGNITUDE = 0x7FFFFFFF  # all bits of a float32 but its sign


@njit(float32(float32[::1], int16[:, ::1]), cache=True)
def split(x: Float32Array, inputs: Int16Array) -> np.float32:
    """Round a row to 16 bits; put low and high bytes, less 128, into two rows. Return the step.

    In `SplitInt8Linear.__call__`: from ``step = np.maximum(...)`` to ``low_and_high``.
    """
    # Magnitudes are in the order of their bits, and NaN is above them all, so that it is kept.
    bits = np.zeros(1, np.int32)
    for each in x.view(np.int32):
        bits[0] = max(bits[0], each & MAGNITUDE)
    largest = bits.view(np.float32)[0]
    step = np.float32((TINY if largest < TINY else largest) / STEPS_OF_16_BITS)
    for place in range(len(x)):
        whole = np.int32(np.float32(x[place] / step) + TO_UNSIGNED)
        inputs[0, place] = (whole & 255) - 128
        inputs[1, place] = (whole >> 8) - 128
    return step


@njit(void(int64[::1], int64), cache=True)
def multiply_block(board: Board, block: int) -> None:
    """Multiply all rows of inputs by 64 rows of codes.

    In `SplitInt8Linear.__call__`: ``products = self._multiply(...)`` and all after it.
    """
    quads, outputs = board[QUADS], board[OUTPUTS]
    plane = quads * QUAD * 2
    codes = board[CODES] + block * quads * QUAD * BLOCK
    first = block * BLOCK
    count = min(BLOCK, outputs - first)
    scales = carray(floats_at(board[SCALES]), outputs)[first : first + count]
    steps = carray(floats_at(board[STEPS]), board[ROWS])
    product = carray(floats_at(board[PRODUCT]), (board[ROWS], outputs))
    sums = np.empty((2, BLOCK), np.int32)
    for row in range(board[ROWS]):
        inputs = board[INPUTS] + row * 2 * plane
        block_sums(inputs, plane, codes, quads, sums.ctypes.data)
        for place in range(count):
            low = np.float32(sums[0, place]) * scales[place]
            high = np.float32(sums[1, place]) * scales[place]
            product[row, first + place] = (high * HIGH + low) * steps[row]


@njit(void(int64), cache=True)
def _wait(waited: int) -> None:
    if waited % AWAKE:
        pause()
    else:
        give_way()


@njit(boolean(int64[::1]), cache=True)
def take_block(board: Board) -> bool:
    """Take a block that is left, if any, and multiply it; return False when none was."""
    word = load_word(board, LEFT)
    left = word % COUNT
    if not left:
        return False
    if take_word(board, LEFT, word, word - 1):
        multiply_block(board, board[BLOCKS] - left)
        add_to_word(board, DONE, 1)
    return True


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
def multiply(
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
    rows, _, padded = inputs.shape
    outputs = len(scales)
    for row in range(rows):
        steps[row] = split(x[row], inputs[row])
    blocks = -(-outputs // BLOCK)
    board[INPUTS], board[STEPS] = inputs.ctypes.data, steps.ctypes.data
    board[ROWS], board[QUADS] = rows, padded // QUAD
    board[CODES], board[SCALES] = codes, scales.ctypes.data
    board[OUTPUTS], board[PRODUCT], board[BLOCKS] = outputs, product.ctypes.data, blocks
    if not helped:
        for block in range(blocks):
            multiply_block(board, block)
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
