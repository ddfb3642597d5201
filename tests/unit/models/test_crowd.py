"""One thread or all: one where others have the processors, if no bit depends on it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from playground.models.engines import crowd
from playground.models.engines.crowd import Crowd, Steps, better_alone
from playground.models.engines.occupancy import Moment

# Of two processors in a second.
TICKS = 200


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(crowd.os, "cpu_count", lambda: 2)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


def told(*others: float) -> Crowd:
    """Return a crowd that finds so many processors at work for others, second by second."""
    busy = np.cumsum([0.0, *others]) * TICKS / 2
    moments = [Moment(TICKS * n, 0, int(ticks), 0.0, 0.0) for n, ticks in enumerate(busy)]
    return Crowd(iter(moments).__next__)


@pytest.mark.parametrize(
    ("alone", "running", "free", "threads", "expected"),
    [
        (False, 1.0, 2.0, 2, False),  # an idle machine
        (False, 0.5, 2.0, 2, False),  # waits for threads of this program
        (False, 1.0, 1.0, 2, False),  # other work that slows nothing
        (False, 0.5, 1.0, 2, True),
        (True, 1.0, 1.0, 2, True),  # alone it does not stall, and would beside the others
        (True, 1.0, 1.9, 2, False),
        (True, 0.5, 0.0, 2, True),
        (False, 0.5, 15.0, 8, False),  # more processors than threads
        (True, 1.0, 1.0, 1, False),  # there is but one thread
    ],
)
def test_one_thread_is_better_where_others_stall_the_second(
    alone: bool, running: float, free: float, threads: int, expected: bool
) -> None:
    assert better_alone(alone, running, free, threads) == expected


def test_a_crowd_is_noticed_and_so_is_its_end() -> None:
    seen = told(0.0, 1.0, 1.0, 0.0)
    found = []
    for running in (0.2, 0.2, 0.1, 0.2, 0.2):
        seen.note(0.1, running / 2)
        seen.note(0.1, running / 2)
        found.append(seen.alone)
    assert found == [False, False, True, True, False]


def test_nothing_changes_where_the_system_does_not_tell() -> None:
    silent = Crowd(lambda: None)
    for _ in range(3):
        silent.note(1.0, 0.1)
    assert not silent.alone


def test_steps_run_on_one_thread_only_in_a_crowd_and_with_the_same_bits() -> None:
    seen = Crowd()

    def count() -> np.ndarray:
        return np.array([torch.get_num_threads()], np.float32)

    def same() -> np.ndarray:
        return np.zeros(1, np.float32)

    equal, differing = Steps(seen, heads=2), Steps(seen, heads=2)
    one_head = Steps(seen, heads=1)
    assert equal.run(count, same) == differing.run(count, count) == 2
    seen.alone = True
    assert equal.run(count, same) == 1
    assert differing.run(count, count) == one_head.run(count, same) == 2
    assert torch.get_num_threads() == 2
