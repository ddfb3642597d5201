"""What the engines show of their inside, against transformers itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import load_engine
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision

TEXT = "They sat on the river bank; the savings bank was closed. " * 6


@pytest.fixture(scope="module", params=[EngineName.CORE, EngineName.TRANSFORMERS])
def engine(request: pytest.FixtureRequest, default_model: InstalledModel) -> Engine:
    return load_engine(default_model, Precision.FP32, request.param)


@pytest.fixture(scope="module")
def theirs(default_model: InstalledModel) -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(default_model.path, dtype=torch.float32).eval()


def test_hidden_states_equal_transformers(engine: Engine, theirs: torch.nn.Module) -> None:
    ids = np.array(engine.tokenizer.encode(TEXT))
    with torch.inference_mode():
        expected = theirs(torch.from_numpy(ids[None]), output_hidden_states=True).hidden_states
    states = engine.hidden_states(ids)
    assert states.shape == (31, len(ids), 576)
    assert states.dtype == np.float32
    for mine, other in zip(states, expected, strict=True):
        scale = float(other.abs().max())
        np.testing.assert_allclose(mine / scale, other[0].numpy() / scale, atol=1e-5)


def test_the_table_is_the_models_own(engine: Engine, theirs: torch.nn.Module) -> None:
    expected = theirs.get_input_embeddings().weight.detach().numpy()
    np.testing.assert_array_equal(engine.embedding_table(), expected)


def test_the_bytes_of_a_cache_are_those_of_its_arrays(engine: Engine) -> None:
    cache = engine.new_cache()
    assert cache.held_bytes == 0
    ids = np.array([engine.tokenizer.encode(TEXT)])
    engine.forward(ids, [cache])
    a_token = 2 * 30 * 3 * 64 * 4  # keys and values of 30 layers, 3 heads of 64 numbers in FP32
    assert cache.held_bytes == ids.size * a_token
    assert cache.size_bytes >= cache.held_bytes
    arrays = (
        [cache.keys, cache.values]
        if engine.name == "core"
        else [array for layer in cache.store.layers for array in (layer.keys, layer.values)]
    )
    assert cache.size_bytes == sum(array.nbytes for array in arrays)
