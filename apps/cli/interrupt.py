"""Ctrl-C as a wish: the first ends the task at hand in order, the second ends the program.

A terminal that is closed (SIGHUP) wishes the same: what was written so far is kept.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

# Windows has no SIGHUP.
_WISHES = [signal.SIGINT, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Give an event that the first Ctrl-C or a closed terminal sets.

    The second raises ``KeyboardInterrupt``.
    """
    stopped = threading.Event()

    def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    previous = {each: signal.signal(each, on_interrupt) for each in _WISHES}
    try:
        yield stopped
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)
