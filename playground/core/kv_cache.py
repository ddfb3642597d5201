"""The KV cache: keys and values of the tokens seen so far, kept so that each is computed once.

Memory is set aside in advance and doubled when it runs out. Rows of a batch may hold different
numbers of tokens. A cache can be cut back, and its rows copied, reordered or left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FIRST_CAPACITY = 256


class KVCache:
    """Keys and values of every layer.

    Parameters
    ----------
    layers, kv_heads, head_dim : int
        Shape of the model.
    rows : int
        Rows of the batch.
    capacity : int
        Tokens to make room for at first.
    """

    def __init__(
        self,
        layers: int,
        kv_heads: int,
        head_dim: int,
        rows: int = 1,
        capacity: int = FIRST_CAPACITY,
    ) -> None:
        shape = (layers, rows, kv_heads, capacity, head_dim)
        # Zeros, because places that a shorter row has not reached are multiplied by weights of 0.
        self.keys: NDArray[np.float32] = np.zeros(shape, np.float32)
        self.values: NDArray[np.float32] = np.zeros(shape, np.float32)
        self.lengths: NDArray[np.int64] = np.zeros(rows, np.int64)

    @property
    def rows(self) -> int:
        """Rows of the batch."""
        return int(self.lengths.size)

    @property
    def length(self) -> int:
        """Tokens in the longest row."""
        return int(self.lengths.max(initial=0))

    @property
    def capacity(self) -> int:
        """Tokens a row can hold before more memory is taken."""
        return int(self.keys.shape[3])

    @property
    def size_bytes(self) -> int:
        """Bytes set aside for keys and values."""
        return self.keys.nbytes + self.values.nbytes

    def reserve(self, length: int) -> None:
        """Make room for `length` tokens a row; what is held stays."""
        if length <= self.capacity:
            return
        capacity = max(length, 2 * self.capacity)
        held = self.length
        for name in ("keys", "values"):
            old = getattr(self, name)
            new = np.zeros((*old.shape[:3], capacity, old.shape[4]), np.float32)
            new[:, :, :, :held] = old[:, :, :, :held]
            setattr(self, name, new)

    def write(self, layer: int, keys: NDArray[np.float32], values: NDArray[np.float32]) -> None:
        """Store new tokens after those held; `advance` makes them count.

        Parameters
        ----------
        layer : int
            Which layer.
        keys, values : arrays of shape (rows, T, kv_heads, head_dim)
            T new tokens a row.
        """
        count = keys.shape[1]
        for row, start in enumerate(self.lengths):
            place = slice(start, start + count)
            self.keys[layer, row, :, place] = keys[row].swapaxes(0, 1)
            self.values[layer, row, :, place] = values[row].swapaxes(0, 1)

    def advance(self, count: int) -> None:
        """Count `count` new tokens in every row, once all layers have written them."""
        self.lengths = self.lengths + count

    def cut(self, length: int) -> None:
        """Forget all tokens after the first `length` of each row."""
        self.lengths = np.minimum(self.lengths, length)

    def select(self, rows: Sequence[int]) -> KVCache:
        """Return a cache of its own with the rows named, in that order.

        ``select([0, 0, 0])`` gives three rows that share a past and may part; ``select([0, 2])``
        leaves row 1 out.
        """
        chosen = KVCache.__new__(KVCache)
        chosen.keys = self.keys[:, list(rows)]
        chosen.values = self.values[:, list(rows)]
        chosen.lengths = self.lengths[list(rows)]
        return chosen
