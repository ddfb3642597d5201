"""Tiny random models of every family that the core runs, and of what it refuses.

Every weight is random, those too that transformers starts at one or zero: a gain or a bias that is
left out must show.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.tiny_llama import tiny_tokenizer

UNTIED = {"tie_word_embeddings": False}
TIED = {"tie_word_embeddings": True}
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
    "rope_theta": 1e4,
}
LINEAR = {"rope_type": "linear", "factor": 4.0, "rope_theta": 1e4}
YARN = {**LINEAR, "rope_type": "yarn", "original_max_position_embeddings": 64}
LONG = {
    "rope_type": "longrope",
    "rope_theta": 1e4,
    "short_factor": [1.0] * 12,
    "long_factor": [4.0] * 12,
    "original_max_position_embeddings": 64,
}
# The windows are shorter than the texts of the tests, and one is longer than a block of queries.
ALTERNATING = {
    "use_sliding_window": True,
    "sliding_window": 20,
    "layer_types": ["full_attention", "sliding_attention", "full_attention"],
}

RUNS: Mapping[str, Mapping[str, dict[str, Any]]] = {
    "llama": {
        "tied": TIED,
        "untied": UNTIED,
        "attention bias": {"attention_bias": True},
        "bias in both": {"attention_bias": True, "mlp_bias": True},
        "wide heads": {"head_dim": 32},
        "Llama 3's RoPE": {"rope_parameters": LLAMA3},
        "linear RoPE": {"rope_parameters": LINEAR},
        "another family's gate and window, to no effect": {
            "hidden_activation": "gelu_pytorch_tanh",
            "sliding_window": 20,
        },
    },
    "mistral": {
        "no window": {"sliding_window": None},
        "window of 20": {"sliding_window": 20},
        "window of 1": {"sliding_window": 1},
        "window of 150, tied": {"sliding_window": 150, **TIED},
        "wide heads": {"head_dim": 32, "sliding_window": 20},
    },
    "qwen2": {
        "tied": TIED,
        "untied": UNTIED,
        "one key head": {"num_key_value_heads": 1},
        "window in the upper blocks": {
            "use_sliding_window": True,
            "sliding_window": 20,
            "max_window_layers": 1,
        },
        "window in some blocks": ALTERNATING,
    },
    "qwen3": {
        "tied": TIED,
        "untied": UNTIED,
        "wide heads": {"head_dim": 32},
        "attention bias": {"attention_bias": True},
        "window in some blocks": ALTERNATING,
    },
    "phi3": {
        "whole heads": {},
        "half of each head": {"partial_rotary_factor": 0.5},
        "grouped queries, tied": {"num_key_value_heads": 2, **TIED},
        "window of 20": {"sliding_window": 20},
        "window of 150, a part of each head": {"sliding_window": 150, "partial_rotary_factor": 0.5},
    },
    "gemma3_text": {
        "window in five of six blocks": {"num_hidden_layers": 7},
        "a block of each kind": {
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]
        },
        "window of 150": {"sliding_window": 150},
        "untied": UNTIED,
        "scores over a scale of their own": {"query_pre_attn_scalar": 7},
        "bounded logits": {"final_logit_softcapping": 3.0},
        "attention bias": {"attention_bias": True},
        "linear RoPE in the full blocks": {
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
            "rope_parameters": {
                "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
                "full_attention": {**LINEAR, "rope_theta": 1e6},
            },
        },
    },
}

# By what is asked: family, change, and what the sentence must name.
REFUSED: Mapping[str, tuple[str, dict[str, Any], str]] = {
    "YaRN": ("llama", {"rope_parameters": YARN}, "'yarn' stretch of RoPE"),
    "dynamic RoPE": (
        "qwen2",
        {"rope_parameters": {**LINEAR, "rope_type": "dynamic"}},
        "'dynamic' stretch of RoPE",
    ),
    "LongRoPE": ("phi3", {"rope_parameters": LONG}, "'longrope' stretch of RoPE"),
    "YaRN in Gemma's full blocks": (
        "gemma3_text",
        {
            "rope_parameters": {
                "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
                "full_attention": YARN,
            }
        },
        "'yarn' stretch of RoPE",
    ),
    "two original windows": (
        "llama",
        {"rope_parameters": LLAMA3, "original_max_position_embeddings": 32},
        "two original windows are named for RoPE",
    ),
    "no part of a head": (
        "phi3",
        {"partial_rotary_factor": 0.0},
        "some part of each head, and here none is",
    ),
    "a part of each head outside Phi-3": (
        "llama",
        {"rope_parameters": {**LINEAR, "partial_rotary_factor": 0.5}},
        "whole heads in a Llama, and here 0.5",
    ),
    "a part of each head, said beside RoPE": (
        "gemma3_text",
        {"partial_rotary_factor": 0.5},
        "whole heads in a Gemma 3 (text), and here 0.5",
    ),
    "another gate": ("mistral", {"hidden_act": "relu"}, "this model's is 'relu'"),
    "another gate in Gemma": (
        "gemma3_text",
        {"hidden_activation": "gelu"},
        "this model's is 'gelu'",
    ),
    "bounded scores of attention": (
        "gemma3_text",
        {"attn_logit_softcapping": 50.0},
        "attn_logit_softcapping",
    ),
    "a look ahead": ("gemma3_text", {"use_bidirectional_attention": True}, "looks ahead"),
    "a window of nothing": ("mistral", {"sliding_window": 0}, "a window of 0 tokens"),
    "a window without a size": (
        "qwen3",
        {**ALTERNATING, "use_sliding_window": False},
        "a window of None tokens",
    ),
    "blocks of another kind": (
        "qwen3",
        {"layer_types": ["full_attention", "chunked_attention", "full_attention"]},
        "type 'chunked_attention'",
    ),
    "another architecture": ("gemma2", {}, "this one is 'gemma2'"),
    "a mixture of experts": ("qwen3_moe", {}, "this one is 'qwen3_moe'"),
}


@cache
def _tokenizer() -> Any:
    return tiny_tokenizer()


def tiny_config(family: str, **changes: Any) -> Any:
    """Return transformers' config of a tiny model of a family, with some changes."""
    from transformers import AutoConfig

    tokenizer = _tokenizer()
    common: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 48,
        "intermediate_size": 80,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        # Wider than the usual 0.02, so that the logits differ enough to choose between them.
        "initializer_range": 0.2,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    of_gemma = {"head_dim": 16, "sliding_window": 20, "query_pre_attn_scalar": 16}
    own = {
        "qwen3": {"head_dim": 16},
        "gemma3_text": of_gemma,
        "phi3": {"num_attention_heads": 2, "num_key_value_heads": 1},
    }
    return AutoConfig.for_model(family, **{**common, **own.get(family, {}), **changes})


def save_tiny(folder: Path, family: str, **changes: Any) -> Path:
    """Write config, safetensors and tokenizer of a tiny random model of a family.

    Parameters
    ----------
    folder : Path
        Where to write; made if absent.
    family : str
        transformers' ``model_type``.
    **changes
        Overrides of its config.
    """
    import torch
    from transformers import AutoModelForCausalLM

    library: Any = AutoModelForCausalLM
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = library.from_config(tiny_config(family, **changes))
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim == 1:
                    parameter += 0.3 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    return folder
