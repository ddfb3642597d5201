"""The product of int8 rows by the compiled functions, and the threads that help with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playground.models.engines.compiled import ready

if TYPE_CHECKING:
    import torch

Float32Array = NDArray[np.float32]

# More gain nothing: the speed of memory is the limit by then.
MOST_THREADS = 8


class CompiledProduct:
    """x W^T of int8 rows that oneDNN packed, read where they lie.

    How oneDNN packs is its own affair and may change, so a layer's first product is computed both
    ways, and compiled from then on only if every bit was the same.

    Parameters
    ----------
    packed : torch.Tensor
        Rows that oneDNN packed.
    scales : array of shape (out,)
        Of the rows.
    """

    def __init__(self, packed: torch.Tensor, scales: Float32Array) -> None:
        self._packed, self._scales = packed, scales
        self._address = 0
        self.equal: bool | None = None

    def __call__(self, x: Float32Array) -> Float32Array | None:
        """Return the product of shape (N, out); None where it cannot be compiled (yet)."""
        kernels = ready.kernels()
        if kernels is None or self.equal is False:
            return None
        if not self._address:
            import torch

            self._address = torch.ops.mkldnn.data_ptr(self._packed)
        rows, width = x.shape
        padded = -(-width // kernels.INPUT_PAD) * kernels.INPUT_PAD
        inputs = np.zeros((rows, 2, padded), np.int16)
        steps = np.empty(rows, np.float32)
        product = np.empty((rows, len(self._scales)), np.float32)
        with _helpers.lent(kernels) as (board, helped):
            kernels.multiply(x, inputs, steps, self._address, self._scales, product, board, helped)
        return product

    @property
    def status(self) -> str:
        """Who multiplies: one clause for those who look."""
        if self.equal is False:
            return "products by PyTorch: compiled ones gave other bits"
        if ready.status() == "in use":
            return "products compiled"
        return f"products by PyTorch, compiled ones {ready.status()}"

    def compare(self, ours: Float32Array, theirs: Float32Array) -> None:
        """Look whether two first products are the same."""
        self.equal = bool((ours.view(np.int32) == theirs.view(np.int32)).all())


class Helpers:
    """Threads that take their share of products while a forward pass runs."""

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


_helpers = Helpers()
helpers_at_work = _helpers.at_work
