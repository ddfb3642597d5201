"""Linear layers of int8 rows for the core's decoder.

Each takes and gives NumPy float32 of shape (N, in) and (N, out).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playground.models.engines.activations import BATCH_ROWS
from playground.models.engines.compiled import ready
from playground.models.engines.compiled.board import PRODUCT_OF_CODES, PRODUCT_OF_INTEGERS
from playground.models.engines.compiled.product import (
    Int64Array,
    product_of,
    products_by,
    words_of,
)

if TYPE_CHECKING:
    import torch

Float32Array = NDArray[np.float32]

# Up to here the weight-only int8 kernel reads each weight once and wins; above, the BF16 product.
INT8_KERNEL_ROWS = 16

# The largest magnitude of a row of inputs becomes this many steps: 127 * 256 + 127, the largest
# number whose high and low byte both lie in -128 .. 127.
STEPS = np.float32(127 * 257)
TINY = np.float32(1e-30)

# Sums at once. An output head has so many outputs that a long text is multiplied in pieces, as the
# sums of both bytes would take twice the memory of its logits.
MOST_SUMS = 2**23
# Brings both bytes to 0 .. 255, as the kernel wants them, and halves to the next integer.
TO_UNSIGNED = np.float32(128 * 257 + 0.5)


class Int8Linear:
    """x W^T by PyTorch's weight-only kernel: int8 rows, a scale a row, inputs rounded to BF16.

    A compiled step multiplies the same rows, and rounds no input.

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
        outputs, width = codes.shape
        address, scales = self._codes.data_ptr(), self._scales.ctypes.data
        self.words = words_of(PRODUCT_OF_CODES, address, outputs, width, scales)

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
        # Inputs are multiplied as 0 .. 255; what that adds to each sum.
        self._excess = 128 * codes.sum(dim=1, dtype=torch.int32)
        # Packed in the order in which the kernel reads.
        self._packed = torch.ops.onednn.qlinear_prepack(codes.contiguous(), None)

    @property
    def size_bytes(self) -> dict[str, int]:
        """Bytes of the codes and of the scales."""
        return {"int8": int(np.prod(self._shape)), "scales": self._scales.nbytes}

    @property
    def multiplied_by(self) -> str:
        """Who multiplies few rows at the moment, and why not the compiled product."""
        if vars(self).get("words", True) is None:
            return "products by PyTorch: compiled ones gave other bits"
        return products_by("PyTorch")

    @cached_property
    def words(self) -> Int64Array | None:
        """The layer's words for what is compiled; to be asked for once that is ready.

        How oneDNN packs is its own affair and may change: a first row is multiplied both ways, and
        there are no words if a bit differs.
        """
        import torch

        packed, scales = torch.ops.mkldnn.data_ptr(self._packed), self._scales.data_ptr()
        outputs, width = self._shape
        excess = self._excess.data_ptr()
        words = words_of(PRODUCT_OF_INTEGERS, packed, outputs, width, scales, excess)
        row = np.random.default_rng(0).normal(size=(1, width)).astype(np.float32)
        ours, theirs = product_of(row, words), self._by_onednn(row, compiled=False)
        return words if ours is not None and np.array_equal(ours, theirs) else None

    def codes(self) -> NDArray[np.int8]:
        """Return the rows, of shape (out, in), read back from what the kernel multiplies by."""
        import torch

        # Each unit vector picks one column of the rows.
        unit = 128 + np.eye(self._shape[1], dtype=np.uint8)
        columns = self._multiply(unit, torch.ones_like(self._scales))
        return columns.T.astype(np.int8)

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        if len(x) > (most := max(BATCH_ROWS, MOST_SUMS // self._shape[0])):
            product = np.empty((len(x), self._shape[0]), np.float32)
            for start in range(0, len(x), most):
                product[start : start + most] = self(x[start : start + most])
            return product
        words = self.words if len(x) <= BATCH_ROWS and ready.kernels() is not None else None
        sooner = None if words is None else product_of(x, words)
        return self._by_onednn(x) if sooner is None else sooner

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
