"""What Numba has no Python for: products of many integers at once, and words two threads share.

Each is a few lines of LLVM's language.
"""

from __future__ import annotations

import os
import platform
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

I8, I16, I32, I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
WORD = 8  # bytes of an int64

# The order in which oneDNN packs int8 weights: blocks of 64 outputs; in a block, four inputs of
# the first output, the same four of the second, ...; then the next four inputs.
BLOCK, QUAD = 64, 4
_GROUP = 64  # codes multiplied at once: 16 outputs with four inputs each
_GROUPS = BLOCK * QUAD // _GROUP
_LANES = ir.VectorType(I32, 16)


def sums_of(planes: int) -> Any:
    """Make a function that multiplies so many rows of bytes by one packed block.

    Of rows at once, for each weight that is loaded serves them all.
    """

    @intrinsic
    def block_sums(_: Any, inputs: Any, plane: Any, codes: Any, quads: Any, sums: Any) -> Any:
        """Multiply rows of bytes, 0 to 255, by one packed block: 64 sums a row in int32.

        Parameters
        ----------
        inputs : int
            Address of the first row.
        plane : int
            Bytes from a row to the next.
        codes : int
            Address of the block.
        quads : int
            Inputs a row, in fours.
        sums : int
            Address where the sums are put, those of the first row first.
        """

        def emit(context: Any, b: ir.IRBuilder, _: Any, args: Any) -> Any:
            inputs, plane, codes, quads, sums = args
            if not _has_vnni():  # the layer that would call it is not made there
                return context.get_dummy_value()
            zero = ir.Constant(_LANES, None)
            held = [
                [cgutils.alloca_once_value(b, zero) for _ in range(_GROUPS)] for _ in range(planes)
            ]
            with cgutils.for_range(b, quads, intp=I64) as loop:
                place = b.add(codes, b.mul(loop.index, I64(BLOCK * QUAD)))
                weights = [
                    b.load(_pointer(b, b.add(place, I64(group * _GROUP)), _LANES), align=QUAD)
                    for group in range(_GROUPS)
                ]
                place = b.add(inputs, b.mul(loop.index, I64(QUAD)))
                for row in range(planes):
                    four = _everywhere(b, b.add(place, b.mul(plane, I64(row))))
                    for group in range(_GROUPS):
                        sum_of = held[row][group]
                        b.store(_plus_products(b, b.load(sum_of), four, weights[group]), sum_of)
            for row in range(planes):
                for group in range(_GROUPS):
                    offset = I64(4 * BLOCK * row + _GROUP * group)
                    to = _pointer(b, b.add(sums, offset), _LANES)
                    b.store(b.load(held[row][group]), to, align=4)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 5), emit

    return block_sums


def _has_vnni() -> bool:
    return bool(llvm.get_host_cpu_features().get("avx512vnni", False))


def _everywhere(b: ir.IRBuilder, address: Any) -> Any:
    """Load four bytes and repeat them sixteen times."""
    four = b.load(_pointer(b, address, I32), align=QUAD)
    first = b.insert_element(ir.Constant(_LANES, ir.Undefined), four, I32(0))
    return b.shuffle_vector(first, first, ir.Constant(_LANES, [0] * _LANES.count))


def _plus_products(b: ir.IRBuilder, sums: Any, four: Any, weights: Any) -> Any:
    """Add the products of four bytes and four codes to each of sixteen sums: ``vpdpbusd``."""
    kind = ir.FunctionType(_LANES, [_LANES, _LANES, _LANES])
    name = "llvm.x86.avx512.vpdpbusd.512"
    return b.call(cgutils.get_or_insert_function(b.module, kind, name), [sums, four, weights])


def _pointer(b: ir.IRBuilder, address: Any, to: Any) -> Any:
    return b.inttoptr(address, to.as_pointer())


@intrinsic
def floats_at(_: Any, address: Any) -> Any:
    """Return a pointer to float32, for ``numba.carray``."""

    def emit(_: Any, b: ir.IRBuilder, __: Any, args: Any) -> Any:
        return _pointer(b, args[0], ir.FloatType())

    return types.CPointer(types.float32)(types.int64), emit


@intrinsic
def halves_at(_: Any, address: Any) -> Any:
    """Return a pointer to uint16, for ``numba.carray``."""

    def emit(_: Any, b: ir.IRBuilder, __: Any, args: Any) -> Any:
        return _pointer(b, args[0], I16)

    return types.CPointer(types.uint16)(types.int64), emit


