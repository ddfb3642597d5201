"""Attention for the core's decoder, with long prompts multiplied by PyTorch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from playground.core.attention import attend

Float32Array = NDArray[np.float32]


def attend_in_torch(
    queries: Float32Array,
    keys: Float32Array,
    values: Float32Array,
    kept: Float32Array | None = None,
) -> Float32Array:
    """Mix values as `playground.core.transformer.attend` does, in one fused kernel.

    PyTorch's ``scaled_dot_product_attention`` never writes the scores to memory (FlashAttention,
    Dao et al., 2022, arXiv:2205.14135). One query is too little work for it, and `kept` asks for
    what it does not keep; both go to the core's own.
    """
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    count, length = len(queries), keys.shape[1]
    if count == 1 or kept is not None:
        return attend(queries, keys, values, kept)
    past = length - count
    seen = torch.ones(count, length, dtype=torch.bool).tril(past) if past else None
    mixed = scaled_dot_product_attention(
        torch.from_numpy(queries).transpose(0, 1)[None],
        torch.from_numpy(keys)[None],
        torch.from_numpy(values)[None],
        attn_mask=seen,
        is_causal=seen is None,
        enable_gqa=True,
    )
    whole: Float32Array = mixed[0].transpose(0, 1).numpy()
    return whole
