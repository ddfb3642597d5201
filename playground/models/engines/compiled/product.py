"""Products of few rows by the compiled function, where it is ready."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from playground.models.engines.compiled import board as at
from playground.models.engines.compiled import ready
from playground.models.engines.compiled.helper_threads import HELPERS

Float32Array = NDArray[np.float32]
Int64Array = NDArray[np.int64]


def words_of(
    form: int, weights: int, outputs: int, width: int, scales: int = 0, excess: int = 0
) -> Int64Array:
    """Return the words of a linear layer without a bias; see `compiled.board`."""
    return np.array([form, weights, outputs, width, scales, excess, 0], np.int64)


def product_of(x: Float32Array, words: Int64Array) -> Float32Array | None:
    """Return x W^T of shape (N, out) in float32; None where it cannot be compiled (yet).

    A row gets the same bits whatever others it is multiplied with.

    Parameters
    ----------
    x : array of shape (N, in)
        Inputs.
    words : array of int64
        Of the layer, which must be held.
    """
    kernels = ready.kernels()
    if kernels is None:
        return None
    product = np.empty((len(x), words[at.LAYER_OUTPUTS]), np.float32)
    with HELPERS.lent(kernels) as (board, helped):
        kernels.multiply(x, words, product, board, helped)
    return product


def products_by(others: str) -> str:
    """Say who multiplies at the moment: what is compiled, or others and why."""
    if ready.status() == "in use":
        return "products compiled"
    return f"products by {others}, compiled ones {ready.status()}"
