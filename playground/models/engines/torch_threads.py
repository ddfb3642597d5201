"""Threads of our own, each with a share of PyTorch's.

PyTorch's number of threads is one of the thread that asks for products. So whoever is to use fewer
gets a thread of its own that is set once, and nobody else notices.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

_taking = threading.Lock()


@cache
def workers(count: int, share: int) -> ThreadPoolExecutor:
    """Return so many threads, each of which has `share` of PyTorch's threads."""
    return ThreadPoolExecutor(count, "share", _take, (share,))


def _take(share: int) -> None:
    """Give this thread its share, and threads to come as many as before."""
    import torch

    with _taking:
        # Sets this thread up, which would undo the next line later, and tells what new ones have.
        others = torch.get_num_threads()
        torch.set_num_threads(share)
        # What is set is this thread's, and also what new threads begin with: one sets that right.
        restoring = threading.Thread(target=torch.set_num_threads, args=(others,))
        # Where no thread can begin at the moment, later ones have fewer. To raise would break the
        # executor for good.
        with suppress(RuntimeError):
            restoring.start()
            restoring.join()
