"""Schemes, what they do to a matrix, and what the microscope says of it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from playground.core.quantization import quantize_int8_rows, quantize_nf4
from playground.errors import ModelNotFound, OptionError, PlaygroundError
from playground.experiments.run import Run
from playground.labs.precision.microscope import (
    Method,
    MicroscopeSettings,
    Scheme,
    Seen,
    bits_per_weight,
    first_matrix,
    look,
    restore,
    run_microscope,
)
from playground.labs.precision.microscope_view import draw
from playground.labs.precision.trial import Trial, TrialSettings, run_trial
from playground.models.acquire.local import register_path
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.engines.weights import matrix_shapes, read_matrix
from playground.serving import Pool
from playground.settings import Settings
from tests.support.runs import run_until

METHODS = get_args(Method)


@pytest.fixture
def weights() -> np.ndarray:
    matrix = np.random.default_rng(0).standard_normal((96, 64)).astype(np.float32)
    matrix[7, 9] = -40
    return matrix


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"bits": 1}, "`bits` must be a whole number from 2 to 8, got 1"),
        ({"bits": 9}, "got 9"),
        ({"bits": None}, "got nothing"),
        ({"bits": 4.5}, "got 4.5"),
        ({"bits": float("nan")}, "got nan"),
        ({"block_size": 0}, "`block_size` must be a whole number from 1 .*, got 0"),
        ({"method": "magic"}, "`method` must be one of absmax, .* got 'magic'"),
    ],
)
@pytest.mark.parametrize("settings", [MicroscopeSettings, TrialSettings])
def test_bad_schemes_get_one_sentence(
    settings: type[MicroscopeSettings], given: dict[str, object], sentence: str
) -> None:
    with pytest.raises(OptionError, match=sentence):
        settings(**given)


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
    name = "a <b>.weight"
    html = draw(Seen(MicroscopeSettings(method=method, bits=bits), name, {name: (96, 64)}, seen))
    assert "a &lt;b&gt;.weight" in html
    assert "<b>.weight" not in html


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


def test_the_matrix_that_is_named_is_the_one_in_the_files(tiny_model_folder: Path) -> None:
    model = register_path(tiny_model_folder, Settings.from_env())
    shapes = matrix_shapes(model.path)
    for name in (first_matrix(shapes), "model.embed_tokens.weight"):
        (seen,) = run_microscope(model, MicroscopeSettings(matrix=name, bits=3), run_until())
        weights = read_matrix(model.path, name)
        assert seen.look.error == look(weights, Scheme("row-wise", 3, 64)).error
        assert seen.to_json()["shape"] == list(weights.shape) == list(shapes[name])
    with pytest.raises(ModelNotFound, match=r"`matrix` must be one of the model's, .* 'nothing'"):
        list(run_microscope(model, MicroscopeSettings(matrix="nothing"), run_until()))
    with pytest.raises(ModelNotFound, match="no matrix 'nothing'"):
        read_matrix(model.path, "nothing")


def trial(folder: Path, pool: Pool, stopped: bool = False, **given: object) -> Trial:
    choice = ModelChoice(str(folder), Precision.FP32)
    run = Run(lambda: stopped, pool, choice)
    *_, last = run_trial(choice, TrialSettings(method="absmax", bits=2, **given), run)
    return last


def test_a_changed_copy_differs_and_a_trial_can_be_stopped(tiny_model_folder: Path) -> None:
    pool = Pool(Settings.from_env())
    names = matrix_shapes(tiny_model_folder)
    one = trial(tiny_model_folder, pool, where="one", matrix="model.layers.0.mlp.down_proj.weight")
    every = trial(tiny_model_folder, pool)
    assert one.done == one.matrices == 1
    assert every.done == sum("proj" in each for each in names)
    assert one.quality is not None
    assert every.quality is not None
    assert 0 < one.quality.kl_to_reference_nats < every.quality.kl_to_reference_nats
    assert one.full_perplexity == every.full_perplexity
    assert every.progress.ended
    with pytest.raises(PlaygroundError, match="Stopped"):
        trial(tiny_model_folder, pool, stopped=True)
    with pytest.raises(OptionError, match="`matrix` must be a linear layer's"):
        trial(tiny_model_folder, pool, where="one", matrix="model.embed_tokens.weight")
    assert pool.residents() == ()
