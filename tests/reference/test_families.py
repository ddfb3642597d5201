"""Families that transformers runs here: each as transformers runs it alone, or refused by name.

The core's own families are in `test_core_families`. A family is a line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from playground.errors import (
    BrokenCache,
    ModelUnavailable,
    PlaygroundError,
    PrecisionUnavailable,
)
from playground.generation.language_model import LanguageModel
from playground.models.acquire.local import register_path
from playground.models.acquire.store import InstalledModel
from playground.models.config import read_model_config
from playground.models.engines.choice import load_engine
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import load_transformers_engine
from tests.support.core_reach import their_logits
from tests.support.fetching import settings_in
from tests.support.tiny_families import save_tiny

IDS = np.random.default_rng(5).integers(3, 200, 40)
ATTENTION = {"layer_types": ["conv", "full_attention", "conv"]}
STATES = {"mamba_d_state": 8, "mamba_n_heads": 4, "mamba_d_head": 24, "mamba_chunk_size": 16}
EXPERTS = {"num_experts": 4, "attn_layer_period": 2, "attn_layer_offset": 1}
WIDTHS = {
    "d_model": 48,
    "encoder_ffn_dim": 80,
    "decoder_ffn_dim": 80,
    "decoder_attention_heads": 4,
    "decoder_layers": 3,
    "encoder_layers": 1,
}
# Learned places, ALiBi, half of a head turned, states in place of keys, experts, windows.
RUNS: dict[str, dict[str, Any]] = {
    "gpt2": {},
    "gpt_neox": {"num_key_value_heads": None},
    "bloom": {},
    "opt": {"word_embed_proj_dim": 48, "ffn_dim": 80},
    "phi": {"num_key_value_heads": 4},
    "falcon": {"num_kv_heads": None},
    "stablelm": {"num_attention_heads": 2, "num_key_value_heads": 1},
    "cohere": {},
    "mixtral": {"num_local_experts": 4},
    "gemma2": {"sliding_window": 16, "head_dim": 12},
    "mamba": {"state_size": 8},
    "mamba2": {"state_size": 8, "num_heads": 8, "head_dim": 12, "n_groups": 1, "chunk_size": 16},
    "lfm2": ATTENTION,
    "bert": {"is_decoder": True},
    # A head by another name; keys beside a state; states with experts; a decoder of more layers
    # than its encoder would have; keys that are compressed.
    "bert-generation": {"is_decoder": True},
    "falcon_h1": {**STATES, "mamba_d_ssm": 96},
    "jamba": {**STATES, **EXPERTS, "mamba_dt_rank": 8},
    "bart": {**WIDTHS, "is_encoder_decoder": False, "forced_eos_token_id": None},
    "deepseek_v4": {"n_routed_experts": 8},  # of 256, each with names and tensors of its own
}
# Of more than one vector a token between the blocks.
NO_STATES = {"deepseek_v4"}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "rwkv": ({"attention_hidden_size": 48}, "remembers what it has read in a way"),
    "recurrent_gemma": (
        {"lru_width": 48, "attention_window_size": 16},
        "mixes two texts that are read in turns",
    ),
    "roberta": ({"is_decoder": False}, "looks at tokens that come later"),
    "jamba": (
        {**STATES, "mamba_dt_rank": 8, "attn_layer_offset": 7, "attn_layer_period": 8},
        "architecture 'jamba' fails at the first tokens",
    ),
    "minimax": ({"num_local_experts": 4}, "architecture 'minimax' fails at the first tokens"),
    # Its step leaves out a bound that its reading at once keeps to.
    "nemotron_h": (
        {
            "layers_block_type": ["mamba", "attention", "mamba"],
            "mamba_num_heads": 4,
            "mamba_head_dim": 24,
            "ssm_state_size": 8,
            "n_groups": 1,
            "chunk_size": 16,
        },
        "reads a text otherwise piece by piece than at once",
    ),
}
NOT_QUANTIZED = {"falcon": "no Linear.* layer came out of loading", "mamba": "does not run at"}
QUANTIZED = [Precision.INT8, Precision.NF4]


def installed(home: Path, family: str, changes: dict[str, Any]) -> InstalledModel:
    return register_path(save_tiny(home / "model", family, **changes), settings_in(home))


@pytest.fixture(params=list(RUNS))
def model(tmp_path: Path, request: pytest.FixtureRequest) -> InstalledModel:
    return installed(tmp_path, request.param, RUNS[request.param])


def in_steps(engine: Engine) -> np.ndarray[Any, Any]:
    """Return the logits after each place from the tenth on, with another row read in between."""
    cache, other = engine.new_cache(), engine.new_cache()
    found = [engine.forward(IDS[None, :10], [cache])[0]]
    for step in range(10, len(IDS)):
        engine.forward(IDS[None, step - 9 : step - 7], [other])
        if step == 25:  # a copy goes on as the row that it was taken of
            cache = cache.copy()
        found.append(engine.forward(IDS[None, step : step + 1], [cache])[0])
    assert cache.length == len(IDS)
    assert cache.size_bytes > 0
    return np.stack(found)


def test_logits_at_once_and_in_steps_equal_transformers(model: InstalledModel) -> None:
    engine = load_engine(model, Precision.FP32, EngineName.AUTO)
    assert engine.name == "transformers"
    expected = their_logits(model.path, IDS)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(engine.logits_at_each(IDS), expected, atol=1e-4, rtol=0)
    np.testing.assert_allclose(in_steps(engine), expected[9:], atol=1e-4, rtol=0)
    cache = engine.new_cache()
    for start, stop in ((0, 20), (20, 23), (23, 39), (39, 40)):
        logits = engine.forward(IDS[None, start:stop], [cache])
        np.testing.assert_allclose(logits[0], expected[stop - 1], atol=1e-4, rtol=0)
    if read_model_config(model.path).model_type in NO_STATES:
        with pytest.raises(PlaygroundError, match="other than one vector a token"):
            engine.hidden_states(IDS)
        return
    states = engine.hidden_states(IDS)
    assert states.shape[:2] == (4, len(IDS))


def test_text_at_temperature_zero_equals_transformers(model: InstalledModel) -> None:
    engine = load_transformers_engine(model, Precision.FP32)
    ours = LanguageModel(engine).generate("The cat reads", temperature=0, max_new_tokens=20)
    prompt = torch.tensor([engine.tokenizer.encode_text_prompt("The cat reads")])
    theirs: Any = engine.network
    told = theirs.generate(prompt, do_sample=False, max_new_tokens=20, pad_token_id=0)
    assert ours.text == engine.tokenizer.decode(told[0, prompt.shape[1] :].tolist())


@pytest.mark.parametrize("precision", QUANTIZED, ids=str)
def test_quantized_it_runs_in_steps_as_at_once_or_is_refused(
    model: InstalledModel, precision: Precision
) -> None:
    if reason := NOT_QUANTIZED.get(read_model_config(model.path).model_type):
        with pytest.raises(PrecisionUnavailable, match=f"{reason}.*Choose another precision"):
            load_transformers_engine(model, precision)
        return
    engine = load_transformers_engine(model, precision)
    whole = engine.logits_at_each(IDS)
    alike = [np.corrcoef(*pair)[0, 1] for pair in zip(whole[9:], in_steps(engine), strict=True)]
    assert min(alike) > 0.98


@pytest.mark.parametrize("precision", [Precision.BF16, *QUANTIZED])
def test_a_step_by_another_formula_is_refused_where_rounding_hides_it(
    tmp_path: Path, precision: Precision
) -> None:
    changes, reason = REFUSED["nemotron_h"]
    model = installed(tmp_path, "nemotron_h", changes)
    with pytest.raises(ModelUnavailable, match=reason):
        load_engine(model, precision, EngineName.TRANSFORMERS)


@pytest.mark.parametrize("family", REFUSED)
def test_what_would_write_wrong_is_refused_with_its_reason(tmp_path: Path, family: str) -> None:
    changes, reason = REFUSED[family]
    model = installed(tmp_path, family, changes)
    with pytest.raises(PlaygroundError, match=reason):
        load_engine(model, Precision.FP32, EngineName.AUTO)


# An older name, another prefix, one expert of those that are put together.
TWICE = {
    "gpt2": ("transformer.ln_f.weight", "ln_f.weight"),
    "bert": ("bert.embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.gamma"),
    "mixtral": (
        "model.layers.1.block_sparse_moe.experts.2.w1.weight",
        "layers.1.block_sparse_moe.experts.2.w1.weight",
    ),
}


@pytest.mark.parametrize("family", TWICE)
def test_a_weight_that_stands_twice_is_refused_with_both_names(tmp_path: Path, family: str) -> None:
    model = installed(tmp_path, family, RUNS[family])
    path, names = model.path / "model.safetensors", TWICE[family]
    tensors = load_file(path)
    save_file({**tensors, names[1]: tensors[names[0]] + 1}, path, {"format": "pt"})
    first, second = sorted(names)
    with pytest.raises(BrokenCache, match=f"one weight twice, as {first} and as {second}"):
        load_transformers_engine(model, Precision.FP32)


# INT8+head is the core's alone, and refused before a model is looked at.
@pytest.mark.parametrize(
    "precision", [each for each in Precision if each is not Precision.INT8_HEAD], ids=str
)
def test_what_looks_ahead_is_refused_at_every_precision(
    tmp_path: Path, precision: Precision
) -> None:
    model = installed(tmp_path, "bert", {"is_decoder": False})
    with pytest.raises(PlaygroundError, match="looks at tokens that come later"):
        load_transformers_engine(model, precision)


def test_an_encoder_with_a_decoder_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(d_model=16, num_layers=1, num_heads=2, d_ff=16, d_kv=8, vocab_size=400)
    save_tiny(tmp_path / "t5", "gpt2")  # for its tokenizer
    T5ForConditionalGeneration(config).save_pretrained(tmp_path / "t5")
    with pytest.raises(PlaygroundError, match=r"holds an encoder with a decoder \(t5\)"):
        register_path(tmp_path / "t5", settings_in(tmp_path))
