"""One weight matrix under the microscope: what each way of quantizing does to it.

The quantizers are those of `playground.core.quantization`; what a scheme does to the whole model is
`playground.labs.precision.trial`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from playground.core.quantization import (
    ErrorReport,
    quantization_error,
    quantize_absmax,
    quantize_nf4,
    quantize_zero_point,
)
from playground.errors import ModelNotFound
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.models.acquire.store import InstalledModel
from playground.models.engines.weights import matrix_shapes, read_matrix
from playground.number_rules import shown

Method = Literal["absmax", "zero-point", "row-wise", "block-wise", "nf4"]
Float32Array = NDArray[np.float32]

BINS = 81
MAP_ROWS, MAP_COLUMNS = 24, 48
TICKS = 256
MAX_NAME = 200
_FP32_BITS = 32


@dataclass(frozen=True)
class Scheme:
    """A way of quantizing.

    Parameters
    ----------
    method : str
        Who shares a scale.
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


class SchemeSettings(Settings):
    """A way of quantizing."""

    method: Method = field(
        "row-wise",
        label="One scale for",
        explanation="absmax and zero-point: the matrix; row-wise: each row, as INT8 of "
        "bitsandbytes; block-wise and nf4: each block.",
    )
    bits: int = field(8, label="Bits", explanation="2 to 8; NF4 has 4.", ge=2, le=8)
    block_size: int = field(
        64, label="Block size", explanation="For block-wise and nf4.", ge=1, le=1 << 20
    )

    @property
    def scheme(self) -> Scheme:
        """What the settings say."""
        return Scheme(self.method, self.bits, self.block_size)


class MicroscopeSettings(SchemeSettings):
    """Which matrix is looked at, and how it is quantized."""

    matrix: str = field(
        "",
        label="Weight matrix",
        explanation="By its name in the files; empty for the first of a feed-forward layer.",
        most=MAX_NAME,
        hidden=True,
    )


@dataclass(frozen=True, eq=False)
class Seen:
    """A matrix under a scheme.

    Parameters
    ----------
    settings : MicroscopeSettings
        What was asked for.
    matrix : str
        The name of the matrix that is seen.
    shapes : mapping of str to (int, int)
        All matrices of the model, by name.
    look : Look
        What is seen.
    """

    settings: MicroscopeSettings
    matrix: str
    shapes: Mapping[str, tuple[int, int]]
    look: Look

    @property
    def progress(self) -> Progress:
        """It is there at once."""
        return Progress()

    def to_json(self) -> dict[str, Any]:
        """Return what was measured of the matrix."""
        found, error = self.look, self.look.error
        return {
            "matrix": self.matrix,
            "shape": list(self.shapes[self.matrix]),
            **asdict(self.settings.scheme),
            "bits_per_weight": found.bits_per_weight,
            "max_abs_error": error.max_abs,
            "mean_square_error": error.mean_square,
            "snr_db": error.snr_db if isfinite(error.snr_db) else None,
            "values_left": len(found.levels) or None,
            "largest_weight": found.largest,
            "largest_weight_place": list(found.place),
            "standard_deviation": found.deviation,
            "step": found.step,
            "step_without_largest": found.step_without,
        }


def run_microscope(
    folder: InstalledModel, settings: MicroscopeSettings, _run: Run
) -> Iterator[Seen]:
    """Read one matrix out of the files, quantize it and look at it.

    Raises
    ------
    ModelNotFound
        When the model has no such matrix.
    """
    shapes = matrix_shapes(folder.path)
    name = settings.matrix or first_matrix(shapes)
    if name not in shapes:
        raise ModelNotFound(
            f"`matrix` must be one of the model's, such as {min(shapes)}, got {shown(name)}."
        )
    yield Seen(settings, name, shapes, look(read_matrix(folder.path, name), settings.scheme))


def first_matrix(names: Iterable[str]) -> str:
    """Return what is looked at first: a matrix of a feed-forward layer, if there is one.

    Examples
    --------
    >>> first_matrix(["embed.weight", "layers.1.mlp.up.weight", "layers.0.mlp.up.weight"])
    'layers.0.mlp.up.weight'
    """
    known = sorted(names)
    return next((name for name in known if "mlp" in name), known[0])


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
