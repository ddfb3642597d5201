"""Work in blocks, by as many threads as there are at the moment.

The thread that computes writes what is to be done on a board (`compiled.board`). Then it takes
block after block, and so does every helper that has a core at the moment. Nobody waits for a helper
that has none: on a busy machine the thread does all the blocks itself. Which thread computes a
block changes no bit.
"""

from __future__ import annotations

from numba import boolean, int64, njit, void

from playground.models.engines.compiled.attention import attend_one_head
from playground.models.engines.compiled.board import (
    ATTENTION,
    BLOCKS,
    COUNT,
    DONE,
    KIND,
    LEFT,
    NUMBERS,
    OPEN,
    PRODUCT_OF_INTEGERS,
    Board,
)
from playground.models.engines.compiled.floats import multiply_floats
from playground.models.engines.compiled.integers import multiply_integers
from playground.models.engines.compiled.shared_words import (
    add_to_word,
    give_way,
    load_word,
    pause,
    store_word,
    take_word,
)

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
    elif board[KIND] == ATTENTION:
        attend_one_head(board, block)
    else:
        multiply_floats(board, block)


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
def share(board: Board, kind: int, blocks: int, helped: bool) -> None:
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
