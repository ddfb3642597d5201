"""Work of many pages in small pieces, one at a time, in the order in which they ask."""

from __future__ import annotations

import threading
from collections import deque


class InTurn:
    """A lock whose holder hands it to who has waited longest.

    Small steps in NumPy hold Python's own lock most of the time: ten threads of them are no faster
    than one, but each takes its share from a chat beside them. A plain lock would do for that, were
    it not that who gives it back mostly takes it again before a waiting thread wakes up.

    Examples
    --------
    >>> turn = InTurn()
    >>> with turn:
    ...     pass
    """

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._changing:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def __exit__(self, *raised: object) -> None:
        with self._changing:
            if self._waiting:
                self._waiting.popleft().set()  # stays taken
            else:
                self._taken = False
