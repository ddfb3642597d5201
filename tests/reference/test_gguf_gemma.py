"""A Gemma 3 out of GGUF: its norms, windows and positions are those of the model it was made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import AutoConfig, AutoModelForCausalLM

from playground.models.acquire.local import register_path
from playground.models.engines.choice import EngineName, load_engine
from playground.models.engines.precision import Precision
from tests.support.fetching import settings_in
from tests.support.tiny_families import save_tiny
from tests.support.tiny_gguf import convert_here, gemma_pieces, save_tiny_gemma_gguf

# Longer than the window of the tiny Gemma.
TEXT = np.random.default_rng(5).integers(3, 250, 90)
THETAS = {"sliding_attention": 1e4, "full_attention": 1e6}


def ropes(stretch: float) -> dict[str, dict[str, object]]:
    """Return transformers' words for positions of which the full blocks' are stretched."""
    plain = {kind: {"rope_type": "default", "rope_theta": base} for kind, base in THETAS.items()}
    linear = {"rope_type": "linear", "factor": stretch, "rope_theta": THETAS["full_attention"]}
    return plain if stretch == 1 else {**plain, "full_attention": linear}


@pytest.mark.parametrize("stretch", [1.0, 8.0])
def test_a_converted_gemma_speaks_as_its_source_in_both_engines(
    tmp_path: Path, stretch: float
) -> None:
    source = save_tiny(
        tmp_path / "source",
        "gemma3_text",
        vocab_size=len(gemma_pieces()),
        num_hidden_layers=7,  # the sixth sees all, as in every Gemma 3
        query_pre_attn_scalar=256,  # as every Gemma 3 below 27 billion has it
        rope_parameters=ropes(stretch),
    )
    gguf = save_tiny_gemma_gguf(source, tmp_path / "tiny.gguf", stretch=stretch)
    folder = convert_here(gguf, tmp_path / "converted")

    before, after = (load_file(each / "model.safetensors") for each in (source, folder))
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        np.testing.assert_allclose(after[name], tensor, atol=1e-6, err_msg=name)
    config = AutoConfig.from_pretrained(folder)
    assert config.rope_parameters == AutoConfig.from_pretrained(source).rope_parameters

    network = AutoModelForCausalLM.from_pretrained(source, attn_implementation="eager").eval()
    with torch.inference_mode():
        expected = network(torch.from_numpy(TEXT[None])).logits[0].numpy()
    model = register_path(folder, settings_in(tmp_path))
    for engine in (EngineName.CORE, EngineName.TRANSFORMERS):
        logits = load_engine(model, Precision.FP32, engine).logits_at_each(TEXT)
        np.testing.assert_allclose(logits, expected, atol=1e-4, rtol=0)
