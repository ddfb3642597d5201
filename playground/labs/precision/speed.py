"""Why a precision is faster or slower here: sentences made of numbers that were just measured.

To write one token, every weight of the linear layers is read once, and so is the head. A machine
that reads memory at B bytes a second can therefore write at most B / bytes tokens a second. How
near a precision comes to that says what else it spends its time on.
"""

from __future__ import annotations

from playground.generation.measuring import Measured, Spread
from playground.labs.precision.bench_row import Row
from playground.models.engines.machine import Machine
from playground.models.engines.precision import Precision
from playground.sizes import spell_size

# What each path computes, read in the sources of the engines: torch, bitsandbytes 0.50 (its CPU
# kernels) and `playground.models.engines.linear_layers` and `integer_layers` beside it.
_PATHS = {
    ("FullLinear", Precision.FP32): "multiplies FP32 weights as they are",
    ("TorchLinear", Precision.FP16): "multiplies FP16 weights, with inputs rounded to FP16",
    ("TorchLinear", Precision.BF16): "multiplies BF16 weights, with inputs rounded to BF16",
    ("HalfLinear", Precision.FP16): "multiplies FP16 weights, widened as they are read, with "
    "inputs rounded to FP16",
    ("HalfLinear", Precision.BF16): "multiplies BF16 weights, widened as they are read, with "
    "inputs rounded to BF16",
    ("SplitInt8Linear", Precision.INT8): "multiplies the INT8 rows as whole numbers, with inputs "
    "in two bytes, and scales each sum once: no weight is widened",
    ("SplitInt8Linear", Precision.INT8_HEAD): "multiplies INT8 rows as whole numbers, with inputs "
    "in two bytes, and scales each sum once, and so does the head",
    ("Int8Linear", Precision.INT8): "multiplies INT8 rows directly with a weight-only kernel",
    ("Int8Linear", Precision.INT8_HEAD): "multiplies INT8 rows directly with a weight-only "
    "kernel, and so does the head",
    ("Linear8bitLt", Precision.INT8): "runs LLM.int8(): it rounds the inputs to INT8 at every "
    "layer, takes columns with an outlier apart, multiplies whole numbers and adds the outliers "
    "in FP16",
    ("Linear4bit", Precision.NF4): "looks each 4-bit code up in its 16 levels, times the scale of "
    "its block, and multiplies what comes out",
    ("Linear4bit", Precision.FP4): "looks each 4-bit code up in its 16 levels, times the scale of "
    "its block, and multiplies what comes out",
    ("Linear", Precision.FP32): "multiplies FP32 weights as they are (torch)",
    ("Linear", Precision.FP16): "multiplies FP16 weights (torch)",
    ("Linear", Precision.BF16): "multiplies BF16 weights (torch)",
}


def bytes_per_token(measured: Measured) -> int:
    """Return the bytes that writing one token reads: all weights and scales.

    The embedding is read whole where it is the head as well; beside a head of its own, in memory
    or in format, only one row of it is looked up.
    """
    whole = measured.weight_bytes + measured.scale_bytes
    return whole if measured.tied_head else whole - measured.part_bytes["embedding"]


def explain(row: Row, machine: Machine, compared: Row | None) -> list[str]:
    """Return why a row is as fast as it is; every number in it was measured or computed here.

    Parameters
    ----------
    row : Row
        That was measured.
    machine : Machine
        What it ran on.
    compared : Row or None
        The row of the same table that it is held against, measured as well; None for none.
    """
    measured = row.measured
    if measured is None:
        return []
    return [
        *_busy(row),
        _ceiling(measured, machine),
        *_against(row, compared),
        _path(row.precision, measured, machine),
        *_apart(measured),
        _rows(measured),
    ]


def _busy(row: Row) -> list[str]:
    if not row.busy or row.beside is None:
        return []
    return [
        f"It was measured beside other work: {row.beside.words}. Its times are longer than they "
        "are on a quiet machine."
    ]


def _ceiling(measured: Measured, machine: Machine) -> str:
    size = bytes_per_token(measured)
    limit = machine.read_bytes_per_second / size
    speed = measured.decode_tokens_per_second.median
    reached = (
        f"it wrote {speed:.0f}, {100 * speed / limit:.0f} % of that."
        if speed <= limit
        else f"it wrote {speed:.0f}, so the memory is faster than in the moment it was timed."
    )
    return (
        f"One token reads {spell_size(size)} of weights (computed). This machine read "
        f"{machine.read_bytes_per_second / 1e9:.0f} GB/s (measured), which would allow "
        f"{limit:,.0f} tokens/s; {reached}"
    )


def _against(row: Row, compared: Row | None) -> list[str]:
    """Compare a row with another one of its table, by the very numbers that stand there."""
    if compared is None or row.measured is None or compared.measured is None:
        return []
    mine, theirs = row.measured, compared.measured
    size = bytes_per_token(mine) / bytes_per_token(theirs)
    speed = mine.decode_tokens_per_second.median / theirs.decode_tokens_per_second.median
    told = f"It reads {size:.2f} times the bytes of {compared.name} and writes "
    if _overlap(mine.decode_tokens_per_second, theirs.decode_tokens_per_second):
        told += f"about as fast, {speed:.2f} times: their runs overlap."
    else:
        told += f"{speed:.2f} times as fast: {'faster' if speed > 1 else 'slower'}."
    if row.busy or compared.busy:
        told += " One of the two was measured beside other work, so this says little."
    return [told]


def _overlap(mine: Spread, theirs: Spread) -> bool:
    return mine.lowest <= theirs.highest and theirs.lowest <= mine.highest


def _path(precision: Precision, measured: Measured, machine: Machine) -> str:
    kinds = [kind for kind in measured.layer_classes if (kind, precision) in _PATHS]
    # A quantized model has one plain head besides; what counts is what most layers are.
    kind = max(kinds, key=lambda each: measured.layer_classes[each], default=None)
    does = _PATHS[kind, precision] if kind else "runs layers that this page cannot name"
    names = ", ".join(machine.instructions) or "none that tell"
    return (
        f"Each of its layers ({kind or 'unknown'}) {does}. Of the instructions that "
        f"matter this processor has {names}."
    )


def _apart(measured: Measured) -> list[str]:
    """Return what LLM.int8() found to take apart."""
    found = measured.outliers
    if found is None:
        return []
    return [
        f"Reading the shipped text, {found.outliers:,} of {found.inputs:,} inputs of these layers "
        f"({100 * found.outliers / found.inputs:.3f} %) were {found.threshold:g} or larger in "
        f"size, up to {found.largest:,.0f} (measured): those are the outliers. Rounded to INT8 "
        f"with the others, one of {found.largest:,.0f} would leave steps of "
        f"{found.largest / 127:,.1f}."
    ]


def _rows(measured: Measured) -> str:
    alone = 1000 / measured.decode_tokens_per_second.median
    among = 1000 / measured.prefill_tokens_per_second.median
    return (
        f"Writing, a token takes {alone:.1f} ms, because a matrix meets one vector and is read "
        f"for it alone; reading a prompt, {among:.2f} ms, because hundreds of tokens share each "
        f"reading: {alone / among:.0f} times less."
    )
