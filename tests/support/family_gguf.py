"""Tiny models of the core's other families as GGUF files, as llama.cpp's converter writes them.

Their rows are as transformers has them; Llama's are interleaved, see `tests.support.tiny_gguf`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playground.models.engines.core_families import head_size
from tests.support.tiny_gguf import add_shape, add_tokenizer, gguf_name
from tests.support.tiny_sentencepiece import tiny_sentencepiece

# llama.cpp's architecture, and the rule by which texts are split; "" is SentencePiece.
ARCHITECTURES = {
    "qwen2": ("qwen2", "qwen2"),
    "qwen3": ("qwen3", "qwen2"),
    "phi3": ("phi3", "smollm"),
    "gemma3_text": ("gemma3", ""),
}


def save_family_gguf(folder: Path, gguf: Path, **more: float) -> Path:
    """Write the model of a folder, made by `save_tiny`, as one GGUF file in FP32.

    Parameters
    ----------
    folder : Path
        Config, safetensors and tokenizer.
    gguf : Path
        The file to write.
    **more : float
        Metadata besides, with two underscores for a dot, such as ``rope__dimension_count=6``.
    """
    from gguf import GGUFWriter, LlamaFileType
    from safetensors.numpy import load_file
    from transformers import AutoConfig, AutoTokenizer

    config: Any = AutoConfig.from_pretrained(folder)
    architecture, rule = ARCHITECTURES[config.model_type]
    writer = GGUFWriter(gguf, architecture)
    writer.add_name("tiny")
    writer.add_file_type(LlamaFileType.ALL_F32)
    rope = config.rope_parameters
    add_shape(writer, config, theta=rope.get("full_attention", rope)["rope_theta"])
    writer.add_key_length(head_size(config))
    writer.add_value_length(head_size(config))
    _add_attention(writer, config, architecture, more)
    if rule:
        add_tokenizer(writer, AutoTokenizer.from_pretrained(folder), rule)
    else:
        _add_gemma_tokenizer(writer)
    for name, tensor in load_file(folder / "model.safetensors").items():
        # llama.cpp stores the gains of Gemma's norms whole, transformers less one.
        whole = tensor + 1 if architecture == "gemma3" and "norm" in name else tensor
        writer.add_tensor(_name(name, architecture), whole)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return gguf


def _add_attention(writer: Any, config: Any, architecture: str, more: dict[str, float]) -> None:
    """Say what is stretched, how far attention sees, and what a test adds."""
    from gguf import RopeScalingType

    rope = config.rope_parameters
    if "factor" in (whole := rope.get("full_attention", rope)):
        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(whole["factor"])
    if (window := getattr(config, "sliding_window", None)) is not None:
        writer.add_sliding_window(window)
    elif architecture == "phi3":
        writer.add_sliding_window(0)
    if (share := rope.get("partial_rotary_factor", 1.0)) != 1:
        more = {"rope__dimension_count": int(head_size(config) * share), **more}
    for name, value in more.items():
        key = f"{architecture}.{name.replace('__', '.')}"
        for kind in writer.kv_data:
            kind.pop(key, None)
        (writer.add_uint32 if isinstance(value, int) else writer.add_float32)(key, value)


def gemma_pieces() -> list[str]:
    """Return the tokens of the tiny Gemma: its own controls, then those of `tiny_sentencepiece`."""
    tokenizer = tiny_sentencepiece()
    pieces = tokenizer.convert_ids_to_tokens(list(range(3, len(tokenizer))))
    return ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *pieces]


def _add_gemma_tokenizer(writer: Any) -> None:
    from gguf import TokenType

    pieces = gemma_pieces()
    types = [TokenType.CONTROL] * 3 + [TokenType.UNKNOWN, TokenType.CONTROL]
    types += [
        TokenType.BYTE if piece.startswith("<0x") else TokenType.NORMAL for piece in pieces[5:]
    ]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(pieces)
    writer.add_token_scores([-float(place) for place in range(len(pieces))])
    writer.add_token_types(types)
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_unk_token_id(3)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)


def _name(name: str, architecture: str) -> str:
    if architecture == "gemma3":
        for ours, theirs in (
            ("post_attention_layernorm", "post_attention_norm"),
            ("pre_feedforward_layernorm", "ffn_norm"),
            ("post_feedforward_layernorm", "post_ffw_norm"),
        ):
            name = name.replace(ours, theirs)
    return gguf_name(name)