@intrinsic
def integers_at(_: Any, address: Any) -> Any:
    """Return a pointer to int32, for ``numba.carray``."""

    def emit(_: Any, b: ir.IRBuilder, __: Any, args: Any) -> Any:
        return _pointer(b, args[0], I32)

    return types.CPointer(types.int32)(types.int64), emit


@intrinsic
def words_at(_: Any, address: Any) -> Any:
    """Return a pointer to int64, for ``numba.carray``."""

    def emit(_: Any, b: ir.IRBuilder, __: Any, args: Any) -> Any:
        return _pointer(b, args[0], I64)

    return types.CPointer(types.int64)(types.int64), emit


@intrinsic
def float_of_bits(_: Any, bits: Any) -> Any:
    """Return the float32 that has these 32 bits."""

    def emit(_: Any, b: ir.IRBuilder, __: Any, args: Any) -> Any:
        return b.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), emit


@intrinsic
def bits_of_float(_: Any, number: Any) -> Any:
    """Return the 32 bits of a float32."""

    def emit(_: Any, b: ir.IRBuilder, __: Any, args: Any) -> Any:
        return b.bitcast(args[0], I32)

    return types.int32(types.float32), emit


@intrinsic
def float_of_half(_: Any, bits: Any) -> Any:
    """Return the float32 that 16 bits of FP16 mean."""

    def emit(_: Any, b: ir.IRBuilder, __: Any, args: Any) -> Any:
        return b.fpext(b.bitcast(args[0], ir.HalfType()), ir.FloatType())

    return types.float32(types.uint16), emit


@intrinsic
def half_of_float(_: Any, number: Any) -> Any:
    """Return the 16 bits of the FP16 that is nearest to a float32, ties to even."""

    def emit(_: Any, b: ir.IRBuilder, __: Any, args: Any) -> Any:
        return b.bitcast(b.fptrunc(args[0], ir.HalfType()), I16)

    return types.uint16(types.float32), emit


@intrinsic
def load_word(_: Any, board: Any, index: Any) -> Any:
    """Read a word of an array of int64; what its writer wrote before is seen too."""

    def emit(context: Any, b: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return b.load_atomic(_word(context, b, signature, args), "acquire", WORD)

    return types.int64(types.int64[::1], types.int64), emit


@intrinsic
def store_word(_: Any, board: Any, index: Any, value: Any) -> Any:
    """Write a word; who reads it sees what was written before."""

    def emit(context: Any, b: ir.IRBuilder, signature: Any, args: Any) -> Any:
        b.store_atomic(args[2], _word(context, b, signature, args), "release", WORD)
        return context.get_dummy_value()

    return types.void(types.int64[::1], types.int64, types.int64), emit


@intrinsic
def add_to_word(_: Any, board: Any, index: Any, value: Any) -> Any:
    """Add to a word, whoever else does so at the same time."""

    def emit(context: Any, b: ir.IRBuilder, signature: Any, args: Any) -> Any:
        b.atomic_rmw("add", _word(context, b, signature, args), args[2], "acq_rel")
        return context.get_dummy_value()

    return types.void(types.int64[::1], types.int64, types.int64), emit


@intrinsic
def take_word(_: Any, board: Any, index: Any, seen: Any, value: Any) -> Any:
    """Write a word if it is still what was seen; return whether it was."""

    def emit(context: Any, b: ir.IRBuilder, signature: Any, args: Any) -> Any:
        word = _word(context, b, signature, args)
        return b.extract_value(b.cmpxchg(word, args[2], args[3], "acq_rel", "acquire"), 1)

    return types.boolean(types.int64[::1], types.int64, types.int64, types.int64), emit


def _word(context: Any, b: ir.IRBuilder, signature: Any, args: Any) -> Any:
    array = context.make_array(signature.args[0])(context, b, args[0])
    return b.gep(array.data, [args[1]])


@intrinsic
def pause(_: Any) -> Any:
    """Tell the processor that this is a loop that waits."""

    def emit(context: Any, b: ir.IRBuilder, _: Any, __: Any) -> Any:
        if platform.machine().lower() in ("x86_64", "amd64"):
            kind = ir.FunctionType(ir.VoidType(), [])
            b.call(cgutils.get_or_insert_function(b.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), emit


# The system's call that lets another thread have this core.
give_way = types.ExternalFunction(
    "SwitchToThread" if os.name == "nt" else "sched_yield", types.int32()
)
