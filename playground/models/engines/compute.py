"""Who computes: one thread for all, and a load on a thread of its own that ends with it.

PyTorch's threads (OpenMP) come in a team for each thread that asks for products. Two teams on the
same cores make the runtime believe that they are crowded, and it no longer lets them wait awake:
decoding then runs at half its speed. So one thread runs all models, whoever asks, and callers take
turns token by token. A load asks for products too, and takes seconds: it has a thread and a team of
its own, so that replies go on, and both are gone when it is done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from playground.models.engines.crowd import Crowd

T = TypeVar("T")

# Looks at what is computed here, and says whether one thread is better.
CROWD = Crowd()

_NAME = "compute"
_thread = ThreadPoolExecutor(1, thread_name_prefix=_NAME)
_caller = threading.local()
_running = threading.Event()
_last_end = 0.0


def compute(work: Callable[[], T]) -> T:
    """Run `work` where products are run; return what it returns, raise what it raises."""
    if threading.current_thread().name.startswith(_NAME):
        return work()
    asked = _thread.submit(_timed, work)
    result, seconds = asked.result()
    _caller.seconds = computed_seconds() + seconds
    return result


def computed_seconds() -> float:
    """Return for how long products have been run for the calling thread; waiting is not in it."""
    seconds: float = getattr(_caller, "seconds", 0.0)
    return seconds


def idle_seconds() -> float:
    """Return for how long no products have been run; a load counts as rest."""
    return 0.0 if _running.is_set() else time.perf_counter() - _last_end


def apart(work: Callable[[], T]) -> T:
    """Run `work` on a thread of its own that ends after; return or raise what it does."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, name="load", daemon=True).start()
    return done.result()


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    global _last_end
    start, ran = time.perf_counter(), time.thread_time()
    _running.set()
    try:
        return work(), time.perf_counter() - start
    finally:
        _last_end = time.perf_counter()
        _running.clear()
        CROWD.note(_last_end - start, time.thread_time() - ran)
