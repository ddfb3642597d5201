"""Slices of a long text, on threads of their own, against the core's decoder on one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from playground.core.attention import Attention
from playground.core.kv_cache import KVCache
from playground.core.linear import Dense, Linear
from playground.core.rope import Rope
from playground.core.transformer import Block, LayerConfig, Transformer, TransformerConfig
from playground.models.engines.attention import attend_in_torch
from playground.models.engines.engine import PREFILL_CHUNK
from playground.models.engines.linear_layers import FullLinear
from playground.models.engines.slices import MOST, SlicedTransformer

Float32Array = np.ndarray
VOCABULARY, WINDOW = 90, 70
HIDDEN, WIDTH, HEADS, KV_HEADS, SIZE = 48, 80, 6, 2, 8


def decoder(
    kind: type[Transformer] = SlicedTransformer,
    make: Callable[[Float32Array], Linear] = FullLinear,
    attention: Attention = attend_in_torch,
) -> Transformer:
    """Return a model of chance, always the same, of which one block has a window."""
    rng = np.random.default_rng(11)

    def weight(*shape: int) -> Float32Array:
        return rng.normal(scale=shape[-1] ** -0.5, size=shape).astype(np.float32)

    rope = Rope(SIZE, 10_000.0)
    blocks = [
        Block(
            attention_norm=1 + weight(HIDDEN),
            qkv=make(weight((HEADS + 2 * KV_HEADS) * SIZE, HIDDEN)),
            output=make(weight(HIDDEN, HEADS * SIZE)),
            mlp_norm=1 + weight(HIDDEN),
            gate_up=make(weight(2 * WIDTH, HIDDEN)),
            down=make(weight(HIDDEN, WIDTH)),
        )
        for _ in range(3)
    ]
    layers = (LayerConfig(rope), LayerConfig(rope, WINDOW), LayerConfig(rope))
    config = TransformerConfig(VOCABULARY, HIDDEN, WIDTH, HEADS, KV_HEADS, SIZE, 1e-5, layers)
    return kind(
        config,
        weight(VOCABULARY, HIDDEN),
        blocks,
        1 + weight(HIDDEN),
        make(weight(90, HIDDEN)),
        attention,
    )


def read(model: Transformer, ids: np.ndarray, cuts: tuple[int, ...]) -> tuple[np.ndarray, KVCache]:
    """Read a text in parts that end at `cuts`; return the vectors of its last block."""
    cache = model.new_cache()
    starts = (0, *cuts[:-1])
    parts = [
        model.hidden_states(ids[None, start:stop], [cache])[0]
        for start, stop in zip(starts, cuts, strict=True)
    ]
    return np.concatenate(parts), cache


def texts(count: int) -> np.ndarray:
    return np.random.default_rng(12).integers(0, VOCABULARY, count)


@pytest.mark.parametrize("count", [65, 100, 128, 200, 320, 700])
@pytest.mark.parametrize("past", [0, 37])
def test_a_text_in_slices_is_what_the_core_reads(past: int, count: int) -> None:
    ids, cuts = texts(past + count), (past, past + count) if past else (count,)
    ours, cache = read(decoder(), ids, cuts)
    theirs, their_cache = read(decoder(Transformer, Dense), ids, cuts)
    np.testing.assert_allclose(ours, theirs, atol=2e-5)
    held = slice(0, past + count)
    np.testing.assert_allclose(cache.keys[:, :, held], their_cache.keys[:, :, held], atol=2e-5)
    np.testing.assert_allclose(cache.values[:, :, held], their_cache.values[:, :, held], atol=2e-5)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [100, 128, 228, 256])
def test_pieces_that_are_read_together_have_the_bits_of_each_alone(
    count: int, threads: int
) -> None:
    model = decoder()
    assert isinstance(model, SlicedTransformer)
    assert model.reads_alike
    ids = texts(count)
    alone, _ = read(model, ids, (*range(PREFILL_CHUNK, count, PREFILL_CHUNK), count))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        together, _ = read(model, ids, (count,))
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(together, alone)


def test_a_product_whose_bits_hang_on_its_rows_is_noticed() -> None:
    class Fickle(Dense):
        def __call__(self, x: np.ndarray) -> np.ndarray:
            product = super().__call__(x)
            return np.nextafter(product, np.float32(9)) if len(x) == 3 * PREFILL_CHUNK else product

    fickle, steady = decoder(make=Fickle), decoder()
    assert isinstance(fickle, SlicedTransformer)
    assert isinstance(steady, SlicedTransformer)
    assert (fickle.reads_alike, steady.reads_alike) == (False, True)


@pytest.mark.parametrize("failing", [0, 1, 3])
def test_a_slice_that_fails_says_why_and_nobody_waits_for_it(failing: int) -> None:
    class Broken(Exception):
        pass

    count = 5 * MOST

    def attention(queries: np.ndarray, keys: np.ndarray, *more: object) -> np.ndarray:
        if keys.shape[1] == (failing + 1) * MOST and failing < 5:
            raise Broken
        return attend_in_torch(queries, keys, *more)  # type: ignore[arg-type]  # as they came

    model = decoder(attention=attention)
    with pytest.raises(Broken):
        read(model, texts(count), (count,))
    failing = 9
    np.testing.assert_array_equal(
        read(model, texts(count), (count,))[0], read(decoder(), texts(count), (count,))[0]
    )
