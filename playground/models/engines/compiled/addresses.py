"""Arrays that lie at an address, and numbers by their bits: what Numba has no Python for."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

I16, I32, I64 = (ir.IntType(bits) for bits in (16, 32, 64))


def pointer(b: ir.IRBuilder, address: Any, to: Any) -> Any:
    """Emit what makes a pointer to a type of LLVM's out of an address."""
    return b.inttoptr(address, to.as_pointer())


@intrinsic
def floats_at(_: Any, address: Any) -> Any:
    """Return a pointer to float32, for ``numba.carray``."""

    def emit(_: Any, b: ir.IRBuilder, __: Any, args: Any) -> Any:
        return pointer(b, args[0], ir.FloatType())

    return types.CPointer(types.float32)(types.int64), emit


@intrinsic
def integers_at(_: Any, address: Any) -> Any:
    """Return a pointer to int32, for ``numba.carray``."""

    def emit(_: Any, b: ir.IRBuilder, __: Any, args: Any) -> Any:
        return pointer(b, args[0], I32)

    return types.CPointer(types.int32)(types.int64), emit


@intrinsic
def words_at(_: Any, address: Any) -> Any:
    """Return a pointer to int64, for ``numba.carray``."""

    def emit(_: Any, b: ir.IRBuilder, __: Any, args: Any) -> Any:
        return pointer(b, args[0], I64)

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
