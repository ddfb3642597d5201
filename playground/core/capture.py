"""What a forward pass of the decoder leaves behind for those who look inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from playground.core.kv_cache import KVCache

Float32Array = NDArray[np.float32]


@dataclass
class Capture:
    """What is collected on the way; B rows, T new tokens a row, L tokens in all, H query heads.

    Parameters
    ----------
    hidden_states : list of arrays of shape (B, T, C)
        The embedding, then the output of each block.
    attentions : list of arrays of shape (B, H, T, L)
        Who looked at whom, per block, if `with_attentions`; 4 H T L bytes each.
    layer_logits : list of arrays of shape (B, T, V)
        What the head would say after each block (the logit lens), if `with_logits`.
    """

    with_logits: bool = False
    with_attentions: bool = True
    hidden_states: list[Float32Array] = field(default_factory=list)
    attentions: list[Float32Array] = field(default_factory=list)
    layer_logits: list[Float32Array] = field(default_factory=list)

    def room_for_weights(
        self, caches: Sequence[KVCache], heads: int, count: int
    ) -> Float32Array | None:
        """Add an array of zeros for the attention of one more block, if that is wanted."""
        if not self.with_attentions:
            return None
        longest = max(cache.length for cache in caches) + count
        self.attentions.append(np.zeros((len(caches), heads, count, longest), np.float32))
        return self.attentions[-1]
