"""The gates of the core's decoder, over many numbers at once by all of PyTorch's threads."""

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

# From so many numbers in a piece on PyTorch shares an elementwise step among its threads (its grain
# size). Every piece of a prompt is bent in one way, the shorter last one, too.
MANY = 2**15

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
    import torch

    bent: Float32Array = fused(torch.from_numpy(x)).numpy()
    return bent
