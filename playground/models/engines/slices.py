"""A long text in slices, each on a thread of its own and a block behind the one before.

Products, attention and all that stands between them run on one thread a slice. So steps that no
library shares among threads are shared, too, and threads meet once a block: a slice waits for the
keys and values of the one before. PyTorch's own threads meet after every step, and where other
programs run, each time somebody waits for a thread that has no core.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from functools import cached_property, partial
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from playground.core.capture import Capture
from playground.core.kv_cache import KVCache
from playground.core.linear import Linear
from playground.core.transformer import Transformer, Turns
from playground.models.engines.engine import PREFILL_CHUNK
from playground.models.engines.torch_threads import workers

T = TypeVar("T")
Float32Array = NDArray[np.float32]

# Slices that run at once. Each has its share of PyTorch's threads: one, where there are two cores.
AT_ONCE = 2

# Tokens of a slice at most: more would leave the processor's caches.
MOST = 4 * PREFILL_CHUNK

# Of a text that is no whole number of pieces, what is left over is a slice for itself.
LEFT_OVER = 36  # rows of one that is tried out


class SlicedTransformer(Transformer):
    """A decoder that reads a long text in slices."""

    def run_blocks(
        self,
        hidden: Float32Array,
        turns: Turns,
        caches: Sequence[KVCache],
        capture: Capture | None = None,
    ) -> Float32Array:
        """Run a text that is long enough in slices; see `Transformer`."""
        if capture or len(caches) > 1 or len(hidden) <= PREFILL_CHUNK:
            return super().run_blocks(hidden, turns, caches, capture)
        run = super().run_blocks

        def run_slice(own: _Slice) -> Float32Array:
            place = own.place
            turned = {rope: (cos[:, place], sin[:, place]) for rope, (cos, sin) in turns.items()}
            try:
                return run(hidden[place], turned, [own])
            except BaseException:
                own.fail()
                raise

        slices = _slices(caches[0], len(hidden))
        return np.concatenate(side_by_side([partial(run_slice, each) for each in slices]))

    @cached_property
    def reads_alike(self) -> bool:
        """Whether a token gets the same bits however many pieces are read together.

        All that stands between products is computed a row or a piece at a time. In which order a
        library sums a product of many rows is its own affair, so that is tried out once.
        """
        config, block = self.config, self.blocks[0]
        layers = (
            (block.qkv, config.hidden_size),
            (block.output, config.num_attention_heads * config.head_dim),
            (block.gate_up, config.hidden_size),
            (block.down, config.intermediate_size),
        )
        return all(_multiplies_alike(layer, width) for layer, width in layers)


def side_by_side(works: Sequence[Callable[[], T]]) -> list[T]:
    """Do some works, begun in their order, on threads that have a share of PyTorch's each.

    Raises
    ------
    Exception
        What the first of those that failed has raised, once all have ended.
    """
    import torch

    share = torch.get_num_threads() // AT_ONCE
    if not share:
        return [work() for work in works]
    pool = workers(AT_ONCE, share)
    running = [pool.submit(work) for work in works]
    wait(running)
    return [each.result() for each in running]


def _multiplies_alike(layer: Linear, width: int) -> bool:
    """Tell whether a row of a product gets the same bits in a slice as in a piece alone."""
    rows = np.random.default_rng(0).normal(size=(MOST, width)).astype(np.float32)
    starts = range(0, MOST, PREFILL_CHUNK)
    alone = np.concatenate([layer(rows[start : start + PREFILL_CHUNK]) for start in starts])
    left_over = layer(rows[:LEFT_OVER])

    def same() -> bool:
        ends = range(PREFILL_CHUNK, MOST + 1, PREFILL_CHUNK)
        whole = all(np.array_equal(layer(rows[:end]), alone[:end]) for end in ends)
        return whole and np.array_equal(layer(rows[:LEFT_OVER]), left_over)

    return all(side_by_side([same]))


class _Slice(KVCache):
    """A cache as a slice of the new tokens sees it: those of the slice before are waited for."""

    def __init__(self, cache: KVCache, place: slice, before: _Slice | None) -> None:
        self.keys, self.values = cache.keys, cache.values
        self.length = cache.length + place.start
        self.place = place
        self._before = before
        self._written = threading.Semaphore(0)
        self._failed = False

    def write(self, layer: int, keys: Float32Array, values: Float32Array) -> None:
        """Store new tokens and wait until those before them are, too; see `KVCache.write`."""
        super().write(layer, keys, values)
        if self._before:
            self._before.wait()
        self._written.release()

    def wait(self) -> None:
        """Wait for the next layer that is written.

        Raises
        ------
        RuntimeError
            When it never will be. Nobody hears of it: the slice that failed says why.
        """
        self._written.acquire()
        if self._failed:
            raise RuntimeError("the slice before has failed")

    def fail(self) -> None:
        """Have the slice behind wait no longer."""
        self._failed = True
        self._written.release()


def _slices(cache: KVCache, count: int) -> Iterator[_Slice]:
    """Cut new tokens into slices: whole pieces, about equally many in each, then what is left."""
    pieces = count // PREFILL_CHUNK
    number = max(AT_ONCE, -(-pieces * PREFILL_CHUNK // MOST))
    size = -(-pieces // number) * PREFILL_CHUNK
    starts = [*range(0, pieces * PREFILL_CHUNK, size), pieces * PREFILL_CHUNK]
    before = None
    for start, stop in pairwise(dict.fromkeys([*starts, count])):
        before = _Slice(cache, slice(start, stop), before)
        yield before
