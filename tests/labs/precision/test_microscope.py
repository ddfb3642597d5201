"""Schemes, what they do to a matrix, and what the microscope says of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from playground.core.quantization import quantize_int8_rows, quantize_nf4
from playground.errors import FetchCancelled, ModelNotFound, OptionError
from playground.labs.precision.microscope import (
    METHODS,
    Method,
    Scheme,
    bits_per_weight,
    look,
    parse_scheme,
    restore,
    try_live,
)
from playground.labs.precision.microscope_view import render_look
from playground.models.acquire.local import register_path
from playground.models.engines.weights import matrix_shapes, read_matrix
from playground.serving import Pool
from playground.settings import Settings


@pytest.fixture
def weights() -> np.ndarray:
    matrix = np.random.default_rng(0).standard_normal((96, 64)).astype(np.float32)
    matrix[7, 9] = -40
    return matrix


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (("row-wise", 1, 64), "`bits` must be a whole number from 2 to 8, got 1"),
        (("row-wise", 9, 64), "got 9"),
        (("row-wise", None, 64), "got nothing"),
        (("row-wise", 4.5, 64), "got 4.5"),
        (("row-wise", float("nan"), 64), "got nan"),
        (("block-wise", 4, 0), "`block_size` must be a whole number from 1 .*, got 0"),
        (("magic", 4, 64), "`method` must be one of absmax, .* got 'magic'"),
    ],
)
def test_bad_schemes_get_one_sentence(values: tuple[str, object, object], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        parse_scheme(*values)


def test_each_method_is_the_cores_own(weights: np.ndarray) -> None:
    rows = quantize_int8_rows(weights).dequantize()
    assert np.array_equal(restore(weights, Scheme("row-wise", 8, 64)), rows)
    nf4 = quantize_nf4(weights, 32).dequantize()
    assert np.array_equal(restore(weights, Scheme("nf4", 8, 32)), nf4)


def test_finer_sharing_and_more_bits_lose_less(weights: np.ndarray) -> None:
    def noise(method: Method, bits: int) -> float:
        return look(weights, Scheme(method, bits, 16)).error.mean_square

    assert noise("absmax", 4) > noise("row-wise", 4) > noise("block-wise", 4)
    assert noise("row-wise", 2) > noise("row-wise", 4) > noise("row-wise", 8)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bits", [2, 8])
def test_a_look_adds_up(weights: np.ndarray, method: Method, bits: int) -> None:
    scheme = Scheme(method, bits, 16)
    seen = look(weights, scheme)
    assert seen.before.sum() == weights.size
    assert seen.after.sum() == weights.size
    error = np.abs(weights - restore(weights, scheme))
    # Patches of 96 x 64 over 24 x 48 are of unequal width: weigh them.
    assert seen.error_map.shape == (24, 48)
    assert seen.error_map.min() >= 0
    assert seen.error_map.max() <= error.max()
    assert seen.error.max_abs == pytest.approx(error.max())
    html = render_look("a <b>.weight", (96, 64), scheme, seen)
    assert "a &lt;b&gt;.weight" in html


def test_one_outlier_sets_the_step(weights: np.ndarray) -> None:
    seen = look(weights, Scheme("absmax", 4, 64))
    assert seen.largest == -40
    assert seen.place == (7, 9)
    assert seen.step == pytest.approx(40 / 7)
    without = weights.copy()
    without[7, 9] = 0
    assert seen.step_without == pytest.approx(np.abs(without).max() / 7)
    assert len(seen.levels) == len(np.unique(restore(weights, Scheme("absmax", 4, 64))))


def test_patches_are_means() -> None:
    matrix = np.arange(48 * 96, dtype=np.float32).reshape(48, 96)
    seen = look(matrix, Scheme("absmax", 2, 64))
    error = np.abs(matrix - restore(matrix, Scheme("absmax", 2, 64))).astype(np.float64)
    assert np.allclose(seen.error_map, error.reshape(24, 2, 48, 2).mean(axis=(1, 3)))


def test_scales_count() -> None:
    assert bits_per_weight((10, 100), Scheme("row-wise", 8, 1)) == 8.32
    assert bits_per_weight((10, 100), Scheme("zero-point", 8, 1)) == 8.064
    assert bits_per_weight((1, 10), Scheme("block-wise", 4, 64)) == 7.2


def test_a_changed_copy_differs_and_a_trial_can_be_stopped(tiny_model_folder: Path) -> None:
    pool, reference = Pool(Settings.from_env()), str(tiny_model_folder)
    model = register_path(tiny_model_folder, pool.settings)
    names = matrix_shapes(model.path)
    name = next(each for each in names if "down_proj" in each)
    assert read_matrix(model.path, name).shape == names[name]
    one = try_live(pool, reference, Scheme("absmax", 2, 64), name)
    every = try_live(pool, reference, Scheme("absmax", 2, 64))
    assert one.matrices == 1
    assert every.matrices == sum("proj" in each for each in names)
    assert 0 < one.quality.kl_to_reference_nats < every.quality.kl_to_reference_nats
    with pytest.raises(FetchCancelled, match="trial was stopped"):
        try_live(pool, reference, Scheme("absmax", 2, 64), cancelled=lambda: True)
    with pytest.raises(OptionError, match="no linear layer's"):
        try_live(pool, reference, Scheme("absmax", 2, 64), "model.embed_tokens.weight")
    assert pool.residents() == ()
    with pytest.raises(ModelNotFound, match="no matrix 'nothing'"):
        read_matrix(model.path, "nothing")
