"""A helper program that is listened to: its lines, its end, and that it never outlives us."""

from __future__ import annotations

import psutil

from playground.models.acquire.own_process import Finished, follow_python, run_python
from playground.models.acquire.progress import Watch

SAYS = "print('one'); print('Progress 3 of 9'); print('two'); raise SystemExit(4)"


def test_lines_come_one_by_one_and_then_the_end() -> None:
    done: list[int] = []
    heard = list(follow_python(["-c", SAYS], Watch(), done.append))
    assert heard == ["one", "two", Finished(4, ("one", "two"))]
    assert done == [3]
    assert run_python(["-c", SAYS], Watch()) == heard[-1]


def test_who_stops_listening_ends_it() -> None:
    waits = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    heard = follow_python(["-c", waits], Watch())
    number = next(heard)
    assert isinstance(number, str)
    assert psutil.pid_exists(int(number))
    heard.close()
    assert not psutil.pid_exists(int(number))
