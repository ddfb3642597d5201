"""Linear layers for the core's decoder whose products run in PyTorch.

Each takes and gives NumPy float32 of shape (N, in) and (N, out); what happens between is the point.
"""

from __future__ import annotations

import math
import platform
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playground.core.linear import Dense
from playground.models.engines.activations import BATCH_ROWS
from playground.models.engines.compiled import ready
from playground.models.engines.compiled.product import SplitProduct, full_product, products_by

if TYPE_CHECKING:
    import torch

Float32Array = NDArray[np.float32]

# Up to here the weight-only int8 kernel reads each weight once and wins; above, the BF16 product.
INT8_KERNEL_ROWS = 16

# Up to here a compiled product takes no more of the processor than oneDNN's on AMX, and on a busy
# machine a fraction of the time; above, oneDNN's instructions for many rows win.
COMPILED_ROWS = 8

# From here on PyTorch's own choice for FP32 is the faster one, where MKL is at home.
MANY_ROWS = 64

# The largest magnitude of a row of inputs becomes this many steps: 127 * 256 + 127, the largest
# number whose high and low byte both lie in -128 .. 127.
STEPS = np.float32(127 * 257)
TINY = np.float32(1e-30)

# Sums at once. An output head has so many outputs that a long text is multiplied in pieces, as the
# sums of both bytes would take twice the memory of its logits.
MOST_SUMS = 2**23
# Brings both bytes to 0 .. 255, as the kernel wants them, and halves to the next integer.
TO_UNSIGNED = np.float32(128 * 257 + 0.5)


class TorchLinear:
    """x W^T by PyTorch, with weights and inputs rounded to a format.

    A row gets the same bits alone and in any batch of fewer than `MANY_ROWS`: oneDNN sums every
    batch of two or more in one order, so that a lone row is doubled. PyTorch's own choice for FP32
    changes its order at 2, 4 and 16 rows. Where oneDNN has no product of the format (FP16 on
    processors without FP16 arithmetic), PyTorch's own takes row after row, in one order too.

    Parameters
    ----------
    weight : array of shape (out, in)
        In float32; kept, not copied, where that is the format.
    dtype : torch.dtype
        ``torch.float32``, ``torch.float16`` or ``torch.bfloat16``.
    """

    def __init__(self, weight: Float32Array, dtype: torch.dtype) -> None:
        import torch

        self.weight = torch.from_numpy(weight).to(dtype)
        self.size_bytes = {str(dtype).removeprefix("torch."): self.weight.nbytes}
        self._dtype = dtype
        self._by_onednn = has_onednn(dtype)
        self._own_from = MANY_ROWS if dtype == torch.float32 and mkl_is_at_home() else math.inf
        if self._by_onednn and dtype == torch.bfloat16 and not _has_amx():
            # In the order in which the kernel reads, once instead of at each product. An FP32
            # weight stays as it is, because the embedding or NumPy share its memory; and on AMX
            # it is not proven that a packed weight gives a row the same bits in any batch.
            self.weight = torch.ops.mkldnn._reorder_linear_weight(self.weight, 2)

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        import torch

        if self._by_onednn and len(x) < self._own_from:
            given = torch.from_numpy(x if len(x) > 1 else x.repeat(2, axis=0)).to(self._dtype)
            raw = torch.ops.mkldnn._linear_pointwise.default(
                given, self.weight, None, "none", [], ""
            )
        else:
            raw = torch.nn.functional.linear(torch.from_numpy(x).to(self._dtype), self.weight)
        product: Float32Array = raw[: len(x)].float().numpy()
        return product


def has_onednn(dtype: torch.dtype) -> bool:
    """Tell whether oneDNN multiplies a format on this processor."""
    import torch

    if not torch.backends.mkldnn.is_available():
        return False
    if dtype == torch.float16:
        return bool(torch.ops.mkldnn._is_mkldnn_fp16_supported())
    if dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return True


def _has_amx() -> bool:
    import torch

    return bool(torch.cpu.get_capabilities().get("amx_tile", False))


