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
