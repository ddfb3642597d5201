"""What a GGUF file says of itself and transformers would pass over: mended, or refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playground.models.acquire.gguf_whole import complete_numbers
from playground.models.text.tokenizer import Tokenizer, read_end_token_ids
from tests.support.tiny_gguf import convert_here, rewritten, save_tiny_gguf
from tests.support.tiny_llama import save_tiny_llama

ONES = np.ones(64, np.float32)
FEWER_BLOCKS = "holds 36,992 numbers more than .* in blk.1.attn_k.weight; without them"
REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "fewer blocks": ({"llama.block_count": 1}, {}, FEWER_BLOCKS),
    "a bias": ({}, {"blk.0.attn_q.bias": ONES}, "64 numbers more than .* in blk.0.attn_q.bias"),
    "a norm": ({}, {"blk.0.attn_q_norm.weight": ONES[:16]}, "16 numbers more than"),
    "a scale of the logits": ({"llama.logit_scale": 0.5}, {}, "logit_scale 0.5"),
    "a scale of the scores": ({"llama.attention.scale": 0.5}, {}, "attention.scale 0.5"),
    "a look ahead": ({"llama.attention.causal": False}, {}, "attention.causal 0"),
    "a bound": ({"llama.attention.clamp_kqv": 8.0}, {}, "attention.clamp_kqv 8"),
    "places by distance": (
        {"llama.attention.max_alibi_bias": 8.0},
        {},
        "attention.max_alibi_bias 8",
    ),
    "YaRN of another slope": (
        {"llama.rope.scaling.yarn_beta_fast": 8.0},
        {},
        "rope.scaling.yarn_beta_fast 8",
    ),
    "other heads": ({"llama.attention.head_count": 8}, {}, "another shape of model.layers.0.self"),
    "a billion blocks": ({"llama.block_count": 2**31 - 1}, {}, "block_count 2.14748e"),
    "a billion units": ({"llama.embedding_length": 2**31 - 1}, {}, "embedding_length 2.147"),
    "an end that is no token": (
        {"tokenizer.ggml.eos_token_id": 999_999},
        {},
        "eos_token_id 999999, and what it holds allows 0 to 487",
    ),
}


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("whole")
    return save_tiny_gguf(save_tiny_llama(home / "model"), home / "a.gguf", quantize=False)


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_be_passed_over_is_refused_by_name(
    gguf: Path, tmp_path: Path, case: str
) -> None:
    metadata, tensors, reason = REFUSED[case]
    odd = rewritten(gguf, tmp_path / "odd.gguf", metadata, tensors)
    with pytest.raises(SystemExit, match=reason):
        convert_here(odd, tmp_path / "converted")
    assert not list((tmp_path / "converted").glob("*.safetensors"))


@pytest.mark.parametrize("bytes_kept", [4, 20, 5_000, -100])
def test_a_file_that_is_cut_is_said_to_be_that(gguf: Path, tmp_path: Path, bytes_kept: int) -> None:
    (cut := tmp_path / "cut.gguf").write_bytes(gguf.read_bytes()[:bytes_kept])
    with pytest.raises(SystemExit, match=r"it is cut or broken.*copy the file again"):
        convert_here(cut, tmp_path / "converted")


def test_what_changes_nothing_is_taken(gguf: Path, tmp_path: Path) -> None:
    neutral = {"llama.attention.scale": 0.25, "llama.attention.causal": True}
    convert_here(rewritten(gguf, tmp_path / "a.gguf", neutral), tmp_path / "converted")


def test_blocks_that_foresee_further_tokens_are_no_part_of_the_model(
    gguf: Path, tmp_path: Path
) -> None:
    told, tensors = {"llama.nextn_predict_layers": 1}, {"blk.2.nextn.enorm.weight": ONES}
    convert_here(rewritten(gguf, tmp_path / "a.gguf", told, tensors), tmp_path / "converted")


PIECES = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
PIECES += ["▁the", "the", "▁th", "th", "▁", "t", "h", "e", "▁t", "▁h", "▁e"]
PIECES += [f"[PAD{place}]" for place in range(488 - len(PIECES))]


@pytest.mark.parametrize(("prefix", "first"), [(True, "▁the"), (False, "the"), (None, "▁the")])
def test_a_space_stands_before_a_text_only_where_the_file_says_so(
    gguf: Path, tmp_path: Path, prefix: bool | None, first: str
) -> None:
    sentencepiece: dict[str, Any] = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": PIECES,
        "tokenizer.ggml.scores": [-float(place) for place in range(488)],
        "tokenizer.ggml.token_type": [2, 3, 3] + [6] * 256 + [1] * 11 + [5] * 218,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.padding_token_id": 0,
        "tokenizer.ggml.merges": None,
        "tokenizer.ggml.pre": None,
        "tokenizer.ggml.add_space_prefix": prefix,
    }
    folder = convert_here(rewritten(gguf, tmp_path / "a.gguf", sentencepiece), tmp_path / "made")
    tokenizer = Tokenizer.load(folder, read_end_token_ids(folder))
    ids = tokenizer.encode("the the")
    assert [PIECES[each] for each in ids] == [first, "▁the"]
    assert tokenizer.decode(ids) == "the the"


def test_base_and_epsilon_come_from_the_file_where_transformers_reads_neither() -> None:
    from transformers import Starcoder2Config

    config: Any = Starcoder2Config(rope_parameters={"rope_type": "default", "rope_theta": 1e4})
    told = {"rope.freq_base": 999_999.4, "attention.layer_norm_epsilon": 3e-5}
    metadata = {f"starcoder2.{name}": value for name, value in told.items()}
    complete_numbers(config, {"general.architecture": "starcoder2", **metadata})
    assert config.rope_parameters["rope_theta"] == 999_999.4
    assert config.norm_epsilon == 3e-5
