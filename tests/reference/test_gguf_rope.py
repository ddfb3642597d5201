"""Positions of a model out of a GGUF file turn as those of the model it was made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from playground.errors import ModelUnavailable
from playground.models.acquire.gguf_rope import DIVISORS, scaling_of
from tests.support.tiny_gguf import convert_here, save_tiny_gguf
from tests.support.tiny_llama import save_tiny_llama

LLAMA3 = {"low_freq_factor": 1.0, "high_freq_factor": 4.0}
SCALINGS: tuple[dict[str, Any], ...] = (
    {"rope_type": "default"},
    {"rope_type": "linear", "factor": 4.0},
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64},
    {
        "rope_type": "llama3",
        "factor": 8.0,
        "original_max_position_embeddings": 8192,
        "rope_theta": 500_000.0,
        **LLAMA3,
    },
    {
        "rope_type": "llama3",
        "factor": 32.0,
        "original_max_position_embeddings": 8192,
        "rope_theta": 500_000.0,
        **LLAMA3,
    },
)


def logits(folder: Path, ids: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        network: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        return network.eval()(ids).logits


@pytest.mark.parametrize("scaling", SCALINGS, ids=lambda each: f"{each['rope_type']}")
def test_logits_are_those_of_the_model_it_was_made_from(
    tmp_path: Path, scaling: dict[str, Any]
) -> None:
    rope = {"rope_theta": 10_000.0, **scaling}
    source = save_tiny_llama(tmp_path / "source", rope_parameters=rope, max_position_embeddings=256)
    gguf = save_tiny_gguf(source, tmp_path / "tiny.gguf", quantize=False)
    converted = convert_here(gguf, tmp_path / "out")
    ids = torch.from_numpy(np.random.default_rng(0).integers(3, 200, (1, 200)))
    torch.testing.assert_close(logits(converted, ids), logits(source, ids), rtol=0, atol=1e-4)


def test_the_comparison_sees_a_scaling_that_is_lost(tmp_path: Path) -> None:
    rope = {"rope_theta": 10_000.0, "rope_type": "linear", "factor": 4.0}
    scaled = save_tiny_llama(tmp_path / "a", rope_parameters=rope, max_position_embeddings=256)
    plain = save_tiny_llama(tmp_path / "b", max_position_embeddings=256)
    ids = torch.from_numpy(np.random.default_rng(0).integers(3, 200, (1, 200)))
    assert (logits(scaled, ids) - logits(plain, ids)).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("metadata", "tensors", "sentence"),
    [
        ({"llama.rope.scaling.type": "dynamic", "llama.rope.scaling.factor": 2.0}, {}, "'dynamic'"),
        ({}, {DIVISORS: np.linspace(1, 9, 32, dtype=np.float32)}, "not Llama 3's"),
        ({}, {"rope_factors_long.weight": np.ones(8, np.float32)}, "LongRoPE"),
    ],
)
def test_a_way_that_no_config_can_say_is_refused(
    metadata: dict[str, Any], tensors: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ModelUnavailable, match=sentence):
        scaling_of({"general.architecture": "llama", **metadata}, tensors)


def test_divisors_of_one_scale_nothing() -> None:
    ones = {DIVISORS: np.ones(8, np.float32)}
    assert scaling_of({"general.architecture": "llama"}, ones) == {}
