"""The tensors of a checkpoint as the core's decoder: their names, their shapes, their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from playground.core.attention import Attention, attend
from playground.core.linear import Biased, Dense, Linear
from playground.core.transformer import Block, Transformer
from playground.models.engines.core_families import (
    FAMILIES,
    Family,
    Float32Array,
    head_size,
    query_factor,
    read_config,
)

if TYPE_CHECKING:
    from transformers import PretrainedConfig

LinearMaker = Callable[[Float32Array], Linear]
HEAD_NORMS = ("self_attn.q_norm", "self_attn.k_norm")


def needed_shapes(config: PretrainedConfig, *, own_head: bool) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor that a model of the core's families has, by its name."""
    family = FAMILIES[config.model_type]
    width, vocabulary = config.hidden_size, config.vocab_size
    block: dict[str, tuple[int, ...]] = {
        f"{name}.weight": (width,) for name in family.norms.values()
    }
    if family.head_norms:
        block |= {f"{name}.weight": (head_size(config),) for name in HEAD_NORMS}
    matrices = _matrix_shapes(config)
    for role, names in family.linears.items():
        for name in names:
            block[f"{name}.weight"] = matrices[name]
            if has_bias(family, config, role):
                block[f"{name}.bias"] = matrices[name][:1]
    untied = own_head or not config.tie_word_embeddings
    return {
        "model.embed_tokens.weight": (vocabulary, width),
        "model.norm.weight": (width,),
        **({"lm_head.weight": (vocabulary, width)} if untied else {}),
        **{
            f"model.layers.{index}.{name}": shape
            for index in range(config.num_hidden_layers)
            for name, shape in block.items()
        },
    }


def _matrix_shapes(config: Any) -> dict[str, tuple[int, int]]:
    width, inner, size = config.hidden_size, config.intermediate_size, head_size(config)
    queries, keys = config.num_attention_heads * size, config.num_key_value_heads * size
    return {
        "self_attn.q_proj": (queries, width),
        "self_attn.k_proj": (keys, width),
        "self_attn.v_proj": (keys, width),
        "self_attn.qkv_proj": (queries + 2 * keys, width),
        "self_attn.o_proj": (width, queries),
        "mlp.gate_proj": (inner, width),
        "mlp.up_proj": (inner, width),
        "mlp.gate_up_proj": (2 * inner, width),
        "mlp.down_proj": (width, inner),
    }


def has_bias(family: Family, config: Any, role: str) -> bool:
    """Tell whether the linear layers of a role add a bias."""
    told = family.biases.get(role, False)
    return bool(getattr(config, told, False)) if isinstance(told, str) else told


def build_transformer(
    config: PretrainedConfig,
    weights: Mapping[str, Float32Array],
    linear: LinearMaker = Dense,
    head: LinearMaker = Dense,
    attention: Attention = attend,
    decoder: type[Transformer] = Transformer,
) -> Transformer:
    """Assemble a decoder from the tensors of a checkpoint, by transformers' names.

    Parameters
    ----------
    config : PretrainedConfig
        Of one of the families that the core runs.
    weights : mapping of str to array
        Float32 tensors.
    linear, head : callable
        Turn a weight of shape (out, in) into a linear layer: those of the blocks, and the last.
    attention : Attention
        Who mixes the values.
    decoder : type
        Of the decoder.
    """
    embedding = weights["model.embed_tokens.weight"]
    return decoder(
        read_config(config),
        embedding,
        [_block(config, weights, index, linear) for index in range(config.num_hidden_layers)],
        _gain(config, weights["model.norm.weight"]),
        head(weights.get("lm_head.weight", embedding)),
        attention,
    )


def _block(
    config: Any, weights: Mapping[str, Float32Array], index: int, linear: LinearMaker
) -> Block:
    family, at = FAMILIES[config.model_type], f"model.layers.{index}"

    def joined(names: tuple[str, ...], kind: str) -> Float32Array:
        parts = [weights[f"{at}.{name}.{kind}"] for name in names]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    parts: dict[str, Any] = {}
    for role, names in family.linears.items():
        parts[role] = linear(joined(names, "weight"))
        if has_bias(family, config, role):
            parts[role] = Biased(parts[role], joined(names, "bias"))
    for role, name in family.norms.items():
        parts[role] = _gain(config, weights[f"{at}.{name}.weight"])
    if family.head_norms:
        query, key = (_gain(config, weights[f"{at}.{name}.weight"]) for name in HEAD_NORMS)
        parts["head_norm"] = _head_norm(config, query, key)
    return Block(**parts)


def _head_norm(config: Any, query: Float32Array, key: Float32Array) -> Float32Array:
    """Return the gains of all heads; a scale of the scores is one of the queries."""
    query = query * np.float32(query_factor(config))
    gains: Float32Array = np.concatenate(
        [
            np.tile(query, (config.num_attention_heads, 1)),
            np.tile(key, (config.num_key_value_heads, 1)),
        ]
    )
    return gains


def _gain(config: Any, stored: Float32Array) -> Float32Array:
    return stored + np.float32(1) if FAMILIES[config.model_type].gemma else stored
