"""The tiny Llama as a GGUF file, the way llama.cpp's converter writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.models.acquire.convert import main
from playground.models.engines.core_families import head_size
from tests.support.tiny_llama import CHATML


def save_tiny_gguf(
    folder: Path,
    gguf: Path,
    *,
    quantize: bool = True,
    rule: str = "smollm",
    end_of_turn: int | None = None,
    without: str = "",
    parts: int = 1,
) -> Path:
    """Write the model of a folder, made by `save_tiny_llama`, as one GGUF file.

    Parameters
    ----------
    folder : Path
        Config, safetensors and tokenizer.
    gguf : Path
        The file to write.
    quantize : bool
        Q8_0 for the matrices, otherwise FP32 for all.
    rule : str
        By which texts are split into words.
    end_of_turn : int, optional
        A second token that ends a reply.
    without : str
        A tensor that is left out.
    parts : int
        Into how many files the model is said to be split.
    """
    from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, quants
    from safetensors.numpy import load_file
    from transformers import AutoConfig, AutoTokenizer

    config = AutoConfig.from_pretrained(folder)
    writer = GGUFWriter(gguf, "llama")
    writer.add_name("tiny")
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0 if quantize else LlamaFileType.ALL_F32)
    add_shape(writer, config, theta=config.rope_parameters["rope_theta"])
    _add_scaling(writer, config)
    add_tokenizer(writer, AutoTokenizer.from_pretrained(folder), rule)
    if end_of_turn is not None:
        writer.add_eot_token_id(end_of_turn)
    if parts > 1:
        writer.add_uint16("split.no", 0)
        writer.add_uint16("split.count", parts)
    for name, tensor in load_file(folder / "model.safetensors").items():
        if gguf_name(name) == without:
            continue
        laid_out = _rows_as_llama_cpp(name, tensor, config)
        if quantize and tensor.ndim == 2:
            kind = GGMLQuantizationType.Q8_0
            writer.add_tensor(gguf_name(name), quants.quantize(laid_out, kind), raw_dtype=kind)
        else:
            writer.add_tensor(gguf_name(name), laid_out)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return gguf


def add_shape(writer: Any, config: Any, theta: float) -> None:
    """Write the sizes of a model."""
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_dimension_count(head_size(config))
    writer.add_rope_freq_base(theta)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)


def _add_scaling(writer: Any, config: Any) -> None:
    """Say how positions are stretched, as llama.cpp's converter does."""
    from gguf import RopeScalingType

    rope = config.rope_parameters
    if rope["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", _llama3_divisors(rope, config.head_dim))
    elif rope["rope_type"] in ("linear", "yarn"):
        writer.add_rope_scaling_type(RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
    if rope["rope_type"] == "yarn":
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])


def _llama3_divisors(rope: Any, head_size: int) -> NDArray[np.float32]:
    divisors = []
    length = rope["original_max_position_embeddings"]
    low, high = length / rope["low_freq_factor"], length / rope["high_freq_factor"]
    for place in range(0, head_size, 2):
        wavelength = 2 * np.pi * rope["rope_theta"] ** (place / head_size)
        if wavelength < high:
            divisors.append(1.0)
        elif wavelength > low:
            divisors.append(rope["factor"])
        else:
            smooth = length / wavelength - rope["low_freq_factor"]
            smooth /= rope["high_freq_factor"] - rope["low_freq_factor"]
            divisors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(divisors, np.float32)


def rewritten(
    gguf: Path,
    path: Path,
    metadata: dict[str, Any] | None = None,
    tensors: dict[str, NDArray[np.float32]] | None = None,
) -> Path:
    """Write an FP32 file anew with other metadata, and with tensors besides its own.

    A value that is None leaves its name out.
    """
    from gguf import GGUFReader, GGUFValueType, GGUFWriter

    reader, changes = GGUFReader(gguf), metadata or {}
    writer = GGUFWriter(path, reader.fields["general.architecture"].contents())
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name not in {"general.architecture", *changes}:
            inner = field.types[1] if field.types[0] is GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], inner)
    for name, value in changes.items():
        if isinstance(value, list):
            writer.add_array(name, value)
        elif value is not None:
            writer.add_key_value(name, value, GGUFValueType.get_type(value))
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, np.array(tensor.data))
    for name, added in (tensors or {}).items():
        writer.add_tensor(name, added)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def convert_here(gguf: Path, folder: Path) -> Path:
    """Convert a file in this process, which spares the start of another, and return the folder."""
    folder.mkdir()
    main(gguf, folder)
    return folder


def add_tokenizer(writer: Any, tokenizer: Any, rule: str) -> None:
    """Write a byte-level tokenizer that splits texts by a rule."""
    from gguf import TokenType

    pieces = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    special = set(tokenizer.all_special_tokens)
    types = [TokenType.CONTROL if piece in special else TokenType.NORMAL for piece in pieces]
    merges = tokenizer.backend_tokenizer.model
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(rule)
    writer.add_token_list(pieces)
    writer.add_token_types(types)
    writer.add_token_merges(_merges(merges))
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_unk_token_id(tokenizer.unk_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHATML)


def _merges(model: Any) -> list[str]:
    import json

    state = json.loads(model.__getstate__())
    return [" ".join(pair) if isinstance(pair, list) else pair for pair in state["merges"]]


def gguf_name(name: str) -> str:
    """Return llama.cpp's name of a tensor of transformers'."""
    for ours, theirs in (
        ("lm_head", "output"),
        ("model.embed_tokens", "token_embd"),
        ("model.layers.", "blk."),
        ("model.norm", "output_norm"),
        ("input_layernorm", "attn_norm"),
        ("post_attention_layernorm", "ffn_norm"),
        ("self_attn.q_norm", "attn_q_norm"),
        ("self_attn.k_norm", "attn_k_norm"),
        ("self_attn.qkv_proj", "attn_qkv"),
        ("mlp.gate_up_proj", "ffn_up"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
    ):
        name = name.replace(ours, theirs)
    return name


def _rows_as_llama_cpp(name: str, tensor: NDArray[Any], config: Any) -> NDArray[Any]:
    """Interleave the halves of each head's rows: llama.cpp rotates neighbours, not halves."""
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    count = next((n for key, n in heads.items() if key in name), None)
    if count is None:
        return tensor
    rows, columns = tensor.shape
    halves = tensor.reshape(count, 2, rows // count // 2, columns)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows, columns))
