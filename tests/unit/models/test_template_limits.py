"""The time of a template is its own: not the garbage collector's, and not lost in a finalizer."""

from __future__ import annotations

import gc
import sys
import time

import pytest

from playground.models.text.template_limits import TemplateTooSlow, time_limit


def compute(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_what_computes_too_long_is_ended() -> None:
    with pytest.raises(TemplateTooSlow), time_limit(0.1):
        compute(5)


def test_collecting_the_garbage_of_the_process_does_not_count() -> None:
    """Else an honest template fails in a process with a large heap."""

    def slow_collection(phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            compute(0.5)

    with time_limit(0.2):
        gc.callbacks.append(slow_collection)
        gc.collect()
        gc.callbacks.remove(slow_collection)


def test_an_end_that_is_lost_in_a_finalizer_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lost.append)

    class Slow:
        def __del__(self) -> None:
            compute(0.4)

    def run() -> None:
        Slow()
        compute(5)

    with pytest.raises(TemplateTooSlow), time_limit(0.2):
        run()
    assert lost, "the first one arrived in the finalizer"


def test_nothing_is_left_behind() -> None:
    before = list(gc.callbacks)
    with time_limit():
        pass
    assert gc.callbacks == before
