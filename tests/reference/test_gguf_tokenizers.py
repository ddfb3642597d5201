# ruff: noqa: RUF001 - texts in many scripts
"""Texts are split by the rule that a GGUF file names: held to the rules themselves, as patterns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import regex

from playground.errors import ModelUnavailable
from playground.models.acquire.gguf_tokenizer import (
    BY_ARCHITECTURE,
    GPT2,
    KNOWN_TO_TRANSFORMERS,
    RULE,
    SINGLE_DIGITS,
    end_token_ids,
    rule_of,
)
from playground.models.acquire.store import InstalledModel
from playground.models.text.tokenizer import Tokenizer, read_end_token_ids
from tests.support.tiny_gguf import convert_here, save_tiny_gguf

GPT2_SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_ENDINGS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3_SPLIT = _ENDINGS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + _TAIL
QWEN2_SPLIT = _ENDINGS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + _TAIL

SCRIPTS = (
    "Hello world, it's a naïve café's menu",
    "Привет, как дела сегодня",
    "Γειά σου Κόσμε τι κάνεις",
    "שלום עולם מה שלומך",
    "مرحبا بالعالم كيف حالك",
    "नमस्ते दुनिया आप कैसे हैं",
    "হ্যালো বিশ্ব কেমন আছো",
    "ਸਤ ਸ੍ਰੀ ਅਕਾਲ ਦੁਨਿਆ",
    "வணக்கம் உலகம் எப்படி",
    "హలో ప్రపంచం ఎలా ఉన్నావు",
    "สวัสดีชาวโลก สบายดีไหม",
    "ສະບາຍດີ ຊາວໂລກ",
    "ជំរាបសួរ ពិភពលោក",
    "გამარჯობა მსოფლიო",
    "Բարեւ աշխարհ ինչպես ես",
    "你好，世界！今天怎么样",
    "こんにちは世界 カタカナ",
    "안녕하세요 세계 잘 지내",
    "ሰላም ልዑል እንዴት ነህ",
    "🦑🏳️‍🌈 👩‍👩‍👧‍👦 ok ☂️",
    "def f(x):\n    return x[1:20] + 0x1F  # 3.14e-10",
    "a  2\t\t7\r\n x = 1\n    2 ١٢٣ ½ Ⅷ",
)


def load(folder: Path) -> Tokenizer:
    return Tokenizer.load(folder, read_end_token_ids(folder))


def texts(count: int = 500) -> list[str]:
    """Return texts in every script, with digits and white space in every position."""
    rng = np.random.default_rng(0)
    between = (
        "",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        " \n ",
        "\u00a0",
        "\r\n",
        "   7",
        "12 345",
        "\n\n1.",
    )
    found = list(SCRIPTS)
    while len(found) < count:
        words = [word for each in rng.choice(SCRIPTS, 2) for word in each.split(" ")]
        cut = rng.choice(words, 4)
        found.append(
            "".join(f"{gap}{word}" for gap, word in zip(rng.choice(between, 4), cut, strict=True))
        )
        found[-1] += str(rng.choice(between))
    return found


def expected_ids(backend: Any, text: str, split: str, *, single_digits: bool) -> list[int]:
    """Return the ids by the rule: split, spell each word's bytes, and merge."""
    model = backend.model
    words = regex.findall(r"\p{N}|\P{N}+", text) if single_digits else [text]
    ids: list[int] = []
    for word in words:
        for piece in regex.findall(split, word):
            spelled = "".join(_BYTES[byte] for byte in piece.encode())
            ids += [token.id for token in model.tokenize(spelled)]
    return ids


