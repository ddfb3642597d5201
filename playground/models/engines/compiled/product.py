"""Products and attention by the compiled functions, where they are ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playground.models.engines.compiled import ready
from playground.models.engines.compiled.helper_threads import HELPERS

if TYPE_CHECKING:
    import torch

Float32Array = NDArray[np.float32]


class SplitProduct:
    """x W^T of int8 rows that oneDNN packed, read where they lie.

    How oneDNN packs is its own affair and may change, so a layer's first product is computed both
    ways, and compiled from then on only if every bit was the same.

    Parameters
    ----------
    packed : torch.Tensor
        Rows that oneDNN packed.
    scales : array of shape (out,)
        Of the rows.
    """

    def __init__(self, packed: torch.Tensor, scales: Float32Array) -> None:
        self._packed, self._scales = packed, scales
        self._address = 0
        self.equal: bool | None = None

    def __call__(self, x: Float32Array) -> Float32Array | None:
        """Return the product of shape (N, out); None where it cannot be compiled (yet)."""
        kernels = ready.kernels()
        if kernels is None or self.equal is False:
            return None
        if not self._address:
            import torch

            self._address = torch.ops.mkldnn.data_ptr(self._packed)
        rows, width = x.shape
        padded = -(-width // kernels.INPUT_PAD) * kernels.INPUT_PAD
        inputs = np.zeros((rows, 2, padded), np.int16)
        steps = np.empty(rows, np.float32)
        product = np.empty((rows, len(self._scales)), np.float32)
        with HELPERS.lent(kernels) as (board, helped):
            kernels.multiply_split(
                x, inputs, steps, self._address, self._scales, product, board, helped
            )
        return product

    @property
    def status(self) -> str:
        """Who multiplies: one clause for those who look."""
        if self.equal is False:
            return "products by PyTorch: compiled ones gave other bits"
        return products_by("PyTorch")

    def compare(self, ours: Float32Array, theirs: Float32Array) -> None:
        """Look whether two first products are the same."""
        self.equal = bool((ours.view(np.int32) == theirs.view(np.int32)).all())


def products_by(others: str) -> str:
    """Say who multiplies at the moment: what is compiled, or others and why."""
    if ready.status() == "in use":
        return "products compiled"
    return f"products by {others}, compiled ones {ready.status()}"


def full_product(x: Float32Array, weight: Float32Array) -> Float32Array | None:
    """Return x W^T of shape (N, out) in float32; None where it cannot be compiled (yet).

    A row gets the same bits whatever others it is multiplied with.
    """
    kernels = ready.kernels()
    if kernels is None:
        return None
    product = np.empty((len(x), len(weight)), np.float32)
    with HELPERS.lent(kernels) as (board, helped):
        kernels.multiply_full(x, weight, product, board, helped)
    return product


def mix_for_one(
    query: Float32Array, keys: Float32Array, values: Float32Array
) -> Float32Array | None:
    """Return what the heads of one query see; None where it cannot be compiled (yet).

    Parameters
    ----------
    query : array of shape (1, H, D)
        Of the last token, as `playground.core.attention.attend` takes it.
    keys, values : arrays of shape (K, L, D)
        Of all that it sees, as a KV cache holds them: those of a head in one piece.
    """
    kernels = ready.kernels()
    if kernels is None:
        return None
    scaled: Float32Array = query[0] * np.float32(query.shape[2] ** -0.5)
    weights = np.empty((len(scaled), keys.shape[1]), np.float32)
    mixed = np.empty_like(scaled)
    with HELPERS.lent(kernels) as (board, helped):
        kernels.attend(scaled, keys, values, weights, mixed, board, helped)
    return mixed.reshape(query.shape)
