"""The KV cache: keys and values of the tokens seen so far, kept so that each is computed once.

One cache holds one row of a batch, so that rows of different length join and leave freely. Memory
is set aside in advance and doubled when it runs out. A cache can be cut back, and copied for rows
that share a past.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIRST_CAPACITY = 256


class KVCache:
    """Keys and values of every layer, for one row.

    Parameters
    ----------
    layers, kv_heads, head_dim : int
        Shape of the model.
    capacity : int
        Tokens to make room for at first.
    """

    def __init__(
        self, layers: int, kv_heads: int, head_dim: int, capacity: int = FIRST_CAPACITY
    ) -> None:
        shape = (layers, kv_heads, capacity, head_dim)
        self.keys: NDArray[np.float32] = np.empty(shape, np.float32)
        self.values: NDArray[np.float32] = np.empty(shape, np.float32)
        self.length = 0

    @property
    def can_cut(self) -> bool:
        """True: a window is the attention's to mask, so that all tokens stay here."""
        return True

    @property
    def capacity(self) -> int:
        """Tokens it can hold before more memory is taken."""
        return int(self.keys.shape[2])

    @property
    def size_bytes(self) -> int:
        """Bytes set aside for keys and values."""
        return self.keys.nbytes + self.values.nbytes

    @property
    def held_bytes(self) -> int:
        """Bytes of the keys and values of the tokens held."""
        return self.size_bytes // self.capacity * self.length

    def reserve(self, length: int) -> None:
        """Make room for `length` tokens; what is held stays."""
        if length > self.capacity:
            self._move(max(length, 2 * self.capacity))

    def write(self, layer: int, keys: NDArray[np.float32], values: NDArray[np.float32]) -> None:
        """Store new tokens after those held; `advance` makes them count.

        Parameters
        ----------
        layer : int
            Which layer.
        keys, values : arrays of shape (T, kv_heads, head_dim)
            Of T new tokens.
        """
        place = slice(self.length, self.length + len(keys))
        self.keys[layer, :, place] = keys.swapaxes(0, 1)
        self.values[layer, :, place] = values.swapaxes(0, 1)

    def advance(self, count: int) -> None:
        """Count `count` new tokens, once all layers have written them."""
        self.length += count

    def staggered(self, count: int) -> list[KVCache]:
        """Return caches for the next `count` tokens, each behind the one before, in this memory.

        As rows of one batch, each token finds those before it written when its turn comes, layer by
        layer: what is computed is what would be one token after the other. `advance` makes the
        tokens count here, too.
        """
        self.reserve(self.length + count)
        return [self.behind(place) for place in range(count)]

    def behind(self, count: int) -> KVCache:
        """Return a cache for tokens that come after the next `count`, in this memory."""
        cache = KVCache.__new__(KVCache)
        cache.keys, cache.values, cache.length = self.keys, self.values, self.length + count
        return cache

    def cut(self, length: int) -> None:
        """Forget all tokens after the first `length`."""
        self.length = min(self.length, length)

    def copy(self) -> KVCache:
        """Return a cache of its own with the same past, for a row that may part."""
        other = KVCache.__new__(KVCache)
        other.keys, other.values, other.length = self.keys, self.values, self.length
        other._move(self.capacity)
        return other

    def _move(self, capacity: int) -> None:
        """Bring what is held to new memory."""
        for name in ("keys", "values"):
            old = getattr(self, name)
            new = np.empty((*old.shape[:2], capacity, old.shape[3]), np.float32)
            new[:, :, : self.length] = old[:, :, : self.length]
            setattr(self, name, new)
