"""Who computes: one thread at a time, and the same one for all threads but the main one."""

from __future__ import annotations

import threading

import pytest

from playground.models.engines.compute import compute


def test_all_other_threads_share_one_and_the_main_thread_helps_itself() -> None:
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
    assert compute(threading.current_thread) is threading.main_thread()


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
