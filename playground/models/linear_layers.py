"""Linear layers for the core's decoder whose products run in PyTorch.

Each takes and gives NumPy float32 of shape (N, in) and (N, out); what happens between is the point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Float32Array = NDArray[np.float32]

# Up to here the int8 kernel reads each weight once and wins; above, the BF16 product does.
INT8_KERNEL_ROWS = 16


class HalfLinear:
    """x W^T with weights and inputs rounded to FP16 or BF16.

    Parameters
    ----------
    weight : array of shape (out, in)
        In float32.
    dtype : torch.dtype
        ``torch.float16`` or ``torch.bfloat16``.
    """

    def __init__(self, weight: Float32Array, dtype: torch.dtype) -> None:
        import torch

        self.weight = torch.from_numpy(weight).to(dtype)

    @property
    def size_bytes(self) -> dict[str, int]:
        """Bytes of the weight."""
        return {str(self.weight.dtype).removeprefix("torch."): self.weight.nbytes}

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        import torch

        with torch.inference_mode():
            given = torch.from_numpy(x).to(self.weight.dtype)
            product: Float32Array = torch.nn.functional.linear(given, self.weight).float().numpy()
        return product


class Int8Linear:
    """x W^T with the very rows and scales of LLM.int8() (Dettmers et al., 2022, arXiv:2208.07339).

    bitsandbytes makes the codes, W = codes * absmax / 127 row by row; the inputs are rounded to
    BF16 and not to int8, so that no outliers need to be set apart.

    Parameters
    ----------
    codes : torch.Tensor of shape (out, in), int8
        The rows.
    absmax : torch.Tensor of shape (out,), float32
        The largest magnitude of each row before rounding.
    """

    def __init__(self, codes: torch.Tensor, absmax: torch.Tensor) -> None:
        import torch

        self.codes = codes.contiguous()
        self.absmax = absmax.float()
        self._scales: Float32Array = (self.absmax / 127).numpy()
        # The kernel's own scales are BF16; with ones there, ours stay FP32.
        self._ones = torch.ones(len(codes), dtype=torch.bfloat16)

    @property
    def size_bytes(self) -> dict[str, int]:
        """Bytes of the codes and of the scales."""
        return {"int8": self.codes.nbytes, "scales": self._scales.nbytes}

    @classmethod
    def quantize(cls, weight: Float32Array) -> Int8Linear:
        """Quantize a weight of shape (out, in) as bitsandbytes' ``Linear8bitLt`` does."""
        import torch
        from bitsandbytes.functional import int8_vectorwise_quant

        codes, absmax, _ = int8_vectorwise_quant(torch.from_numpy(weight).to(torch.float16))
        return cls(codes, absmax)

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        import torch

        with torch.inference_mode():
            given = torch.from_numpy(x).to(torch.bfloat16)
            if len(x) <= INT8_KERNEL_ROWS:
                raw = torch._weight_int8pack_mm(given, self.codes, self._ones)
            else:
                # BF16 holds every integer up to 256, so the codes pass through it unharmed.
                raw = given @ self.codes.to(torch.bfloat16).T
            product: Float32Array = raw.float().numpy()
        product *= self._scales
        return product
