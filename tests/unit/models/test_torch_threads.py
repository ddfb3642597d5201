"""A share of PyTorch's threads for one thread takes none from the others."""

from __future__ import annotations

import threading

import pytest
import torch

from playground.models.engines.torch_threads import workers


def used() -> int:
    torch.nn.functional.silu(torch.zeros(2**18))  # PyTorch sets up a thread when it is used
    return torch.get_num_threads()


@pytest.mark.parametrize("share", [1, 2, 3])
def test_a_worker_has_its_share_and_others_have_all(share: int) -> None:
    before = used()
    pool = workers.__wrapped__(2, share)  # with threads that have yet to begin
    assert {pool.submit(used).result() for _ in range(4)} == {share}
    pool.shutdown()
    found: list[int] = []
    fresh = threading.Thread(target=lambda: found.append(used()))
    fresh.start()
    fresh.join()
    assert (used(), found) == (before, [before])


def test_a_thread_that_cannot_begin_breaks_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    start, before = threading.Thread.start, used()

    def refuse(thread: threading.Thread) -> None:
        if vars(thread).get("_target") is torch.set_num_threads:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    pool = workers.__wrapped__(1, 1)
    assert [pool.submit(used).result() for _ in range(2)] == [1, 1]
    pool.shutdown()
    torch.set_num_threads(before)  # which new threads begin with again


def test_new_threads_begin_with_what_a_caller_set_last() -> None:
    before = used()
    torch.set_num_threads(before + 2)
    try:
        pool = workers.__wrapped__(2, 1)
        assert {pool.submit(used).result() for _ in range(4)} == {1}
        pool.shutdown()
        found: list[int] = []
        fresh = threading.Thread(target=lambda: found.append(used()))
        fresh.start()
        fresh.join()
    finally:
        torch.set_num_threads(before)
    assert found == [before + 2]
