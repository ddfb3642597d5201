"""Which architectures of transformers the core runs, and what each is in the core's words.

A family is a row of a table: what it has that Llama has not, and how transformers calls it. What a
config asks for beyond that is refused by name, for the core would run it wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from playground.core.rope import Rope, RopeScaling
from playground.core.transformer import LayerConfig, TransformerConfig
from playground.models.engines.activations import gelu_tanh_in_torch, silu_in_torch
from playground.models.engines.precision import Precision

if TYPE_CHECKING:
    from transformers import PretrainedConfig

Float32Array = NDArray[np.float32]

ACTIVATIONS: Mapping[str, Callable[[Float32Array], Float32Array]] = {
    "silu": silu_in_torch,
    "gelu_pytorch_tanh": gelu_tanh_in_torch,
}
SCALINGS = ("default", "linear", "llama3")
SLIDING, FULL = "sliding_attention", "full_attention"

# The matrices of a block: transformers' names, by the core's.
_LINEARS = {
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "output": ("self_attn.o_proj",),
    "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
    "down": ("mlp.down_proj",),
}
_FUSED = {**_LINEARS, "qkv": ("self_attn.qkv_proj",), "gate_up": ("mlp.gate_up_proj",)}
_NORMS = {"attention_norm": "input_layernorm", "mlp_norm": "post_attention_layernorm"}
# Gemma gives a name of Llama's to another norm.
_GEMMA_NORMS = {
    "attention_norm": "input_layernorm",
    "attention_end_norm": "post_attention_layernorm",
    "mlp_norm": "pre_feedforward_layernorm",
    "mlp_end_norm": "post_feedforward_layernorm",
}


@dataclass(frozen=True)
class Family:
    """One architecture; the defaults are Llama's.

    Parameters
    ----------
    title : str
        What people call it.
    norms, linears : mapping
        Tensors of a block in transformers' words, by the field of the core's `Block`.
    biases : mapping of str to str or bool
        Which of `linears` add a bias: True, or the flag of the config that says so.
    window : str
        Which layers see a window: "none", "all", or those that the config's "layer_types" name.
    partial : bool
        Whether a part of each head may turn.
    head_norms : bool
        Whether queries and keys are normalised.
    gemma : bool
        Gains stored less one, an embedding times sqrt(C), scores over a scale of their own, RoPE by
        the type of the layer, a bound on the logits (Gemma 3, 2025, arXiv:2503.19786).
    """

    title: str
    norms: Mapping[str, str] = field(default_factory=lambda: _NORMS)
    linears: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _LINEARS)
    biases: Mapping[str, str | bool] = field(default_factory=dict)
    window: str = "none"
    partial: bool = False
    head_norms: bool = False
    gemma: bool = False


_ATTENTION_BIAS = {"qkv": "attention_bias", "output": "attention_bias"}

FAMILIES: Mapping[str, Family] = {
    # Touvron et al., 2023, arXiv:2302.13971
    "llama": Family("Llama", biases={**_ATTENTION_BIAS, "gate_up": "mlp_bias", "down": "mlp_bias"}),
    # Jiang et al., 2023, arXiv:2310.06825
    "mistral": Family("Mistral", window="all"),
    # Yang et al., 2024, arXiv:2407.10671
    "qwen2": Family("Qwen2", biases={"qkv": True}, window="layer_types"),
    # Yang et al., 2025, arXiv:2505.09388
    "qwen3": Family("Qwen3", biases=_ATTENTION_BIAS, window="layer_types", head_norms=True),
    # Abdin et al., 2024, arXiv:2404.14219
    "phi3": Family("Phi-3", linears=_FUSED, window="all", partial=True),
    "gemma3_text": Family(
        "Gemma 3 (text)",
        norms=_GEMMA_NORMS,
        biases=_ATTENTION_BIAS,
        window="layer_types",
        head_norms=True,
        gemma=True,
    ),
}


def unsupported_reason(config: PretrainedConfig, precision: Precision) -> str | None:
    """Return why the core cannot run a model at a precision, or None when it can."""
    family = FAMILIES.get(config.model_type)
    if family is None:
        known = ", ".join(each.title for each in FAMILIES.values())
        return f"the core runs {known}, and this one is {config.model_type!r}"
    for reason in _reasons(family, config):
        return reason
    if precision.four_bit:
        return f"the core has no {precision.label} product; transformers runs it"
    return None


def _reasons(family: Family, config: Any) -> Iterator[str]:
    """Yield what a config asks for and the core has not."""
    if (name := _activation(family, config)) not in ACTIVATIONS:
        yield f"the core's gate is SiLU or GELU by tanh, and this model's is {name!r}"
    for rope in _ropes(family, config):
        if (kind := rope.get("rope_type", "default")) not in SCALINGS:
            yield f"the core knows no {kind!r} stretch of RoPE"
        # Where both are said, transformers takes the one outside of RoPE's own words.
        outside = getattr(config, "original_max_position_embeddings", None)
        inside = rope.get("original_max_position_embeddings")
        if outside and inside and outside != inside:
            yield f"two original windows are named for RoPE, {outside} and {inside}"
        # A config may say it beside RoPE's own words; transformers moves it there at times.
        beside = getattr(config, "partial_rotary_factor", None)
        named = (rope.get("partial_rotary_factor"), beside, 1.0)
        share = next(each for each in named if each is not None)
        if share <= 0:
            yield "the core turns some part of each head, and here none is"
        elif share != 1 and not family.partial:
            yield f"the core turns whole heads in a {family.title}, and here {share} of each"
    if family.gemma and config.attn_logit_softcapping:
        yield "the core sets no bound on the scores of attention (attn_logit_softcapping)"
    if getattr(config, "use_bidirectional_attention", False) or not getattr(
        config, "is_causal", True
    ):
        yield "the core's attention looks back only, and this model's looks ahead too"
    yield from _reasons_of_windows(family, config)


def _reasons_of_windows(family: Family, config: Any) -> Iterator[str]:
    kinds = _layer_kinds(family, config)
    if strange := sorted(set(kinds) - {SLIDING, FULL}):
        yield f"the core knows no layers of the type {strange[0]!r}"
    if SLIDING in kinds and (config.sliding_window is None or config.sliding_window < 1):
        yield f"its layers slide over a window of {config.sliding_window!r} tokens"


def read_config(config: PretrainedConfig) -> TransformerConfig:
    """Translate transformers' config of a model that `unsupported_reason` lets pass."""
    family = FAMILIES[config.model_type]
    return TransformerConfig(
        vocab_size=config.vocab_size,
        hidden_size=config.hidden_size,
        intermediate_size=config.intermediate_size,
        num_attention_heads=config.num_attention_heads,
        num_key_value_heads=config.num_key_value_heads,
        head_dim=head_size(config),
        rms_norm_eps=config.rms_norm_eps,
        layers=tuple(_layer(config, kind) for kind in _layer_kinds(family, config)),
        activation=ACTIVATIONS[_activation(family, config)],
        embedding_scale=config.hidden_size**0.5 if family.gemma else 1.0,
        logit_cap=config.final_logit_softcapping if family.gemma else None,
    )


