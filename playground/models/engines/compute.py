"""Who computes: the main thread for itself, one other thread for all others.

PyTorch's threads (OpenMP) come in a team for each thread that asks for products. Two teams on the
same cores make the runtime believe that they are crowded, and it no longer lets them wait awake:
decoding then runs at half its speed. So in a server, whose requests come in many threads, one
thread loads and runs all models, and callers take turns token by token.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_NAME = "compute"
_thread = ThreadPoolExecutor(1, thread_name_prefix=_NAME)
_turn = threading.RLock()


def compute(work: Callable[[], T]) -> T:
    """Run `work` where products are run; return what it returns, raise what it raises."""
    current = threading.current_thread()
    if current is threading.main_thread() or current.name.startswith(_NAME):
        with _turn:
            return work()
    return _thread.submit(lambda: compute(work)).result()
