"""Who computes: one thread for all; a load on a thread of its own that ends with it."""

from __future__ import annotations

import threading
import time

import pytest

from playground.models.engines.compute import apart, compute, computed_seconds


def test_all_threads_share_one() -> None:
    names: list[str] = []

    def ask() -> None:
        names.append(compute(lambda: compute(lambda: threading.current_thread().name)))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 4
    assert len(set(names)) == 1
    assert names[0].startswith("compute")
    assert compute(lambda: threading.current_thread().name) == names[0]


def test_a_load_has_a_thread_of_its_own_that_ends() -> None:
    thread = apart(threading.current_thread)
    assert thread is not threading.main_thread()
    assert thread is not compute(threading.current_thread)
    thread.join(10)
    assert not thread.is_alive()
    with pytest.raises(ZeroDivisionError):
        apart(lambda: 1 // 0)


def test_a_caller_is_told_what_was_computed_for_it_alone() -> None:
    told: list[float] = []

    def ask() -> None:
        compute(lambda: time.sleep(0.02))
        told.append(computed_seconds())

    before = computed_seconds()
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert told[0] >= 0.02
    assert computed_seconds() == before


def test_what_goes_wrong_is_raised_where_it_was_asked_for() -> None:
    caught: list[BaseException] = []

    def ask() -> None:
        with pytest.raises(ZeroDivisionError) as error:
            compute(lambda: 1 // 0)
        caught.append(error.value)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert len(caught) == 1
