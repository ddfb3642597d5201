"""The core's decoder against transformers: random tiny models of every shape, and the real one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from playground.core.capture import Capture
from playground.core.transformer import Transformer
from playground.models.acquire.store import InstalledModel
from playground.models.engines.core_tensors import build_transformer
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import (
    TransformersEngine,
    load_transformers_engine,
)

SHAPES: Mapping[str, dict[str, Any]] = {
    "every head its own keys": {"num_key_value_heads": 6},
    "grouped queries": {"num_key_value_heads": 3},
    "one key head": {"num_key_value_heads": 1},
    "untied head": {"tie_word_embeddings": False},
    "wide heads": {"head_dim": 32},
    "linear RoPE": {"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 1e4}},
    "Llama 3 RoPE": {
        "rope_parameters": {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
            "rope_theta": 1e4,
        }
    },
}


def random_pair(**changes: Any) -> tuple[Transformer, LlamaForCausalLM]:
    """Return our decoder and theirs with the same random weights."""
    torch.manual_seed(0)
    config = LlamaConfig(
        **{
            "vocab_size": 101,
            "hidden_size": 48,
            "intermediate_size": 80,
            "num_hidden_layers": 3,
            "num_attention_heads": 6,
            "num_key_value_heads": 2,
            "max_position_embeddings": 512,
            "tie_word_embeddings": True,
            "initializer_range": 0.2,
            **changes,
        }
    )
    theirs = LlamaForCausalLM(config).eval()
    weights = {name: tensor.numpy() for name, tensor in theirs.state_dict().items()}
    if config.tie_word_embeddings:
        del weights["lm_head.weight"]
    return build_transformer(config, weights), theirs


def random_ids(*shape: int, vocab: int = 101) -> np.ndarray:
    return np.random.default_rng(1).integers(0, vocab, shape)


def their_logits(model: LlamaForCausalLM, ids: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return np.asarray(model(torch.from_numpy(ids)).logits.numpy())


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("length", [1, 5, 300])
def test_logits_equal_transformers(name: str, length: int) -> None:
    ours, theirs = random_pair(**SHAPES[name])
    ids = random_ids(2, length)
    logits = ours.forward(ids, [ours.new_cache(), ours.new_cache()])
    np.testing.assert_allclose(logits, their_logits(theirs, ids)[:, -1], atol=1e-4)


@pytest.mark.parametrize("chunks", [(1,) * 12, (5, 7), (1, 10, 1), (12,)])
def test_steps_with_the_cache_equal_all_at_once(chunks: tuple[int, ...]) -> None:
    ours, theirs = random_pair()
    ids = random_ids(1, 12)
    cache = ours.new_cache()
    expected = their_logits(theirs, ids)
    for start, size in zip(np.cumsum((0, *chunks)), chunks, strict=False):
        logits = ours.forward(ids[:, start : start + size], [cache])
        np.testing.assert_allclose(logits[0], expected[0, start + size - 1], atol=1e-4)
    assert cache.length == 12


def test_rows_of_different_length_equal_the_same_rows_alone() -> None:
    ours, theirs = random_pair()
    prompts = [random_ids(1, length) for length in (3, 40, 17)]
    alone, batch = [], []
    for prompt in prompts:
        cache = ours.new_cache()
        ours.forward(prompt, [cache])
        alone.append(cache)
        batch.append(cache.copy())
    step = random_ids(3, 2)
    together = ours.forward(step, batch)
    for row, prompt in enumerate(prompts):
        whole = np.concatenate([prompt, step[row : row + 1]], axis=1)
        np.testing.assert_allclose(together[row], their_logits(theirs, whole)[0, -1], atol=1e-4)
        lone = ours.forward(step[row : row + 1], [alone[row]])
        np.testing.assert_allclose(together[row], lone[0], atol=1e-5)


def test_a_cache_can_be_cut_and_copied() -> None:
    ours, theirs = random_pair()
    prompt, first, second = random_ids(1, 9), np.array([[4, 8]]), np.array([[15, 16]])
    cache = ours.new_cache()
    ours.forward(prompt, [cache])
    ours.forward(first, [cache])
    cache.cut(9)
    shared = [cache.copy(), cache.copy()]
    logits = ours.forward(np.concatenate([first, second]), shared)
    for row, step in enumerate((first, second)):
        whole = np.concatenate([prompt, step], axis=1)
        np.testing.assert_allclose(logits[row], their_logits(theirs, whole)[0, -1], atol=1e-4)
    assert cache.length == 9
    assert not np.shares_memory(cache.keys, shared[0].keys)


def test_the_cache_grows_past_its_first_capacity() -> None:
    ours, theirs = random_pair()
    ids = random_ids(1, 400)
    cache = ours.new_cache()
    for start in range(0, 400, 100):
        logits = ours.forward(ids[:, start : start + 100], [cache])
    np.testing.assert_allclose(logits[0], their_logits(theirs, ids)[0, -1], atol=1e-4)
    assert cache.capacity >= 400
    assert cache.size_bytes == cache.keys.nbytes + cache.values.nbytes


def test_what_is_captured_equals_what_transformers_shows() -> None:
    ours, theirs = random_pair()
    theirs.set_attn_implementation("eager")
    ids = random_ids(2, 150)  # more than one block of queries
    capture = Capture(with_logits=True)
    ours.forward(ids, [ours.new_cache(), ours.new_cache()], capture)
    with torch.inference_mode():
        output = theirs(torch.from_numpy(ids), output_hidden_states=True, output_attentions=True)
    # Their last state has the last norm in it; ours are the blocks' own outputs.
    for mine, other in zip(capture.hidden_states[:-1], output.hidden_states[:-1], strict=True):
        np.testing.assert_allclose(mine, other.numpy(), atol=1e-4)
    for mine, other in zip(capture.attentions, output.attentions, strict=True):
        np.testing.assert_allclose(mine, other.numpy(), atol=1e-5)
    np.testing.assert_allclose(capture.layer_logits[-1], output.logits.numpy(), atol=1e-4)
    assert len(capture.layer_logits) == len(capture.hidden_states) == 4


@pytest.fixture(scope="module")
def real(default_model: InstalledModel) -> TransformersEngine:
    return load_transformers_engine(default_model, Precision.FP32)


@pytest.mark.parametrize("length", [1, 7, 200, 1000])
def test_the_real_model_gives_the_logits_of_transformers(
    real: TransformersEngine, length: int
) -> None:
    weights = {name: tensor.numpy() for name, tensor in real.network.state_dict().items()}
    ours = build_transformer(real.network.config, weights)
    text = "The lighthouse keeper climbed the stairs and looked out over the dark water. " * 80
    ids = np.array([real.tokenizer.encode(text)[:length]])
    cache = ours.new_cache()
    logits = ours.forward(ids, [cache])
    with torch.inference_mode():
        expected = real.network(torch.from_numpy(ids), logits_to_keep=1).logits[0].numpy()
    np.testing.assert_allclose(logits, expected, atol=1e-4, rtol=0)
