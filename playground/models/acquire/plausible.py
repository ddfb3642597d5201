"""Whether a config asks for a model of the size that its weights have.

Libraries build what a config asks for before they look at the weights: a billion layers take hours
and all memory. The headers of the weights say beforehand what can be true.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any

from playground.errors import BrokenCache

# What architectures call their sizes; each is a dimension of some tensor, or a part of one.
WIDTHS = frozenset(
    [
        "hidden_size",
        "intermediate_size",
        "vocab_size",
        "head_dim",
        "num_attention_heads",
        "num_key_value_heads",
        "n_embd",
        "n_inner",
        "n_head",
        "d_model",
        "d_ff",
        "d_kv",
        "num_heads",
        "hidden_dim",
        "inner_dim",
        "ffn_dim",
        "num_channels",
        "state_size",
        "num_experts",
        "num_local_experts",
        "embedding_size",
        "word_embed_proj_dim",
    ]
)
# Of which tables may be made; the longest windows that are offered hold ten million tokens.
POSITIONS = 100_000_000
LAYERS = frozenset(
    [
        "num_hidden_layers",
        "n_layer",
        "num_layers",
        "n_layers",
        "num_decoder_layers",
        "encoder_layers",
        "decoder_layers",
    ]
)
# A fused tensor is split by the code, never made larger; a factor leaves room for odd names.
ROOM = 8


def require_plausible(
    config: dict[str, Any], shapes: dict[str, tuple[int, ...]], folder: Path
) -> None:
    """Refuse sizes that the weights cannot have.

    Parameters
    ----------
    config : dict
        What ``config.json`` holds, nested parts too.
    shapes : mapping of str to tuple of int
        Of every tensor of the model, by name.
    folder : Path
        For the sentence.

    Raises
    ------
    BrokenCache
        With the name, the value, and the most that it could be.
    """
    widest = ROOM * max((size for shape in shapes.values() for size in shape), default=0)
    most = {**dict.fromkeys(WIDTHS, widest), **dict.fromkeys(LAYERS, len(shapes))}
    most["max_position_embeddings"] = POSITIONS
    for name, value in _numbers(config):
        if name not in most:
            continue
        if not isfinite(value) or not 0 <= value <= most[name]:
            raise BrokenCache(
                f"config.json in {folder} asks for {name} {value!r}, and its weights allow 0 to "
                f"{most[name]:,}; they are not of one model. Copy the folder again."
            )


def _numbers(config: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield every number with its name, those of nested parts too."""
    for name, value in config.items():
        if isinstance(value, dict):
            yield from _numbers(value)
        elif isinstance(value, int | float):
            yield name, value
