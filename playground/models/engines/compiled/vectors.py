"""What Numba has no Python for: products of many integers at once, and words two threads share.

Each is a few lines of LLVM's language, which become the best instructions that the processor has:
the pairs of products below are one ``vpdpwssd`` with VNNI and one ``vpmaddwd`` on AVX2.
"""

from __future__ import annotations

import os
import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

I8, I16, I32, I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
WORD = 8  # bytes of an int64

# The order in which oneDNN packs int8 weights: blocks of 64 outputs; in a block, four inputs of
# the first output, the same four of the second, ...; then the next four inputs.
BLOCK, QUAD = 64, 4
_GROUP = 32  # codes multiplied at once: 8 outputs with four inputs each
_GROUPS = BLOCK * QUAD // _GROUP
_EVEN = ir.Constant(ir.VectorType(I32, 16), list(range(0, 32, 2)))
_ODD = ir.Constant(ir.VectorType(I32, 16), list(range(1, 32, 2)))


@intrinsic
def block_sums(_: Any, inputs: Any, plane: Any, codes: Any, quads: Any, sums: Any) -> Any:
    """Multiply two rows of int16 inputs by one packed block: 2 x 64 sums in int32.

    Parameters
    ----------
    inputs : int
        Address of the first row; the second begins `plane` bytes later.
    codes : int
        Address of the block.
    quads : int
        Inputs a row, in fours.
    sums : int
        Address where the sums are put, those of the first row first.
    """

    def emit(context: Any, b: ir.IRBuilder, _: Any, args: Any) -> Any:
        inputs, plane, codes, quads, sums = args
        zero = ir.Constant(ir.VectorType(I32, 16), None)
        held = [[cgutils.alloca_once_value(b, zero) for _ in range(_GROUPS)] for _ in range(2)]
        with cgutils.for_range(b, quads, intp=I64) as loop:
            place = b.add(inputs, b.mul(loop.index, I64(2 * QUAD)))
            pair = [_wide(b, _four_everywhere(b, at)) for at in (place, b.add(place, plane))]
            place = b.add(codes, b.mul(loop.index, I64(BLOCK * QUAD)))
            for group in range(_GROUPS):
                at = _pointer(b, b.add(place, I64(group * _GROUP)), ir.VectorType(I8, _GROUP))
                weights = _wide(b, b.load(at, align=_GROUP))
                for row in range(2):
                    products = b.mul(pair[row], weights)
                    sum_of = held[row][group]
                    b.store(b.add(b.load(sum_of), _pairs(b, products, _EVEN, _ODD)), sum_of)
        low, high = (ir.Constant(ir.VectorType(I32, 8), list(range(s, 16, 2))) for s in (0, 1))
        for row in range(2):
            for group in range(_GROUPS):
                eight = _pairs(b, b.load(held[row][group]), low, high)
                offset = I64(4 * (row * BLOCK + group * _GROUP // QUAD))
                b.store(eight, _pointer(b, b.add(sums, offset), eight.type), align=4)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 5), emit


def _four_everywhere(b: ir.IRBuilder, address: Any) -> Any:
    """Load four int16 and repeat them eight times."""
    eight = ir.VectorType(I64, 8)
    four = b.load(_pointer(b, address, I64), align=2)
    first = b.insert_element(ir.Constant(eight, ir.Undefined), four, I32(0))
    everywhere = b.shuffle_vector(first, first, ir.Constant(ir.VectorType(I32, 8), [0] * 8))
    return b.bitcast(everywhere, ir.VectorType(I16, _GROUP))


def _wide(b: ir.IRBuilder, vector: Any) -> Any:
    return b.sext(vector, ir.VectorType(I32, _GROUP))


def _pairs(b: ir.IRBuilder, vector: Any, even: Any, odd: Any) -> Any:
    """Add up neighbours."""
    return b.add(b.shuffle_vector(vector, vector, even), b.shuffle_vector(vector, vector, odd))


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
