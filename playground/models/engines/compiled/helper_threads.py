"""The threads that help with what is compiled, while a forward pass runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from playground.models.engines.compiled import ready

# More gain nothing: the speed of memory is the limit by then.
MOST_THREADS = 8


class Helpers:
    """Threads that take their share of products and attention while a forward pass runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._board: NDArray[np.int64] | None = None
        self._bells: list[threading.Event] = []

    @contextmanager
    def at_work(self, threads: int) -> Iterator[None]:
        """Have helpers awake, so that so many threads compute; they sleep again after."""
        kernels = ready.kernels()
        if kernels is None or threads < 2:
            yield
            return
        board = self._board_of(kernels)
        while len(self._bells) < min(threads, MOST_THREADS) - 1:
            bell = threading.Event()
            self._bells.append(bell)
            threading.Thread(
                target=_help, args=(kernels, board, bell), name="helper", daemon=True
            ).start()
        board[kernels.OPEN] = 1
        for bell in self._bells[: threads - 1]:
            bell.set()
        try:
            yield
        finally:
            board[kernels.OPEN] = 0

    @contextmanager
    def lent(self, kernels: ModuleType) -> Iterator[tuple[NDArray[np.int64], bool]]:
        """Yield the board and whether helpers look at it; who comes second has a board alone."""
        if not self._lock.acquire(blocking=False):
            yield np.zeros(kernels.BOARD_WORDS, np.int64), False
            return
        try:
            board = self._board_of(kernels)
            yield board, bool(board[kernels.OPEN])
        finally:
            self._lock.release()

    def _board_of(self, kernels: ModuleType) -> NDArray[np.int64]:
        if self._board is None:
            self._board = np.zeros(kernels.BOARD_WORDS, np.int64)
        return self._board


def _help(kernels: ModuleType, board: NDArray[np.int64], bell: threading.Event) -> None:
    while True:
        bell.wait()
        bell.clear()
        kernels.help_out(board)


HELPERS = Helpers()
