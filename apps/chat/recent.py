"""The conversations that were opened last, parsed and in memory, up to a size."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Keeps what was used last; what was used longest ago goes first.

    Parameters
    ----------
    most_bytes : int
        All that is kept together; a larger thing is not kept at all.

    Examples
    --------
    >>> recent = Recent[str](most_bytes=10)
    >>> for key in "abc":
    ...     recent.put(key, stamp=1, size_bytes=4, value=key.upper())
    >>> recent.get("a", stamp=1), recent.get("c", stamp=1), recent.get("c", stamp=2)
    (None, 'C', None)
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, tuple[object, int, Value]] = OrderedDict()
        self._bytes = 0

    def get(self, key: str, stamp: object) -> Value | None:
        """Return what was put under a key with the same stamp, or None."""
        with self._guard:
            found = self._kept.get(key)
            if found is None or found[0] != stamp:
                return None
            self._kept.move_to_end(key)
            return found[2]

    def put(self, key: str, stamp: object, size_bytes: int, value: Value) -> None:
        """Keep a value; `stamp` says of which state of the file it is."""
        with self._guard:
            self._forget(key)
            self._kept[key] = (stamp, size_bytes, value)
            self._bytes += size_bytes
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        if key in self._kept:
            self._bytes -= self._kept.pop(key)[1]
