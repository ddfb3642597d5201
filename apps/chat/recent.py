"""What was made last for each conversation, in memory, up to a size."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Keeps what was used last; what was used longest ago goes first.

    Parameters
    ----------
    most : int
        The sizes of all that is kept add up to no more; a larger thing is not kept at all.

    Examples
    --------
    >>> recent = Recent[str](most=10)
    >>> for key in "abc":
    ...     recent.put(key, stamp=1, size=4, value=key.upper())
    >>> recent.get("a", stamp=1), recent.get("c", stamp=1), recent.get("c", stamp=2)
    (None, 'C', None)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, tuple[object, int, Value]] = OrderedDict()
        self._size = 0

    def get(self, key: str, stamp: object) -> Value | None:
        """Return what was put under a key with the same stamp, or None."""
        with self._guard:
            found = self._kept.get(key)
            if found is None or found[0] != stamp:
                return None
            self._kept.move_to_end(key)
            return found[2]

    def put(self, key: str, stamp: object, size: int, value: Value) -> None:
        """Keep a value; `stamp` says of what it was made."""
        with self._guard:
            self._forget(key)
            self._kept[key] = (stamp, size, value)
            self._size += size
            while self._size > self._most:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        if key in self._kept:
            self._size -= self._kept.pop(key)[1]
