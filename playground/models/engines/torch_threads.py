"""Threads of our own, each with a share of PyTorch's.

PyTorch's number of threads is one of the thread that asks for products. So whoever is to use fewer
gets a thread of its own that is set once, and nobody else notices.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache


@cache
def workers(count: int, share: int) -> ThreadPoolExecutor:
    """Return so many threads, each of which has `share` of PyTorch's threads."""
    import torch

    return ThreadPoolExecutor(count, "share", _take, (share, torch.get_num_threads()))


def _take(share: int, others: int) -> None:
    """Give this thread its share, and threads to come as many as before."""
    import torch

    torch.get_num_threads()  # has PyTorch set up this thread, which would undo the next line later
    torch.set_num_threads(share)
    # What is set is this thread's, and also what new threads begin with: a thread sets that right.
    restoring = threading.Thread(target=torch.set_num_threads, args=(others,))
    restoring.start()
    restoring.join()
