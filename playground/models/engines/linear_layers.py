"""Linear layers of floats for the core's decoder whose products run in PyTorch.

Each takes and gives NumPy float32 of shape (N, in) and (N, out); what happens between is the point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from playground.core.linear import Dense
from playground.models.engines.activations import BATCH_ROWS
from playground.models.engines.compiled.board import (
    PRODUCT_OF_BFLOATS,
    PRODUCT_OF_FLOATS,
    PRODUCT_OF_HALVES,
)
from playground.models.engines.compiled.product import (
    product_of,
    products_by,
    words_of,
)

if TYPE_CHECKING:
    import torch

Float32Array = NDArray[np.float32]


class TorchLinear:
    """x W^T by PyTorch, with weights and inputs rounded to a format.

    A row gets the same bits alone and in any batch: oneDNN sums every batch of two or more in one
    order, so that a lone row is doubled (BF16 by AMX: of up to 16 rows, and see `keeps_bits`).
    PyTorch's own choice for FP32 changes its order with the rows and with the threads. Where oneDNN
    has no product of the format (FP16 on processors without FP16 arithmetic), PyTorch's own takes
    row after row, in one order too.

    Parameters
    ----------
    weight : array of shape (out, in)
        In float32; kept, not copied, where that is the format.
    dtype : torch.dtype
        ``torch.float32``, ``torch.float16`` or ``torch.bfloat16``.
    packed : bool
        Whether weights may lie in oneDNN's own order, where that is sooner.
    """

    def __init__(self, weight: Float32Array, dtype: torch.dtype, packed: bool = True) -> None:
        import torch

        self.weight = torch.from_numpy(weight).to(dtype)
        self.size_bytes = {str(dtype).removeprefix("torch."): self.weight.nbytes}
        self._dtype = dtype
        self._by_onednn = has_onednn(dtype)
        if packed and self._by_onednn and dtype == torch.bfloat16 and not _has_amx():
            # In the order in which the kernel reads, once instead of at each product. An FP32
            # weight stays as it is, because the embedding or NumPy share its memory; and on AMX
            # it is not proven that a packed weight gives a row the same bits in any batch.
            self.weight = torch.ops.mkldnn._reorder_linear_weight(self.weight, 2)

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        import torch

        if self._by_onednn:
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


class FullLinear(Dense):
    """x W^T in FP32, all on the same memory.

    Few rows are multiplied by a compiled function, where there is one: all rows of a batch in the
    order in which each would sum alone. Else one row by NumPy, as in the core, and more by PyTorch.
    """

    def __init__(self, weight: Float32Array) -> None:
        import torch

        super().__init__(np.ascontiguousarray(weight, np.float32))  # which its address is of
        self._many = TorchLinear(self.weight, torch.float32)
        self.words = words_of(PRODUCT_OF_FLOATS, self.weight.ctypes.data, *weight.shape)

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        if len(x) <= BATCH_ROWS and (sooner := product_of(x, self.words)) is not None:
            return sooner
        return super().__call__(x) if len(x) == 1 else self._many(x)

    @property
    def multiplied_by(self) -> str:
        """Who multiplies few rows at the moment, and why not the compiled product."""
        return products_by("NumPy and PyTorch")


class FullHead(TorchLinear):
    """A head in FP32 over layers of fewer bits: a row gets the same bits in any batch that runs.

    Few rows are multiplied by a compiled function, where there is one; else by oneDNN.
    """

    def __init__(self, weight: Float32Array) -> None:
        import torch

        super().__init__(np.ascontiguousarray(weight, np.float32), torch.float32)
        self._words = words_of(PRODUCT_OF_FLOATS, self.weight.data_ptr(), *weight.shape)

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        sooner = product_of(x, self._words) if len(x) <= BATCH_ROWS else None
        return super().__call__(x) if sooner is None else sooner


class HalfLinear(TorchLinear):
    """x W^T in 16 bits, with few rows by a compiled function, which reads the same memory.

    Its sums run in another order than oneDNN's, and results of 16 bits show it. So it is made only
    where what is compiled is ready, and stays with it.

    Parameters
    ----------
    weight, dtype
        As in `TorchLinear`; ``torch.float16`` or ``torch.bfloat16``.
    """

    def __init__(self, weight: Float32Array, dtype: torch.dtype) -> None:
        import torch

        # For many rows oneDNN's own order would win a twentieth at most.
        super().__init__(np.ascontiguousarray(weight), dtype, packed=False)
        form = PRODUCT_OF_BFLOATS if dtype == torch.bfloat16 else PRODUCT_OF_HALVES
        self.words = words_of(form, self.weight.data_ptr(), *weight.shape)

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product of shape (N, out) for inputs of shape (N, in)."""
        sooner = product_of(x, self.words) if len(x) <= BATCH_ROWS else None
        return super().__call__(x) if sooner is None else sooner

    @property
    def multiplied_by(self) -> str:
        """Who multiplies few rows at the moment."""
        return products_by("PyTorch")
