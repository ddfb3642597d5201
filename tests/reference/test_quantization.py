"""Codes, scales and restored numbers equal bitsandbytes' and torch's on the CPU."""

from __future__ import annotations

import bitsandbytes.functional as bnb
import numpy as np
import pytest
import torch

from playground.core.quantization import (
    NF4_LEVELS,
    fake_quantize,
    quantize_absmax,
    quantize_int8_rows,
    quantize_nf4,
    quantize_zero_point,
)


def random_weights(*shape: int, seed: int = 0) -> np.ndarray:
    """Return normal weights with rows of very different size and a few outliers."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=shape) * 10.0 ** rng.uniform(-4, 3, size=(shape[0], 1))
    weights[rng.random(shape) < 0.001] *= 20
    return weights.astype(np.float32)


def unpack_nibbles(packed: torch.Tensor, size: int) -> np.ndarray:
    """Return the 4-bit codes of bitsandbytes, which puts the first of two into the high half."""
    pairs = packed.numpy().reshape(-1)
    return np.stack([pairs >> 4, pairs & 15], axis=1).reshape(-1)[:size]


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("shape", [(512, 576), (3, 1), (1, 1000)])
def test_int8_rows_equal_bitsandbytes(shape: tuple[int, int], dtype: type) -> None:
    weights = random_weights(*shape).astype(dtype)
    ours = quantize_int8_rows(weights)
    codes, absmax, _ = bnb.int8_vectorwise_quant(torch.from_numpy(weights))
    np.testing.assert_array_equal(ours.absmax, absmax.numpy())
    np.testing.assert_array_equal(ours.codes, codes.numpy())  # the same steps: ties included
    theirs = bnb.int8_vectorwise_dequant(codes, absmax).numpy()
    np.testing.assert_allclose(ours.dequantize(), theirs, rtol=1e-6)


@pytest.mark.parametrize("shape", [(256, 576), (5, 64), (7, 50), (1, 31)])
def test_nf4_equals_bitsandbytes(shape: tuple[int, int]) -> None:
    """Full and short last blocks; codes may part only within rounding of a midpoint."""
    weights = random_weights(*shape)
    ours = quantize_nf4(weights)
    packed, state = bnb.quantize_4bit(torch.from_numpy(weights), blocksize=64, quant_type="nf4")
    np.testing.assert_array_equal(ours.absmax, state.absmax.numpy())

    levels = np.array(NF4_LEVELS)
    fractions = weights.reshape(-1) / np.repeat(ours.absmax.astype(float), 64)[: weights.size]
    midpoints = (levels[1:] + levels[:-1]) / 2
    clear = np.abs(fractions[:, np.newaxis] - midpoints).min(axis=1) > 1e-6
    theirs = unpack_nibbles(packed, weights.size)
    np.testing.assert_array_equal(ours.codes.reshape(-1)[clear], theirs[clear])
    assert clear.mean() > 0.999

    restored = bnb.dequantize_4bit(packed, state).numpy().reshape(-1)
    np.testing.assert_allclose(ours.dequantize().reshape(-1)[clear], restored[clear], rtol=1e-6)


def test_nf4_levels_equal_bitsandbytes() -> None:
    theirs = bnb.get_4bit_type("nf4", device="cpu").numpy()
    np.testing.assert_array_equal(np.array(NF4_LEVELS, dtype=np.float32), theirs)


def test_nf4_half_way_between_levels_equals_bitsandbytes() -> None:
    levels = np.array(NF4_LEVELS, dtype=np.float32)
    values = np.append((levels[1:] + levels[:-1]) / 2, np.float32(1))
    packed, _ = bnb.quantize_4bit(torch.from_numpy(values), blocksize=64, quant_type="nf4")
    np.testing.assert_array_equal(quantize_nf4(values).codes, unpack_nibbles(packed, 16))


def test_nf4_block_of_zeros_equals_bitsandbytes() -> None:
    weights = random_weights(3, 64)
    weights[1] = 0
    ours = quantize_nf4(weights)
    packed, state = bnb.quantize_4bit(torch.from_numpy(weights), blocksize=64, quant_type="nf4")
    np.testing.assert_array_equal(ours.codes[1], unpack_nibbles(packed, 192).reshape(3, 64)[1])
    np.testing.assert_array_equal(ours.absmax, state.absmax.numpy())


@pytest.mark.parametrize("bits", range(2, 9))
def test_absmax_a_row_equals_torch_fake_quantize(bits: int) -> None:
    weights = random_weights(64, 300).astype(np.float32)
    largest = 2 ** (bits - 1) - 1
    stored = quantize_absmax(weights, bits, block_size=300)
    theirs = torch.fake_quantize_per_channel_affine(
        torch.from_numpy(weights),
        torch.from_numpy(stored.scale),
        torch.zeros(64, dtype=torch.int32),
        axis=0,
        quant_min=-largest,
        quant_max=largest,
    ).numpy()
    scale = stored.scale[:, np.newaxis]
    clear = np.abs(np.abs(weights / scale) % 1 - 0.5) > 1e-4
    ours = fake_quantize(weights, bits, block_size=300)
    np.testing.assert_allclose(ours[clear], theirs[clear], rtol=1e-6)
    assert clear.mean() > 0.99


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("shift", [-9.0, 0.0, 0.7, 9.0])
def test_zero_point_equals_torch_observer_and_fake_quantize(bits: int, shift: float) -> None:
    from torch.ao.quantization import MinMaxObserver

    rng = np.random.default_rng(bits)
    values = rng.normal(loc=shift, size=20_000).astype(np.float32)
    top = 2**bits - 1
    observer = MinMaxObserver(quant_min=0, quant_max=top)
    tensor = observer(torch.from_numpy(values))
    scale, zero_point = observer.calculate_qparams()

    ours = quantize_zero_point(values, bits)
    np.testing.assert_allclose(ours.scale, scale.numpy(), rtol=1e-6)
    np.testing.assert_array_equal(ours.zero_point, zero_point.numpy())

    theirs = torch.fake_quantize_per_tensor_affine(tensor, scale, zero_point, 0, top).numpy()
    clear = np.abs(np.abs(values / ours.scale) % 1 - 0.5) > 1e-4
    np.testing.assert_allclose(ours.dequantize()[clear], theirs[clear], rtol=1e-5)
    assert clear.mean() > 0.99