@cache
def mkl_is_at_home() -> bool:
    """Tell whether PyTorch's own FP32 product is MKL's on an Intel processor.

    There it is faster than oneDNN's for many rows; elsewhere it takes twice as long.
    """
    import torch

    try:
        vendor = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        vendor = platform.processor()
    return torch.backends.mkl.is_available() and "GenuineIntel" in vendor


class FullLinear(Dense):
    """x W^T in FP32, all on the same memory.

    Few rows are multiplied by a compiled function, where there is one: all rows of a batch in the
    order in which each would sum alone. Else one row by NumPy, as in the core, and more by PyTorch.
    """

    def __init__(self, weight: Float32Array) -> None:
        import torch

        super().__init__(weight)
        self._many = TorchLinear(weight, torch.float32)

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        if len(x) <= COMPILED_ROWS and (sooner := full_product(x, self.weight)) is not None:
            return sooner
        return super().__call__(x) if len(x) == 1 else self._many(x)

    @property
    def multiplied_by(self) -> str:
        """Who multiplies few rows at the moment, and why not the compiled product."""
        return products_by("NumPy and PyTorch")


class FullHead(TorchLinear):
    """A head in FP32 over layers of fewer bits: a row gets the same bits in any batch that runs.

    Up to `BATCH_ROWS` rows are multiplied by a compiled function, where there is one; else by
    oneDNN.
    """

    def __init__(self, weight: Float32Array) -> None:
        import torch

        super().__init__(weight, torch.float32)
        self._as_array = weight

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        if len(x) > BATCH_ROWS:
            return super().__call__(x)
        pieces = [x[start : start + COMPILED_ROWS] for start in range(0, len(x), COMPILED_ROWS)]
        products = [full_product(piece, self._as_array) for piece in pieces]
        sooner = [product for product in products if product is not None]
        if len(sooner) < len(pieces):
            return super().__call__(x)
        return sooner[0] if len(sooner) == 1 else np.concatenate(sooner)


class Int8Linear:
    """x W^T by PyTorch's weight-only kernel: int8 rows, a scale a row, inputs rounded to BF16.

    Parameters
    ----------
    codes : torch.Tensor of shape (out, in), int8
        The rows, W = codes * absmax / 127.
    absmax : torch.Tensor of shape (out,), float32
        The largest magnitude of each row before rounding.
    """

    def __init__(self, codes: torch.Tensor, absmax: torch.Tensor) -> None:
        import torch

        self._codes = codes.contiguous()
        self.absmax = absmax.float()
        self._scales: Float32Array = (self.absmax / 127).numpy()
        # The kernel's own scales are BF16; with ones there, ours stay FP32.
        self._ones = torch.ones(len(codes), dtype=torch.bfloat16)

    @property
    def size_bytes(self) -> dict[str, int]:
        """Bytes of the codes and of the scales."""
        return {"int8": self._codes.nbytes, "scales": self._scales.nbytes}

    def codes(self) -> NDArray[np.int8]:
        """Return the rows, of shape (out, in)."""
        rows: NDArray[np.int8] = self._codes.numpy()
        return rows

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        import torch

        given = torch.from_numpy(x).to(torch.bfloat16)
        if len(x) <= INT8_KERNEL_ROWS:
            raw = torch._weight_int8pack_mm(given, self._codes, self._ones)
        else:
            # BF16 holds every integer up to 256, so the codes pass through it unharmed.
            raw = given @ self._codes.to(torch.bfloat16).T
        product: Float32Array = raw.float().numpy()
        product *= self._scales
        return product


