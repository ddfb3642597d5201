"""Linear layers: from (N, in) to (N, out), N rows at once."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]


class Linear(Protocol):
    """A linear layer, whatever multiplies."""

    @property
    def size_bytes(self) -> dict[str, int]:
        """Bytes it holds, by number format."""

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return x W^T, or x W^T + b, of shape (N, out) for x of shape (N, in)."""


class Dense:
    """The linear layer x W^T in NumPy.

    Parameters
    ----------
    weight : array of shape (out, in)
        As stored.
    """

    def __init__(self, weight: Float32Array) -> None:
        self.weight = weight

    @property
    def size_bytes(self) -> dict[str, int]:
        """Bytes of the weight."""
        return {"float32": self.weight.nbytes}

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product; one row reads the weights once, at the speed of memory."""
        return (self.weight @ x[0])[None] if len(x) == 1 else x @ self.weight.T


class Biased:
    """The linear layer x W^T + b.

    Parameters
    ----------
    product : Linear
        x W^T.
    bias : array of shape (out,)
        What is added.
    """

    def __init__(self, product: Linear, bias: Float32Array) -> None:
        self.product = product
        self.bias = bias

    @property
    def size_bytes(self) -> dict[str, int]:
        """Bytes of the weight; those of the bias are the norms' kind, not the matrices'."""
        return self.product.size_bytes

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the sum."""
        summed = self.product(x)
        summed += self.bias
        return summed
