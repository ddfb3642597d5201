"""Where a decoder's weights lie, for functions that know addresses alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from playground.core.kv_cache import KVCache
from playground.core.linear import Biased, Linear
from playground.core.transformer import Block, TransformerConfig, Turns
from playground.models.engines.compiled import board as at

Int64Array = NDArray[np.int64]

# Further than any text is long.
FOR_EVER = 1 << 40


@runtime_checkable
class HasWords(Protocol):
    """A linear layer whose product of few rows is compiled."""

    @property
    def words(self) -> Int64Array | None:
        """Its words, as `compiled.board` names them; None where it is left to others after all."""


@dataclass(frozen=True)
class Plan:
    """The weights of all blocks, as `compiled.decoding.run_blocks` reads them.

    Parameters
    ----------
    blocks : array of int64, shape (layers, `BLOCK_WORDS`)
        Norms, windows and rotations.
    linears : array of int64, shape (layers, 4, `LINEAR_WORDS`)
        Linear layers.
    """

    blocks: Int64Array
    linears: Int64Array


def plan_of(
    config: TransformerConfig,
    blocks: Sequence[Block],
) -> Plan | None:
    """Write down where the weights lie; None where some layer cannot be compiled.

    Parameters
    ----------
    config, blocks
        Of the decoder, which must outlive the plan.
    """
    turns = list(dict.fromkeys(layer.rope for layer in config.layers))
    if len({rope.size for rope in turns}) != 1:
        return None
    linears = []
    for block in blocks:
        for layer in (block.qkv, block.output, block.gate_up, block.down):
            words = _words(layer)
            if words is None:
                return None
            linears.append(words)
    looks = [
        (FOR_EVER if layer.window is None else layer.window, turns.index(layer.rope))
        for layer in config.layers
    ]
    norms = [
        [
            _address(gain)
            for gain in (
                block.attention_norm,
                block.mlp_norm,
                block.head_norm,
                block.attention_end_norm,
                block.mlp_end_norm,
            )
        ]
        for block in blocks
    ]
    return Plan(
        np.concatenate([np.array(norms, np.int64), np.array(looks, np.int64)], axis=1),
        np.array(linears, np.int64).reshape(len(blocks), 4, at.LINEAR_WORDS),
    )


def stacked_turns(config: TransformerConfig, turns: Turns) -> NDArray[np.float32]:
    """Return cosines and sines of shape (R, 2, N, D), in the order of the plan."""
    ropes = dict.fromkeys(layer.rope for layer in config.layers)
    tables = np.array([turns[rope] for rope in ropes], np.float32)
    return tables.reshape(len(tables), 2, -1, tables.shape[-1])


def words_of_caches(caches: Sequence[KVCache]) -> Int64Array:
    """Return where the rows' keys and values lie: an array of shape (N, `PAST_WORDS`)."""
    return np.array(
        [
            (cache.keys.ctypes.data, cache.values.ctypes.data, cache.length, cache.capacity)
            for cache in caches
        ],
        np.int64,
    )


def _words(layer: Linear) -> Int64Array | None:
    if isinstance(layer, Biased):
        words = _words(layer.product)
        if words is not None:
            words = words.copy()
            words[at.BIAS] = _address(layer.bias)
        return words
    return layer.words if isinstance(layer, HasWords) else None


def _address(numbers: NDArray[np.float32] | None) -> int:
    """Return where an array lies, 0 where there is none."""
    if numbers is None:
        return 0
    if numbers.dtype != np.float32 or not numbers.flags.c_contiguous:
        raise ValueError(f"a gain or bias must be float32 in one piece, got {numbers.dtype}")
    return int(numbers.ctypes.data)
