"""Precisions: what they are, what they cost, and whether this machine runs them.

Sizes here are computed before loading, from shapes alone (a network without weights), and are
called estimates wherever they are shown. What was really loaded is read off the model afterwards
(`playground.models.engines.engine.LoadReport`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playground.errors import OptionError, PrecisionUnavailable
from playground.models.config import read_model_config
from playground.models.engines.weightless import build_weightless
from playground.models.file_stamp import once_per_version
from playground.models.foreign import walled
from playground.models.libraries import import_libraries
from playground.number_rules import shown

if TYPE_CHECKING:
    import torch

# bitsandbytes keeps one FP32 absmax for every block of 64 weights in 4 bits (Dettmers et al., 2023,
# arXiv:2305.14314), and one for every row in LLM.int8() (Dettmers et al., 2022, arXiv:2208.07339).
FOUR_BIT_BLOCK = 64
FP32_BYTES = 4
# What loading takes besides the weights: tokenizer, layers without their weights, the first
# products. Measured with SmolLM2-135M at every precision: 50 to 80 MB of anonymous memory.
BESIDE_WEIGHTS = 80_000_000


class Precision(StrEnum):
    """The number format of the linear layers."""

    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"
    INT8_HEAD = "int8-head"
    NF4 = "nf4"
    FP4 = "fp4"

    @property
    def label(self) -> str:
        """What it is called where people read: "INT8", "INT8+head"."""
        return "INT8+head" if self is Precision.INT8_HEAD else self.name

    @property
    def eight_bit(self) -> bool:
        """True for int8 rows, with the output head as it was or in int8 rows too."""
        return self in (Precision.INT8, Precision.INT8_HEAD)

    @property
    def four_bit(self) -> bool:
        """True for bitsandbytes' two 4-bit formats, which differ in their 16 levels."""
        return self in (Precision.NF4, Precision.FP4)

    @property
    def quantized(self) -> bool:
        """True when the linear layers are kept as bitsandbytes quantizes them."""
        return self.eight_bit or self.four_bit

    @classmethod
    def parse(cls, text: str) -> Precision:
        """Read a name.

        Raises
        ------
        OptionError
            When there is no such precision.
        """
        try:
            return cls(text.lower())
        except ValueError:
            raise OptionError(
                f"`precision` must be one of {', '.join(cls)}, got {shown(text)}."
            ) from None


@dataclass(frozen=True)
class ModelShape:
    """Numbers of weights, by what becomes of them.

    Parameters
    ----------
    linear : int
        Weights of the linear layers that bitsandbytes swaps (all but the output head).
    linear_rows : int
        Rows of those layers, which is how many scales INT8 needs.
    other : int
        All others: embedding, head, norms and biases; a tied tensor counts once.
    head, head_rows : int
        Weights and rows of the output head.
    tied_head : bool
        Whether the head is the embedding, so that the embedding stays beside a quantized head.
    """

    linear: int
    linear_rows: int
    other: int
    head: int = 0
    head_rows: int = 0
    tied_head: bool = True

    @property
    def parameters(self) -> int:
        """All weights."""
        return self.linear + self.other


@once_per_version(32)
@walled("the model")
def read_shape(folder: Path) -> ModelShape:
    """Count the weights of a model folder without loading any (they are built on "meta").

    Parameters
    ----------
    folder : Path
        Holds ``config.json``.
    """
    import_libraries()
    from torch import nn

    model = build_weightless(read_model_config(folder), folder)
    head = model.get_output_embeddings()
    linear = [m for m in model.modules() if isinstance(m, nn.Linear) and m is not head]
    swapped = sum(m.weight.numel() for m in linear)
    return ModelShape(
        linear=swapped,
        linear_rows=sum(m.out_features for m in linear),
        other=sum(p.numel() for p in model.parameters()) - swapped,
        head=head.weight.numel(),
        head_rows=len(head.weight),
        tied_head=head.weight is model.get_input_embeddings().weight,
    )


