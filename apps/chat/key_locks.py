"""A lock a key: work for one conversation never waits for another's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class _Shared:
    lock: threading.RLock = field(default_factory=threading.RLock)
    users: int = 0


class KeyLocks:
    """Locks that exist while somebody holds them or waits.

    Examples
    --------
    >>> locks = KeyLocks()
    >>> with locks.holding("a"), locks.holding("b"):
    ...     len(locks)
    2
    >>> len(locks)
    0
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._shared: dict[str, _Shared] = {}

    def __len__(self) -> int:
        return len(self._shared)

    @contextmanager
    def holding(self, key: str) -> Iterator[None]:
        """Hold the lock of a key for as long as the ``with`` block runs."""
        with self._guard:
            shared = self._shared.setdefault(key, _Shared())
            shared.users += 1
        try:
            with shared.lock:
                yield
        finally:
            with self._guard:
                shared.users -= 1
                if not shared.users:
                    del self._shared[key]
