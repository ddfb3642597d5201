"""Attention for the core's decoder, with long prompts multiplied by PyTorch."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playground.core.attention import attend, first_seen

if TYPE_CHECKING:
    from torch import Tensor

Float32Array = NDArray[np.float32]

# With a window, queries are taken in blocks of at least this many: each block has a product and a
# mask of its own.
WINDOW_BLOCK = 256


def attend_in_torch(
    queries: Float32Array,
    keys: Float32Array,
    values: Float32Array,
    kept: Float32Array | None = None,
    window: int | None = None,
) -> Float32Array:
    """Mix values as `playground.core.attention.attend` does, in fused kernels.

    PyTorch's ``scaled_dot_product_attention`` never writes the scores to memory (FlashAttention,
    Dao et al., 2022, arXiv:2205.14135). One query is too little work for it, `kept` asks for what
    it does not keep, and of scores that are NaN it makes zeros; all three go to the core's own.
    """
    count, length = len(queries), keys.shape[1]
    if count == 1 or kept is not None or np.isnan(queries.sum() + keys.sum()):
        return attend(queries, keys, values, kept, window)
    if window is None or length <= window:
        return _fused(queries, keys, values, None)
    past, block = length - count, max(window, WINDOW_BLOCK)
    mixed = []
    for start in range(0, count, block):
        stop = min(start + block, count)
        seen = slice(first_seen(past + start, window), past + stop)
        mixed.append(_fused(queries[start:stop], keys[:, seen], values[:, seen], window))
    return np.concatenate(mixed)


def _fused(
    queries: Float32Array, keys: Float32Array, values: Float32Array, window: int | None
) -> Float32Array:
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    count, length = len(queries), keys.shape[1]
    mask = None if count == length and window is None else _mask(count, length, window)
    mixed = scaled_dot_product_attention(
        torch.from_numpy(queries).transpose(0, 1)[None],
        torch.from_numpy(keys)[None],
        torch.from_numpy(values)[None],
        attn_mask=mask,
        is_causal=mask is None,
        enable_gqa=True,
    )
    whole: Float32Array = mixed[0].transpose(0, 1).numpy()
    return whole


# All layers of a piece ask for the same one, or for two where some have a window.
@lru_cache(maxsize=2)
def _mask(count: int, length: int, window: int | None) -> Tensor:
    """Return what is added to the scores: 0 where a query sees, -inf elsewhere; only read it.

    Shape (count, length). Of a mask of booleans PyTorch would make the same numbers anew each time.
    """
    import torch

    past = length - count
    seen = torch.ones(count, length, dtype=torch.bool).tril(past)
    if window is not None:
        seen = seen.triu(past - window + 1)
    return torch.zeros(count, length).masked_fill(~seen, -torch.inf)
