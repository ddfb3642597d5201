"""Waiting for what other threads do."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true, and fail when it does not come true in ten seconds."""
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit, "it never came true"
        time.sleep(0.002)
