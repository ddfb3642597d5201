"""One weight matrix under the microscope: what each way of quantizing does to it.

The quantizers are those of `playground.core.quantization`. What is chosen here can be put into a
private copy of the live model, one layer or all, to see what it does to perplexity, KL and words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from playground.core.quantization import (
    ErrorReport,
    quantization_error,
    quantize_absmax,
    quantize_nf4,
    quantize_zero_point,
)
from playground.data import shipped_text
from playground.errors import FetchCancelled, OptionError
from playground.generation.language_model import LanguageModel
from playground.generation.scoring import Quality, encode_text, predict, score
from playground.models.engines.choice import EngineName
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import TransformersEngine
from playground.models.engines.weights import change_weights, linear_names
from playground.number_rules import require_whole
from playground.serving import Pool

Method = Literal["absmax", "zero-point", "row-wise", "block-wise", "nf4"]
METHODS = get_args(Method)
Float32Array = NDArray[np.float32]

BINS = 81
MAP_ROWS, MAP_COLUMNS = 24, 48
TICKS = 256
LIVE_TOKENS = 256
LIVE_PROMPT = "The history of the Roman Empire begins with"
_FP32_BITS = 32


@dataclass(frozen=True)
class Scheme:
    """A way of quantizing.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    bits : int
        2 to 8; NF4 has 4.
    block_size : int
        Numbers that share a scale, for block-wise and NF4.
    """

    method: Method
    bits: int
    block_size: int


@dataclass(frozen=True, eq=False)
class Look:
    """What the microscope shows.

    Parameters
    ----------
    edges : array of shape (B + 1,)
        Of the histogram's bins.
    before, after : array of shape (B,)
        Weights in each bin.
    levels : array
        Different values that are left, if no more than `TICKS`; else empty.
    error_map : array of shape (rows, columns)
        Mean magnitude of the rounding error, over patches of the matrix.
    error : ErrorReport
        Over the whole matrix.
    bits_per_weight : float
        Scales included, in FP32.
    largest, place : float, (int, int)
        The weight of the largest magnitude, and where it stands.
    deviation : float
        Standard deviation of all weights.
    step, step_without : float
        One step of absmax over the whole matrix at these bits, and what it would be without that
        one weight.
    """

    edges: NDArray[np.float64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    levels: Float32Array
    error_map: NDArray[np.float64]
    error: ErrorReport
    bits_per_weight: float
    largest: float
    place: tuple[int, int]
    deviation: float
    step: float
    step_without: float


@dataclass(frozen=True)
class Live:
    """What a scheme does to the whole model."""

    matrices: int
    quality: Quality
    full_perplexity: float
    text: str
    full_text: str


def parse_scheme(method: str, bits: object, block_size: object) -> Scheme:
    """Check a scheme.

    Raises
    ------
    OptionError
        When the method is unknown, or bits or block size are outside their rule.

    Examples
    --------
    >>> parse_scheme("row-wise", 8, 64).bits
    8
    """
    if method not in METHODS:
        raise OptionError(f"`method` must be one of {', '.join(METHODS)}, got {method!r}.")
    return Scheme(
        cast(Method, method),
        require_whole("`bits`", bits, 2, 8),
        require_whole("`block_size`", block_size, 1, 1 << 20),
    )


def restore(weights: Float32Array, scheme: Scheme) -> Float32Array:
    """Quantize a matrix of shape (out, in) and return the numbers that come back."""
    if scheme.method == "nf4":
        return quantize_nf4(weights, scheme.block_size).dequantize().astype(np.float32)
    if scheme.method == "zero-point":
        return quantize_zero_point(weights, scheme.bits).dequantize().astype(np.float32)
    sharing = {"absmax": None, "row-wise": weights.shape[1], "block-wise": scheme.block_size}
    stored = quantize_absmax(weights, scheme.bits, sharing[scheme.method])
    return stored.dequantize().astype(np.float32)


def bits_per_weight(shape: tuple[int, int], scheme: Scheme) -> float:
    """Return the bits that a weight takes, its share of the FP32 scales included.

    Examples
    --------
    >>> bits_per_weight((1536, 576), Scheme("nf4", 4, 64))
    4.5
    """
    bits = 4 if scheme.method == "nf4" else scheme.bits
    everything = shape[0] * shape[1]
    sharing = {"row-wise": shape[1], "block-wise": scheme.block_size, "nf4": scheme.block_size}
    scales = -(-everything // min(sharing.get(scheme.method, everything), everything))
    each = 2 * _FP32_BITS if scheme.method == "zero-point" else _FP32_BITS  # and the zero point
    return bits + scales * each / everything


def look(weights: Float32Array, scheme: Scheme) -> Look:
    """Quantize a matrix and measure what it did."""
    restored = restore(weights, scheme)
    magnitudes = np.abs(weights)
    row, column = divmod(int(magnitudes.argmax()), weights.shape[1])
    largest = float(weights[row, column])
    # With a zero point, what comes back may lie half a step beyond the largest weight.
    reach = max(abs(largest), float(np.abs(restored).max()))
    edges = np.linspace(-reach, reach, BINS + 1)
    second = float(np.partition(magnitudes, -2, axis=None)[-2]) if weights.size > 1 else 0.0
    levels = np.unique(restored)
    codes = 2 ** (scheme.bits - 1) - 1
    return Look(
        edges=edges,
        before=np.histogram(weights, edges)[0],
        after=np.histogram(restored, edges)[0],
        levels=levels if len(levels) <= TICKS else levels[:0],
        error_map=_patches(np.abs(weights - restored)),
        error=quantization_error(weights, restored),
        bits_per_weight=bits_per_weight((weights.shape[0], weights.shape[1]), scheme),
        largest=largest,
        place=(row, column),
        deviation=float(weights.std(dtype=np.float64)),
        step=abs(largest) / codes,
        step_without=second / codes,
    )


def _patches(values: Float32Array) -> NDArray[np.float64]:
    """Average over patches, so that the whole matrix becomes a small map."""
    means: NDArray[np.float64] = values.astype(np.float64)
    for axis, parts in ((0, MAP_ROWS), (1, MAP_COLUMNS)):
        count = min(parts, means.shape[axis])
        starts = np.linspace(0, means.shape[axis], count, endpoint=False).astype(int)
        sizes = np.diff([*starts, means.shape[axis]])
        sums = np.add.reduceat(means, starts, axis=axis)
        means = sums / (sizes[:, None] if axis == 0 else sizes)
    return means


def try_live(
    pool: Pool,
    reference: str,
    scheme: Scheme,
    matrix: str | None = None,
    on_stage: Callable[[str], None] = lambda _stage: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Live:
    """Put a scheme into a private copy of a model and see what becomes of it.

    Parameters
    ----------
    pool : Pool
        Lends the copy.
    reference : str
        Which model.
    scheme : Scheme
        What to do to the weights.
    matrix : str, optional
        One matrix alone; left out, all of the linear layers (not the head).
    on_stage : callable
        Takes what is done now, in words.
    cancelled : callable
        Asked while the copy is waited for, and between matrices.

    Raises
    ------
    OptionError
        When the matrix belongs to no linear layer.
    FetchCancelled
        When it was cancelled.
    """
    choice = ModelChoice(reference, Precision.FP32, EngineName.TRANSFORMERS)
    with pool.trial(choice, cancelled, on_stage) as model:
        return _try_on(model, scheme, matrix, on_stage, cancelled)


def _try_on(
    model: LanguageModel,
    scheme: Scheme,
    matrix: str | None,
    on_stage: Callable[[str], None],
    cancelled: Callable[[], bool],
) -> Live:
    engine = cast(TransformersEngine, model.engine)  # it was asked for by name
    names = linear_names(engine)
    if matrix is not None and matrix not in names:
        raise OptionError(
            f"{matrix} is no linear layer's, so it stays as it is; choose another, or all layers."
        )
    chosen = names if matrix is None else [matrix]
    ids = encode_text(engine.tokenizer, shipped_text())[:LIVE_TOKENS]
    on_stage("scoring at FP32")
    reference = predict(engine, ids)
    full_text = _write(model)
    for place, name in enumerate(chosen):
        if cancelled():
            raise FetchCancelled("The trial was stopped; the chat's model was never touched.")
        on_stage(f"quantizing {place + 1} of {len(chosen)}")
        change_weights(engine, name, lambda weights: restore(weights, scheme))
    on_stage("scoring what came out")
    quality = score(predict(engine, ids), reference, ids)
    full = score(reference, reference, ids)
    return Live(len(chosen), quality, full.perplexity, _write(model), full_text)


def _write(model: LanguageModel) -> str:
    return model.generate(LIVE_PROMPT, temperature=0, max_new_tokens=32).text
