"""Attention for the core's decoder, with prompts multiplied by PyTorch."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playground.core.attention import attend, first_seen
from playground.models.engines.engine import PREFILL_CHUNK

if TYPE_CHECKING:
    from torch import Tensor

Float32Array = NDArray[np.float32]


def attend_in_torch(
    queries: Float32Array,
    keys: Float32Array,
    values: Float32Array,
    kept: Float32Array | None = None,
    window: int | None = None,
) -> Float32Array:
    """Mix values as `playground.core.attention.attend` does, in fused kernels.

    Queries are taken a piece of a prompt at a time, so that a token gets the same bits however many
    pieces are read together; nor is what no query of a piece may see computed for it.

    PyTorch's ``scaled_dot_product_attention`` never writes the scores to memory (FlashAttention,
    Dao et al., 2022, arXiv:2205.14135). One query is too little work for it, `kept` asks for what
    it does not keep, and of scores that are NaN it makes zeros; all three go to the core's own.
    """
    count = len(queries)
    if kept is not None:
        return attend(queries, keys, values, kept, window)
    mixed = np.empty(queries.shape, np.float32)
    past = keys.shape[1] - count
    for start in range(0, count, PREFILL_CHUNK):
        stop = min(start + PREFILL_CHUNK, count)
        first = 0 if window is None else first_seen(past + start, window)
        seen = slice(first, past + stop)
        mixed[start:stop] = _attend_piece(
            queries[start:stop], keys[:, seen], values[:, seen], window
        )
    return mixed


def _attend_piece(
    queries: Float32Array, keys: Float32Array, values: Float32Array, window: int | None
) -> Float32Array:
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    count, length = len(queries), keys.shape[1]
    if count == 1 or np.isnan(queries.sum() + keys.sum()):
        return attend(queries, keys, values, window=window)
    whole = count == length and (window is None or count <= window)
    mixed = scaled_dot_product_attention(
        torch.from_numpy(queries).transpose(0, 1)[None],
        torch.from_numpy(keys)[None],
        torch.from_numpy(values)[None],
        attn_mask=None if whole else _mask(count, length, window),
        is_causal=whole,
        enable_gqa=True,
    )
    by_query: Float32Array = mixed[0].transpose(0, 1).numpy()
    return by_query


def _mask(count: int, length: int, window: int | None) -> Tensor:
    """Return what is added to the scores: 0 where a query sees, -inf elsewhere; only read it.

    Shape (count, length). Of a mask of booleans PyTorch would make the same numbers anew each time.
    """
    past = length - count
    # All pieces look into one table: who sees whom hangs on how far apart they stand.
    before = 1 << max(past - 1, 0).bit_length()
    return _seen(before, window)[:count, before - past : before + count]


@lru_cache(maxsize=4)
def _seen(before: int, window: int | None) -> Tensor:
    """Return the mask of a whole piece with so many tokens before it."""
    import torch

    seen = torch.ones(PREFILL_CHUNK, before + PREFILL_CHUNK, dtype=torch.bool).tril(before)
    if window is not None:
        seen = seen.triu(before - window + 1)
    return torch.zeros(seen.shape).masked_fill(~seen, -torch.inf)
