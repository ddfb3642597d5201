"""One thread or all: as many as the machine has processors for, where no bit depends on it.

PyTorch's threads wait for one another at every product. If another program has the processor of one
of them, each wait lasts until that program gives way, and a token takes 15 times as long; one
thread alone waits for nobody. How many threads share a product may change the order of its sums,
though, and so the last bits of a text. It does not for a single token of most models, and a few
tokens of a model's own show whether it is one of them; prompts stay with all threads.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from playground.models.engines.occupancy import Moment, between, read_moment
from playground.models.engines.torch_threads import workers

Float32Array = NDArray[np.float32]

# So much work goes by between two looks; the system counts in hundredths of a second.
LOOK_SECONDS = 0.2

# Threads have stalled where the one that asks for products ran for less than this share of them.
STALLED = 0.8


def better_alone(alone: bool, running: float, free: float, threads: int) -> bool:
    """Decide whether the next steps run on one thread.

    Parameters
    ----------
    alone : bool
        Whether the last ones did.
    running : float
        For which share of the last steps' time their thread was on a processor, 0 to 1. It also
        waits for other threads of this very program, so that a wait alone proves nothing.
    free : float
        Processors that worked for nobody else meanwhile.
    threads : int
        How many there are to share a product.

    Examples
    --------
    Another program has one of two processors, and the threads stall; then it is gone.

    >>> better_alone(False, running=0.5, free=1.1, threads=2)
    True
    >>> better_alone(True, running=1.0, free=1.9, threads=2)
    False
    """
    crowded = free < threads - 0.5
    return crowded and (alone or running < STALLED)


# Single tokens that a model is judged by. Rounding to 16 bits hides most of what an order changes:
# of 4,000 numbers that are summed otherwise one differs in BF16, and a token has tens of thousands.
PROBED = np.arange(3)


class Crowd:
    """Looks now and then at who else computes, while there is work."""

    def __init__(self, read: Callable[[], Moment | None] = read_moment) -> None:
        self.alone = False
        self._read = read
        self._since: Moment | None = None
        self._seconds = self._running = 0.0

    def note(self, seconds: float, running: float) -> None:
        """Take down a piece of work: how long it took, and how long its thread really ran.

        Where the system does not tell who else computes, nothing changes.
        """
        self._seconds += seconds
        self._running += running
        if self._seconds < LOOK_SECONDS or (torch := sys.modules.get("torch")) is None:
            return
        now, processors = self._read(), os.cpu_count() or 1
        if beside := between(self._since, now, processors):
            free = processors * (1 - beside.stolen) - beside.others
            share = self._running / self._seconds
            self.alone = better_alone(self.alone, share, free, torch.get_num_threads())
        self._since, self._seconds, self._running = now, 0.0, 0.0


class Steps:
    """The single tokens of one model, on one thread where that is better and changes no bit.

    Parameters
    ----------
    crowd : Crowd
        Says whether it is better.
    heads : int
        Of its attention. Threads share out heads; one alone they share by the length of the text,
        of which a probe says nothing, so such a model stays with all threads.
    """

    def __init__(self, crowd: Crowd, heads: int) -> None:
        self._crowd = crowd
        self._equal = None if heads > 1 else False

    def run(
        self, step: Callable[[], Float32Array], probe: Callable[[], Float32Array]
    ) -> Float32Array:
        """Return what a step returns.

        Parameters
        ----------
        step : callable
            A single token of the model.
        probe : callable
            Reads the tokens of `PROBED` one by one, and returns the logits after each. Both ways
            are compared when they are first needed: of products of one row, order hangs on shape
            and number of threads, not on what is multiplied. It is handed over each time, for a
            model that was kept in it would never be freed by counting who holds it.
        """
        if not self._crowd.alone or not self._has_same_bits(probe):
            return step()
        return workers(1, share=1).submit(step).result()

    def _has_same_bits(self, probe: Callable[[], Float32Array]) -> bool:
        if self._equal is None:
            alone = workers(1, share=1).submit(probe).result()
            self._equal = np.array_equal(probe(), alone)
        return self._equal
