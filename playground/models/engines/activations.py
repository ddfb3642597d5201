"""The gates of the core's decoder, of many rows in PyTorch's one pass over the numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playground.core.activations import gelu_tanh, silu
from playground.models.engines.engine import PREFILL_CHUNK

if TYPE_CHECKING:
    import torch

Float32Array = NDArray[np.float32]

# Pieces of so many numbers are bent by PyTorch, the shorter last one of a prompt, too.
MANY = 2**15

# Up to so many numbers it keeps an elementwise step to one thread: GELU, others up to 2^15.
UNSHARED = 20_000

# The most rows that a batch has. However wide, all of them go to NumPy: PyTorch's last bits differ,
# and a row has the same ones alone and in company.
BATCH_ROWS = 16


def silu_in_torch(x: Float32Array) -> Float32Array:
    """Return what `playground.core.activations.silu` does."""
    from torch.nn.functional import silu as fused

    return _bend(fused, x) if _pays(x) else silu(x)


def gelu_tanh_in_torch(x: Float32Array) -> Float32Array:
    """Return what `playground.core.activations.gelu_tanh` does."""
    from torch.nn.functional import gelu

    return _bend(partial(gelu, approximate="tanh"), x) if _pays(x) else gelu_tanh(x)


def _pays(x: Float32Array) -> bool:
    return len(x) > BATCH_ROWS and x.shape[1] * PREFILL_CHUNK >= MANY


def _bend(fused: Callable[[torch.Tensor], torch.Tensor], x: Float32Array) -> Float32Array:
    """Bend so few rows at once that PyTorch shares none among its threads.

    It would cut rows wherever a share ends, and what stands there would get other last bits.
    """
    import torch

    bent, rows = np.empty(x.shape, np.float32), max(1, UNSHARED // x.shape[1])
    for start in range(0, len(x), rows):
        some = slice(start, start + rows)
        bent[some] = fused(torch.from_numpy(x[some])).numpy()
    return bent