def _byte_alphabet() -> dict[int, str]:
    """Return GPT-2's visible character of each byte (Radford et al. 2019, their encoder)."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {byte: chr(byte) for byte in visible} | {
        byte: chr(256 + place) for place, byte in enumerate(hidden)
    }


_BYTES = _byte_alphabet()


def test_the_default_models_ids_are_those_of_its_own_rule(default_model: InstalledModel) -> None:
    tokenizer = load(default_model.path)
    backend = tokenizer._backend
    assert tokenizer.encode("Steps:\n\n1. mix")[2] == 1116
    for text in texts():
        found = list(tokenizer.encode(text))
        assert found == expected_ids(backend, text, GPT2_SPLIT, single_digits=True), repr(text)


@pytest.mark.parametrize(
    ("rule", "split", "single_digits"),
    [
        *((rule, GPT2_SPLIT, True) for rule in sorted(SINGLE_DIGITS)),
        ("gpt-2", GPT2_SPLIT, False),
        ("llama-bpe", LLAMA3_SPLIT, False),
        ("qwen2", QWEN2_SPLIT, False),
    ],
)
def test_every_rule_splits_as_its_pattern_says(
    tiny_model_folder: Path, tmp_path: Path, rule: str, split: str, single_digits: bool
) -> None:
    gguf = save_tiny_gguf(tiny_model_folder, tmp_path / "tiny.gguf", rule=rule)
    folder = convert_here(gguf, tmp_path / "out")
    tokenizer = load(folder)
    for text in texts(100):
        words = regex.findall(r"\p{N}|\P{N}+", text) if single_digits else [text]
        pieces = [piece for word in words for piece in regex.findall(split, word)]
        given = tokenizer._backend.pre_tokenizer.pre_tokenize_str(text)
        assert ["".join(_BYTES[b] for b in piece.encode()) for piece in pieces] == [
            piece for piece, _ in given
        ], repr(text)


def test_a_rule_is_in_one_family_and_transformers_knows_what_is_left_to_it() -> None:
    from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

    assert not SINGLE_DIGITS & GPT2
    assert not (SINGLE_DIGITS | GPT2) & KNOWN_TO_TRANSFORMERS
    assert set(GGUF_PRE_TOKENIZER_SPLITS) >= KNOWN_TO_TRANSFORMERS
    assert set(BY_ARCHITECTURE.values()) <= GPT2 | KNOWN_TO_TRANSFORMERS


@pytest.mark.parametrize("rule", ["falcon", "deepseek-llm", "default", "nonsense"])
def test_a_rule_that_is_not_known_is_refused_by_name(rule: str) -> None:
    metadata = {"tokenizer.ggml.model": "gpt2", RULE: rule, "general.architecture": "llama"}
    with pytest.raises(ModelUnavailable, match=f"{rule}.*|.*{rule}") as raised:
        rule_of(metadata)
    assert RULE in str(raised.value)


def test_every_end_token_of_the_file_ends_a_reply(tiny_model_folder: Path, tmp_path: Path) -> None:
    gguf = save_tiny_gguf(tiny_model_folder, tmp_path / "tiny.gguf", end_of_turn=7)
    folder = convert_here(gguf, tmp_path / "out")
    stored = json.loads((folder / "generation_config.json").read_text("utf-8"))
    assert stored["eos_token_id"][1:] == [7]
    assert 7 in load(folder).end_token_ids
    assert end_token_ids({"tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.eot_token_id": 2}) == [
        2
    ]


def test_what_lies_beside_a_gguf_is_not_its_own(tiny_model_folder: Path, tmp_path: Path) -> None:
    gguf = save_tiny_gguf(tiny_model_folder, tmp_path / "tiny.gguf")
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    (tmp_path / "config.json").write_text("{}", "utf-8")
    folder = convert_here(gguf, tmp_path / "out")
    assert load(folder).encode("Hello") == load(tiny_model_folder).encode("Hello")


@pytest.mark.parametrize(
    "lacking", ["blk.0.attn_q.weight", "output_norm.weight", "blk.1.ffn_up.weight"]
)
def test_a_file_that_lacks_a_tensor_is_refused_and_nothing_is_saved(
    tiny_model_folder: Path, tmp_path: Path, lacking: str
) -> None:
    gguf = save_tiny_gguf(tiny_model_folder, tmp_path / "tiny.gguf", without=lacking)
    with pytest.raises(SystemExit, match="it lacks 1 of the model's tensors"):
        convert_here(gguf, tmp_path / "out")
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_part_of_a_split_file_is_refused(tiny_model_folder: Path, tmp_path: Path) -> None:
    gguf = save_tiny_gguf(tiny_model_folder, tmp_path / "tiny.gguf", parts=3)
    with pytest.raises(SystemExit, match="it is part 1 of 3"):
        convert_here(gguf, tmp_path / "out")
