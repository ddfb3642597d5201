"""A model out of GGUF is the model it was made of: its weights, windows and positions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from playground.models.acquire.local import register_path
from playground.models.engines.choice import load_engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from tests.support.core_reach import TEXT, their_logits
from tests.support.family_gguf import gemma_pieces, save_family_gguf
from tests.support.fetching import settings_in
from tests.support.tiny_families import LINEAR, UNTIED, save_tiny
from tests.support.tiny_gguf import convert_here

# What every Gemma 3 below 27 billion has, for a file does not say it.
GEMMA = {
    "vocab_size": len(gemma_pieces()),
    "num_hidden_layers": 7,
    "query_pre_attn_scalar": 256,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": 2,
}
STRETCHED = {
    "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
}
SOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    "Gemma 3": ("gemma3_text", GEMMA),
    "Gemma 3 with stretched positions": ("gemma3_text", {**GEMMA, "rope_parameters": STRETCHED}),
    "Qwen2": ("qwen2", {}),
    "Qwen2, untied": ("qwen2", UNTIED),
    "Qwen2 with stretched positions": ("qwen2", {"rope_parameters": LINEAR}),
    "Qwen3": ("qwen3", {"head_dim": 128, "hidden_size": 32}),
    "Phi-3": ("phi3", {}),
    "Phi-3 with a window": ("phi3", {"sliding_window": 20}),
    "Phi-3 of which a part of each head turns": ("phi3", {"partial_rotary_factor": 0.5}),
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_converted_model_speaks_as_its_source_in_both_engines(
    tmp_path: Path, source: str
) -> None:
    family, changes = SOURCES[source]
    whole = save_tiny(tmp_path / "source", family, **changes)
    folder = convert_here(save_family_gguf(whole, tmp_path / "a.gguf"), tmp_path / "converted")

    before, after = (load_file(each / "model.safetensors") for each in (whole, folder))
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        np.testing.assert_allclose(after[name], tensor, atol=1e-6, err_msg=name)

    expected = their_logits(whole, TEXT[:120])
    model = register_path(folder, settings_in(tmp_path))
    for engine in (EngineName.CORE, EngineName.TRANSFORMERS):
        logits = load_engine(model, Precision.FP32, engine).logits_at_each(TEXT[:120])
        np.testing.assert_allclose(logits, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("family", "more", "reason"),
    [
        ("qwen2", {"attention__sliding_window": 20}, "a window of 20 tokens"),
        ("qwen3", {"final_logit_softcapping": 30.0}, "a bound of 30 .final_logit_softcapping."),
        ("gemma3_text", {"attn_logit_softcapping": 50.0}, "a bound of 50 .attn_logit_softcapping."),
    ],
)
def test_what_transformers_would_pass_over_is_refused(
    tmp_path: Path, family: str, more: dict[str, float], reason: str
) -> None:
    changes: dict[str, Any] = {"gemma3_text": GEMMA, "qwen3": {"head_dim": 128}}.get(family, {})
    whole = save_tiny(tmp_path / "source", family, **changes)
    gguf = save_family_gguf(whole, tmp_path / "a.gguf", **more)
    with pytest.raises(SystemExit, match=reason):
        convert_here(gguf, tmp_path / "converted")
