"""The core engine with the real model: equal where it is called equal, and no worse elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from playground.core.functional import log_softmax
from playground.generation.language_model import LanguageModel
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import load_engine, pick_engine
from playground.models.engines.compute import CROWD
from playground.models.engines.core_model import CoreEngine, load_core_engine
from playground.models.engines.engine import PREFILL_CHUNK, Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.integer_layers import Int8Linear, SplitInt8Linear
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import (
    TransformersEngine,
    load_transformers_engine,
)

PROMPTS = (
    "What is the capital of France?",
    "Write a haiku about rain.",
    "Explain photosynthesis to a child in two sentences.",
    "Name the planets in order.",
    "Schreibe einen Satz auf Deutsch.",
)
TEXT = (
    "The lighthouse stood on a spur of rock two miles from the village, and for forty years the "
    "same family had kept its lamp. In winter the road was under water at high tide, so that the "
    "children learned to row before they learned to read, and the post came when the wind allowed. "
)


@pytest.fixture(scope="module")
def core(default_model: InstalledModel) -> CoreEngine:
    return load_core_engine(default_model, Precision.FP32)


@pytest.fixture(scope="module")
def int8(default_model: InstalledModel) -> tuple[CoreEngine, TransformersEngine]:
    """Return both engines at INT8, which two tests look at."""
    theirs = load_transformers_engine(default_model, Precision.INT8)
    return load_core_engine(default_model, Precision.INT8), theirs


@pytest.fixture(scope="module")
def token_ids(core: CoreEngine) -> Sequence[int]:
    return tuple(core.tokenizer.encode(TEXT)[:24])


@pytest.fixture(scope="module")
def reference(core: CoreEngine, token_ids: Sequence[int]) -> np.ndarray:
    """Return what FP32 says after each token; computed once for all precisions."""
    return all_logprobs(core, token_ids)


def all_logprobs(engine: Engine, token_ids: Sequence[int]) -> np.ndarray:
    """Return the log-probabilities after each token but the first few, one step at a time."""
    cache = engine.new_cache()
    engine.forward(np.array([token_ids[:8]]), [cache])
    steps = [engine.forward(np.array([[token_id]]), [cache])[0] for token_id in token_ids[8:]]
    return log_softmax(np.array(steps))


def mean_kl(reference: np.ndarray, other: np.ndarray) -> float:
    return float((np.exp(reference) * (reference - other)).sum(-1).mean())


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8, Precision.FP16])
def test_pieces_of_a_prompt_have_the_same_bits_together_and_one_by_one(
    precision: Precision, default_model: InstalledModel
) -> None:
    engine = load_core_engine(default_model, precision)
    assert engine.reads_alike
    ids = np.random.default_rng(3).integers(5, 40_000, (1, 3 * PREFILL_CHUNK + 36))
    one_by_one, together = engine.new_cache(), engine.new_cache()
    for start in range(0, ids.size, PREFILL_CHUNK):
        last = engine.forward(ids[:, start : start + PREFILL_CHUNK], [one_by_one])
    np.testing.assert_array_equal(engine.forward(ids, [together]), last)
    for theirs, ours in (
        (one_by_one.keys, together.keys),
        (one_by_one.values, together.values),
    ):
        np.testing.assert_array_equal(ours[:, :, : ids.size], theirs[:, :, : ids.size])
    # And so have pieces of several prompts.
    for lengths in ((1, 5, PREFILL_CHUNK), (40, PREFILL_CHUNK + 1)):
        pieces = [ids[0, :length] for length in lengths]
        caches, alone = ([engine.new_cache() for _ in pieces] for _ in range(2))
        for ours, piece, cache in zip(
            engine.forward_each(pieces, caches), pieces, alone, strict=True
        ):
            np.testing.assert_array_equal(ours, engine.forward(piece[None], [cache])[0])
        assert [cache.length for cache in caches] == list(lengths)


def test_fp32_speaks_as_transformers_does(default_model: InstalledModel, core: CoreEngine) -> None:
    model = LanguageModel(core)
    theirs = LanguageModel(load_transformers_engine(default_model, Precision.FP32))
    for prompt in PROMPTS:
        messages = [{"role": "user", "content": prompt}]
        ours = model.generate(messages, temperature=0, max_new_tokens=8)
        assert ours.text == theirs.generate(messages, temperature=0, max_new_tokens=8).text


def test_int8_has_the_rows_and_scales_of_bitsandbytes(
    int8: tuple[CoreEngine, TransformersEngine],
) -> None:
    core, theirs = int8
    for ours, layer in zip(core.network.blocks, theirs.network.model.layers, strict=True):
        attention, mlp = layer.self_attn, layer.mlp
        for fused, parts in (
            (ours.qkv, (attention.q_proj, attention.k_proj, attention.v_proj)),
            (ours.output, (attention.o_proj,)),
            (ours.gate_up, (mlp.gate_proj, mlp.up_proj)),
            (ours.down, (mlp.down_proj,)),
        ):
            assert isinstance(fused, SplitInt8Linear | Int8Linear)
            codes = torch.cat([part.weight.data for part in parts])
            # bitsandbytes moves them there with the first product.
            absmax = torch.cat([part.state.SCB for part in parts])
            np.testing.assert_array_equal(fused.codes(), codes.numpy())
            assert torch.equal(fused.absmax, absmax)


@pytest.mark.parametrize("precision", [Precision.FP16, Precision.BF16])
def test_the_core_is_no_further_from_fp32_than_transformers(
    default_model: InstalledModel,
    precision: Precision,
    token_ids: Sequence[int],
    reference: np.ndarray,
) -> None:
    ours = load_core_engine(default_model, precision)
    is_no_further(ours, load_transformers_engine(default_model, precision), token_ids, reference)


def test_nor_is_it_at_int8(
    int8: tuple[CoreEngine, TransformersEngine], token_ids: Sequence[int], reference: np.ndarray
) -> None:
    is_no_further(*int8, token_ids, reference)


def is_no_further(
    ours: Engine, theirs: Engine, token_ids: Sequence[int], reference: np.ndarray
) -> None:
    furthest = mean_kl(reference, all_logprobs(theirs, token_ids)) + 1e-5
    assert mean_kl(reference, all_logprobs(ours, token_ids)) <= furthest


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8, Precision.NF4])
def test_a_token_of_transformers_has_the_same_bits_on_one_thread_as_on_all(
    precision: Precision, default_model: InstalledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CROWD, "note", lambda *_: None)
    engine = load_transformers_engine(default_model, precision)
    found, threads = [], []
    network = engine.network.forward
    monkeypatch.setattr(
        engine.network,
        "forward",
        lambda *args, **named: threads.append(torch.get_num_threads()) or network(*args, **named),
    )
    for alone in (False, True):
        monkeypatch.setattr(CROWD, "alone", alone)
        cache = engine.new_cache()
        engine.forward(np.arange(40)[None], [cache])
        found.append(engine.forward(np.array([[7]]), [cache]))
    assert threads[-1] == 1  # it was asked for, and no bit spoke against it
    np.testing.assert_array_equal(*found)


def test_auto_picks_the_core_where_it_can(
    default_model: InstalledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pick_engine(default_model, Precision.INT8) is EngineName.CORE
    assert pick_engine(default_model, Precision.NF4) is EngineName.TRANSFORMERS
    assert isinstance(load_engine(default_model, Precision.FP32), CoreEngine)
    for compiled, fastest in (("on", EngineName.CORE), ("off", EngineName.TRANSFORMERS)):
        monkeypatch.setenv("PLAYGROUND_COMPILED", compiled)
        assert pick_engine(default_model, Precision.FP16) is fastest