def head_size(config: Any) -> int:
    """Return D, which a config may leave to the width and the number of heads."""
    own = getattr(config, "head_dim", None)
    return int(own or config.hidden_size // config.num_attention_heads)


def query_factor(config: Any) -> float:
    """Return what queries are multiplied by before the division by sqrt(D)."""
    if not FAMILIES[config.model_type].gemma:
        return 1.0
    return float((head_size(config) / config.query_pre_attn_scalar) ** 0.5)


def _activation(family: Family, config: Any) -> str:
    return str(config.hidden_activation if family.gemma else config.hidden_act)


def _layer_kinds(family: Family, config: Any) -> list[str]:
    if family.window == "layer_types":
        return list(config.layer_types[: config.num_hidden_layers])
    slides = family.window == "all" and config.sliding_window is not None
    return [SLIDING if slides else FULL] * config.num_hidden_layers


def _ropes(family: Family, config: Any) -> list[Mapping[str, Any]]:
    rope = config.rope_parameters
    return [rope[kind] for kind in (SLIDING, FULL)] if family.gemma else [rope]


def _layer(config: Any, kind: str) -> LayerConfig:
    rope = config.rope_parameters
    if FAMILIES[config.model_type].gemma:
        rope = rope[kind]
    size = int(head_size(config) * (rope.get("partial_rotary_factor") or 1.0))
    turning = Rope(size, rope["rope_theta"], _read_scaling(rope))
    return LayerConfig(turning, config.sliding_window if kind == SLIDING else None)


def _read_scaling(rope: Mapping[str, Any]) -> RopeScaling | None:
    kind = rope.get("rope_type", "default")
    if kind == "linear":
        return RopeScaling("linear", rope["factor"])
    if kind == "llama3":
        return RopeScaling(
            "llama3",
            rope["factor"],
            rope["low_freq_factor"],
            rope["high_freq_factor"],
            rope["original_max_position_embeddings"],
        )
    return None
