"""What is elementwise in the core's decoder by all of PyTorch's threads, for many rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playground.core.activations import gelu_tanh, silu
from playground.core.elementwise import Elementwise
from playground.core.functional import rms_norm, root_mean_square
from playground.core.rope import rotate
from playground.models.engines.compute import CROWD

if TYPE_CHECKING:
    import torch

Float32Array = NDArray[np.float32]

# From so many numbers on PyTorch shares an elementwise step among its threads (its grain size).
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


def rms_norm_in_torch(x: Float32Array, weight: Float32Array, eps: float) -> Float32Array:
    """Return what `playground.core.functional.rms_norm` does, bit by bit."""
    import torch

    if not _shared(x):
        return rms_norm(x, weight, eps)
    normalized = torch.from_numpy(x) / torch.from_numpy(root_mean_square(x, eps))
    normalized *= torch.from_numpy(weight)
    whole: Float32Array = normalized.numpy()
    return whole


def rotate_in_torch(
    vectors: Float32Array, cosines: Float32Array, sines: Float32Array
) -> Float32Array:
    """Return what `playground.core.rope.rotate` does to vectors of (B, T, heads, D), bit by bit."""
    import torch

    size, rows = cosines.shape[-1], vectors.shape[0] * vectors.shape[1]
    few = rows <= BATCH_ROWS or vectors.size < MANY or size < vectors.shape[-1]
    if few or CROWD.alone:
        return rotate(vectors, cosines, sines)
    half = size // 2
    x, cosine, sine = (torch.from_numpy(each) for each in (vectors, cosines, sines))
    turned = x * cosine
    turned[..., :half] -= x[..., half:] * sine[..., :half]
    turned[..., half:] += x[..., :half] * sine[..., half:]
    whole: Float32Array = turned.numpy()
    return whole


def _by_torch(
    ufunc: np.ufunc, a: Float32Array, b: Float32Array, out: Float32Array | None = None
) -> Float32Array:
    """Return what a function of NumPy does that PyTorch calls by the same name, bit by bit."""
    import torch

    if not _shared(a):
        plain: Float32Array = ufunc(a, b, out=out)
        return plain
    arrays = (torch.from_numpy(a), torch.from_numpy(b))
    room = None if out is None else torch.from_numpy(out)
    shared: Float32Array = getattr(torch, ufunc.__name__)(*arrays, out=room).numpy()
    return shared


def _pays(x: Float32Array) -> bool:
    return len(x) > BATCH_ROWS and x.size >= MANY


def _shared(x: Float32Array) -> bool:
    """Tell whether a step that has the same bits either way is shared among threads.

    Beside another program each such step would wait for a thread that has no core.
    """
    return _pays(x) and not CROWD.alone


def _bend(fused: Callable[[torch.Tensor], torch.Tensor], x: Float32Array) -> Float32Array:
    import torch

    bent: Float32Array = fused(torch.from_numpy(x)).numpy()
    return bent


IN_TORCH = Elementwise(
    rms_norm=rms_norm_in_torch,
    rotate=rotate_in_torch,
    multiply=partial(_by_torch, np.multiply),
    add=partial(_by_torch, np.add),
)