def estimate_bytes(shape: ModelShape, precision: Precision) -> int:
    """Return the bytes of the weights and scales at a precision, computed from the shapes.

    Examples
    --------
    >>> estimate_bytes(ModelShape(linear=6400, linear_rows=80, other=100), Precision.NF4)
    4000
    """
    other = shape.other * FP32_BYTES
    if precision.eight_bit:
        blocks = shape.linear + shape.linear_rows * FP32_BYTES
        if precision is Precision.INT8:
            return blocks + other
        whole = 0 if shape.tied_head else shape.head * FP32_BYTES
        return blocks + other - whole + shape.head + shape.head_rows * FP32_BYTES
    if precision.four_bit:
        return shape.linear // 2 + shape.linear // FOUR_BIT_BLOCK * FP32_BYTES + other
    return shape.parameters * (FP32_BYTES if precision is Precision.FP32 else 2)


def estimate_peak_bytes(shape: ModelShape, precision: Precision) -> int:
    """Return the most memory that loading needs; bitsandbytes passes through FP32.

    The files that weights are read from are mapped. They show in a process's resident memory, but
    the system takes them back when it needs to, so that they are not counted.
    """
    reached = Precision.FP32 if precision.quantized else precision
    return estimate_bytes(shape, reached) + BESIDE_WEIGHTS


def pick_device() -> str:
    """Return "cuda" where there is a GPU, else "cpu"."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def torch_dtype(precision: Precision) -> torch.dtype:
    """Return the dtype of the layers that are not quantized."""
    import torch

    halves = {Precision.FP16: torch.float16, Precision.BF16: torch.bfloat16}
    return halves.get(precision, torch.float32)


def loader_arguments(precision: Precision) -> dict[str, Any]:
    """Return the arguments of ``from_pretrained`` that give this precision."""
    arguments: dict[str, Any] = {"dtype": torch_dtype(precision)}
    device = pick_device()
    # "auto" lets accelerate spread layers over a GPU's memory and the computer's.
    arguments["device_map"] = "auto" if device == "cuda" else device
    if precision.quantized:
        from transformers import BitsAndBytesConfig

        arguments["quantization_config"] = (
            BitsAndBytesConfig(load_in_8bit=True)
            if precision.eight_bit
            else BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type=precision.value)
        )
    return arguments


@lru_cache
def unavailable_reason(precision: Precision) -> str | None:
    """Return why this machine cannot run a precision, or None when it can.

    It is not asked of a table: a small layer is built and run.
    """
    try:
        _run_small_layer(precision)
    except (ImportError, OSError, RuntimeError, NotImplementedError, AttributeError) as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None


def require_available(precision: Precision) -> None:
    """Refuse a precision that this machine cannot run.

    Raises
    ------
    PrecisionUnavailable
        With the reason.
    """
    if reason := unavailable_reason(precision):
        raise PrecisionUnavailable(
            f"This machine cannot run {precision.label}: a small test layer failed with "
            f"“{reason}”. Choose another precision."
        )


def _run_small_layer(precision: Precision) -> None:
    import torch

    device, size = pick_device(), 64
    if precision.quantized:
        # LLM.int8() computes in FP16 by design, and bitsandbytes warns of that cast at every layer
        # and token; it also asks for an optional package of kernels.
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        from bitsandbytes.nn.modules import Linear4bit, Linear8bitLt

        layer: torch.nn.Module = (
            Linear8bitLt(size, size, has_fp16_weights=False)
            if precision.eight_bit
            else Linear4bit(size, size, quant_type=precision.value)
        )
    else:
        layer = torch.nn.Linear(size, size, dtype=torch_dtype(precision))
    dtype = torch.float16 if precision.eight_bit else torch_dtype(precision)
    with torch.inference_mode():
        layer.to(device)(torch.ones(1, size, dtype=dtype, device=device))
