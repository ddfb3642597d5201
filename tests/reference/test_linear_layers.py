"""The products that PyTorch runs for the core, against exact ones in float64 and the core's own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from playground.core.activations import gelu_tanh, silu
from playground.core.attention import attend
from playground.core.linear import Dense
from playground.models.engines.activations import (
    BATCH_ROWS,
    gelu_tanh_in_torch,
    silu_in_torch,
)
from playground.models.engines.attention import attend_in_torch
from playground.models.engines.integer_layers import (
    INT8_KERNEL_ROWS,
    Int8Linear,
    SplitInt8Linear,
    quantize_linear,
)
from playground.models.engines.linear_layers import FullLinear, TorchLinear

needs_vnni = pytest.mark.skipif(
    not torch.cpu.get_capabilities().get("avx512_vnni", False),
    reason="without VNNI the processor cannot sum bytes exactly, and the layer is not used",
)


def random_rows(rng: np.random.Generator, *shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    codes = torch.from_numpy(rng.integers(-127, 128, shape, dtype=np.int8))
    return codes, torch.from_numpy(rng.uniform(0.1, 3, shape[0]).astype(np.float32))


def exact_product(layer: Int8Linear | SplitInt8Linear, x: np.ndarray) -> np.ndarray:
    scales = layer.absmax.double().numpy() / 127
    product: np.ndarray = x.astype(np.float64) @ layer.codes().astype(np.float64).T * scales
    return product


def test_int8_linear_gives_the_same_product_above_and_below_the_kernel() -> None:
    """Both ways are one formula: inputs in BF16, codes exact, scales in FP32."""
    rng = np.random.default_rng(0)
    layer = Int8Linear(*random_rows(rng, 64, 96))
    x = rng.normal(size=(INT8_KERNEL_ROWS + 1, 96)).astype(np.float32)
    exact = exact_product(layer, torch.from_numpy(x).to(torch.bfloat16).float().numpy())
    for rows in (1, INT8_KERNEL_ROWS, INT8_KERNEL_ROWS + 1):
        # The kernel gives BF16: 8 bits of significand, so half a unit in 256.
        np.testing.assert_allclose(layer(x[:rows]), exact[:rows], rtol=2**-8, atol=1e-1)


@needs_vnni
@pytest.mark.parametrize("shape", [(960, 576), (576, 1536), (7, 33)])
def test_split_int8_linear_rounds_inputs_to_16_bits_and_nothing_else(
    shape: tuple[int, int],
) -> None:
    rng = np.random.default_rng(1)
    layer = SplitInt8Linear(*random_rows(rng, *shape))
    # One number far from the rest, as language models have them.
    x = rng.normal(size=(5, shape[1])).astype(np.float32)
    x[1, 3] = 800
    # Rounding to a step errs by step / sqrt(12), root mean square; a product adds the squares up.
    step = np.abs(x).max(axis=1) / (127 * 257)
    rows = layer.codes() * (layer.absmax.numpy() / 127)[:, None]
    expected = step[:, None] / np.sqrt(12) * np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1))
    errors = (layer(x) - exact_product(layer, x)) / expected
    assert 0.7 < np.sqrt((errors**2).mean()) < 1.2
    assert np.abs(errors).max() < 6


@needs_vnni
def test_split_int8_linear_is_exact_at_its_limits() -> None:
    """All codes and inputs at their largest: sums that saturate elsewhere."""
    codes = torch.full((16, 1536), 127, dtype=torch.int8)
    codes[1::2] = -127
    layer = SplitInt8Linear(codes, torch.full((16,), 127.0))
    x = np.ones((2, 1536), np.float32)
    x[1] = -1
    expected = np.tile([1536 * 127.0, -1536 * 127.0], 8)
    np.testing.assert_allclose(layer(x), [expected, -expected], rtol=1e-6)
    assert not layer(np.zeros((1, 1536), np.float32)).any()


@needs_vnni
def test_split_int8_linear_gives_back_its_rows() -> None:
    codes, absmax = random_rows(np.random.default_rng(2), 40, 24)
    np.testing.assert_array_equal(SplitInt8Linear(codes, absmax).codes(), codes.numpy())
    assert SplitInt8Linear(codes, absmax).size_bytes == {"int8": 960, "scales": 160}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(quantize_linear, id="int8"),
        pytest.param(lambda weight: TorchLinear(weight, torch.float32), id="fp32"),
        pytest.param(lambda weight: TorchLinear(weight, torch.float16), id="fp16"),
        pytest.param(lambda weight: TorchLinear(weight, torch.bfloat16), id="bf16"),
    ],
)
@pytest.mark.parametrize("shape", [(960, 576), (3072, 576), (576, 1536)])
def test_a_row_gets_the_same_bits_in_any_batch(
    make: Callable[[np.ndarray], TorchLinear], shape: tuple[int, int]
) -> None:
    rng = np.random.default_rng(3)
    layer = make(rng.normal(size=shape).astype(np.float32))
    x = rng.normal(size=(16, shape[1])).astype(np.float32)
    alone = np.concatenate([layer(row[None]) for row in x])
    for rows in (2, 3, 8, 16):
        np.testing.assert_array_equal(layer(x[:rows]), alone[:rows])


@pytest.mark.parametrize("rows", [1, 2, 64, 300])
def test_full_linear_equals_the_core_for_any_number_of_rows(rows: int) -> None:
    rng = np.random.default_rng(4)
    weight = rng.normal(size=(50, 70)).astype(np.float32)
    x = rng.normal(size=(rows, 70)).astype(np.float32)
    np.testing.assert_allclose(FullLinear(weight)(x), Dense(weight)(x), atol=2e-5)
    np.testing.assert_allclose(TorchLinear(weight, torch.float32)(x), Dense(weight)(x), atol=2e-5)


@pytest.mark.parametrize("window", [None, 1, 7, 140, 1000])
@pytest.mark.parametrize(
    ("past", "count"), [(0, 1), (0, 5), (9, 1), (9, 5), (0, 200), (77, 150), (40, 600)]
)
def test_attend_in_torch_equals_the_core(past: int, count: int, window: int | None) -> None:
    rng = np.random.default_rng(5)
    queries = rng.normal(size=(count, 9, 16)).astype(np.float32)
    # As in a cache: room behind the tokens that are held.
    keys, values = rng.normal(size=(2, 3, past + count + 30, 16)).astype(np.float32)
    held = slice(0, past + count)
    ours = attend(queries, keys[:, held], values[:, held], window=window)
    theirs = attend_in_torch(queries, keys[:, held], values[:, held], window=window)
    np.testing.assert_allclose(theirs, ours, atol=2e-6)


@pytest.mark.parametrize("window", [None, 100])
def test_a_mask_of_numbers_has_the_bits_of_one_of_booleans(window: int | None) -> None:
    rng = np.random.default_rng(6)
    queries = rng.normal(size=(64, 9, 16)).astype(np.float32)
    keys, values = rng.normal(size=(2, 3, 150, 16)).astype(np.float32)
    seen = torch.ones(64, 150, dtype=torch.bool).tril(150 - 64)
    if window:
        seen = seen.triu(150 - 64 - window + 1)
    theirs = torch.nn.functional.scaled_dot_product_attention(
        torch.from_numpy(queries).transpose(0, 1)[None],
        torch.from_numpy(keys)[None],
        torch.from_numpy(values)[None],
        attn_mask=seen,
        enable_gqa=True,
    )
    for _ in range(2):  # made, and found again
        ours = attend_in_torch(queries, keys, values, window=window)
        np.testing.assert_array_equal(ours, theirs[0].transpose(0, 1).numpy())


@pytest.mark.parametrize(
    ("by_torch", "by_core"), [(silu_in_torch, silu), (gelu_tanh_in_torch, gelu_tanh)]
)
def test_a_gate_is_the_cores_and_the_same_in_any_piece(
    by_torch: Callable[[np.ndarray], np.ndarray], by_core: Callable[[np.ndarray], np.ndarray]
) -> None:
    # As in a gated layer: the left half of wider rows.
    x = (30 * np.random.default_rng(9).normal(size=(512, 2 * 1536)).astype(np.float32))[:, :1536]
    x[7, 3] = np.nan
    whole = by_torch(x)
    np.testing.assert_allclose(whole, by_core(x), rtol=2e-6, atol=1e-6)
    np.testing.assert_array_equal(by_torch(x[64:128]), whole[64:128])
    narrow, before = x[:64, :1000], torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            for rows in (33, 64):
                np.testing.assert_array_equal(by_torch(narrow[:rows]), by_torch(narrow)[:rows])
                alone = [by_torch(narrow[start : start + 17])[:1] for start in range(rows - 17)]
                np.testing.assert_array_equal(np.concatenate(alone), by_torch(narrow)[: rows - 17])
    finally:
        torch.set_num_threads(before)
    # Of a batch: however wide its rows, each has the bits that it has alone.
    batch = x.reshape(BATCH_ROWS, -1)
    for row, bent in zip(batch, by_torch(batch), strict=True):
        np.testing.assert_array_equal(bent, by_torch(row[None])[0])
    np.testing.assert_array_equal(by_torch(batch), by_core(batch))