class SplitInt8Linear:
    """x W^T by integer products alone: int8 rows, inputs of 16 bits split in two bytes.

    Each row of inputs is rounded to multiples of absmax / 32,639, and each multiple is written as
    256 high + low. Both bytes go through one product of int8 with int32 sums, which is exact, so
    a row gets the same bits in any batch. LLM.int8() rounds inputs to 8 bits and sets outliers
    apart; with 16 there is no need to.

    Parameters
    ----------
    codes, absmax : torch.Tensor
        As in `Int8Linear`.
    """

    def __init__(self, codes: torch.Tensor, absmax: torch.Tensor) -> None:
        import torch

        self._shape = tuple(codes.shape)
        self.absmax = absmax.float()
        self._scales = self.absmax / 127
        self._zeros = torch.zeros(len(codes), dtype=torch.int32)
        # Packed in the order in which the kernel reads.
        self._packed = torch.ops.onednn.qlinear_prepack(codes.contiguous(), None)
        self.compiled = SplitProduct(self._packed, self._scales.numpy())

    @property
    def size_bytes(self) -> dict[str, int]:
        """Bytes of the codes and of the scales."""
        return {"int8": int(np.prod(self._shape)), "scales": self._scales.nbytes}

    @property
    def multiplied_by(self) -> str:
        """Who multiplies few rows at the moment, and why not the compiled product."""
        return self.compiled.status

    def codes(self) -> NDArray[np.int8]:
        """Return the rows, of shape (out, in), read back from what the kernel multiplies by."""
        import torch

        # Each unit vector picks one column of the rows.
        unit = 128 + np.eye(self._shape[1], dtype=np.uint8)
        columns = self._multiply(unit, torch.ones_like(self._scales))
        return columns.T.astype(np.int8)

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        if len(x) > (most := max(COMPILED_ROWS, MOST_SUMS // self._shape[0])):
            product = np.empty((len(x), self._shape[0]), np.float32)
            for start in range(0, len(x), most):
                product[start : start + most] = self(x[start : start + most])
            return product
        if len(x) > COMPILED_ROWS or (sooner := self.compiled(x)) is None:
            return self._by_onednn(x)
        if self.compiled.equal is None:
            self.compiled.compare(sooner, self._by_onednn(x, compiled=False))
        return sooner if self.compiled.equal else self._by_onednn(x)

    def _by_onednn(self, x: Float32Array, compiled: bool = True) -> Float32Array:
        """Multiply by oneDNN; what stands before and after it is compiled where it can be."""
        rows = len(x)
        kernels = ready.kernels() if compiled else None
        # One product for both bytes, so that the weights are read once.
        low_and_high = np.empty((2, *x.shape), np.uint8)
        if kernels:
            step = np.empty((rows, 1), np.float32)
            kernels.split_rows(x, low_and_high, step)
        else:
            # A row of zeros has no step of its own; any will do.
            step = np.maximum(np.abs(x).max(axis=1, keepdims=True), TINY)
            step /= STEPS
            steps = x / step
            steps += TO_UNSIGNED
            whole = steps.astype(np.uint16)
            low_and_high[0] = whole  # which drops the high byte
            np.right_shift(whole, 8, out=low_and_high[1], casting="unsafe")
        products = self._multiply(low_and_high.reshape(2 * rows, -1), self._scales)
        product = products[rows:]
        if kernels:
            kernels.join_rows(products, step)
        else:
            product *= 256
            product += products[:rows]
            product *= step
        return product

    def _multiply(self, unsigned: NDArray[np.uint8], scales: torch.Tensor) -> Float32Array:
        """Return (unsigned - 128) codes^T, each output times its scale."""
        import torch

        product: Float32Array = torch.ops.onednn.qlinear_pointwise.default(
            torch.from_numpy(unsigned),
            1.0,
            128,
            self._packed,
            scales,
            self._zeros,
            None,
            1.0,
            0,
            torch.float32,
            "none",
            [],
            "",
        ).numpy()
        return product


def quantize_linear(weight: Float32Array) -> Int8Linear | SplitInt8Linear:
    """Quantize a weight of shape (out, in) to the rows of LLM.int8(), as bitsandbytes makes them.

    Dettmers et al., 2022, arXiv:2208.07339. The product is the integers' own where the processor
    sums them exactly (VNNI; older instructions saturate), else the weight-only kernel's.
    """
    import torch
    from bitsandbytes.functional import int8_vectorwise_quant

    codes, absmax, _ = int8_vectorwise_quant(torch.from_numpy(weight).to(torch.float16))
    exact = torch.cpu.get_capabilities().get("avx512_vnni", False)
    return (SplitInt8Linear if exact else Int8Linear)(codes, absmax)
