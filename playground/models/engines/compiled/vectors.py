"""What Numba has no Python for: products of many numbers at once, in the order that one says.

Each is a few lines of LLVM's language. ``get_dummy_value`` is how Numba spells None, which those
return that fill memory.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from playground.models.engines.compiled.addresses import pointer
from playground.models.engines.compiled.board import (
    PRODUCT_OF_CODES,
    PRODUCT_OF_FLOATS,
    PRODUCT_OF_HALVES,
    WEIGHT_BYTES,
)

I8, I16, I32, I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
F32 = ir.FloatType()

FOUR = 4  # rows of float weights that are read at once

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
                    b.load(pointer(b, b.add(place, I64(group * _GROUP)), _LANES), align=QUAD)
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
                    to = pointer(b, b.add(sums, offset), _LANES)
                    b.store(b.load(held[row][group]), to, align=4)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 5), emit

    return block_sums


def _has_vnni() -> bool:
    return bool(llvm.get_host_cpu_features().get("avx512vnni", False))


def _everywhere(b: ir.IRBuilder, address: Any) -> Any:
    """Load four bytes and repeat them sixteen times."""
    four = b.load(pointer(b, address, I32), align=QUAD)
    first = b.insert_element(ir.Constant(_LANES, ir.Undefined), four, I32(0))
    return b.shuffle_vector(first, first, ir.Constant(_LANES, [0] * _LANES.count))


def _plus_products(b: ir.IRBuilder, sums: Any, four: Any, weights: Any) -> Any:
    """Add the products of four bytes and four codes to each of sixteen sums: ``vpdpbusd``."""
    kind = ir.FunctionType(_LANES, [_LANES, _LANES, _LANES])
    name = "llvm.x86.avx512.vpdpbusd.512"
    return b.call(cgutils.get_or_insert_function(b.module, kind, name), [sums, four, weights])


def float_sums_of(rows: int, form: int) -> Any:
    """Make a function that multiplies so many rows of inputs by four rows of weights.

    Each of the sums runs in one order, whatever is computed beside it: lane by lane, then the lanes
    by halves, then what is left over. So a row has the same bits alone and in company.

    Parameters
    ----------
    rows : int
        Of inputs, in float32.
    form : int
        Of the weights: of `compiled.board` any but ``PRODUCT_OF_INTEGERS``.
    """
    size = WEIGHT_BYTES[form]

    @intrinsic
    def sums(_: Any, x: Any, a: Any, apart: Any, width: Any, to: Any) -> Any:
        """Fill ``rows x 4`` float32 with sums.

        Parameters
        ----------
        x : int
            Address of the inputs, row after row.
        a : int
            Address of the first row of weights.
        apart : int
            Bytes from one of the four to the next.
        width : int
            Numbers a row.
        to : int
            Address of the sums.
        """

        def emit(context: Any, b: ir.IRBuilder, _: Any, args: Any) -> Any:
            x, a, apart, width, to = args
            inputs = [b.add(x, b.mul(width, I64(4 * row))) for row in range(rows)]
            weights = [b.add(a, b.mul(apart, I64(each))) for each in range(FOUR)]
            lanes = _float_lanes()

            def add_products(kind: Any, held: Any, place: Any) -> None:
                wide = [
                    _widened(b, b.add(each, b.mul(place, I64(size))), kind, form)
                    for each in weights
                ]
                for row in range(rows):
                    at = pointer(b, b.add(inputs[row], b.mul(place, I64(4))), kind)
                    given = b.load(at, align=4)
                    for each in range(FOUR):
                        sum_of = held[row][each]
                        product = b.fmul(given, wide[each], flags=("contract",))
                        b.store(b.fadd(b.load(sum_of), product, flags=("contract",)), sum_of)

            many = ir.VectorType(F32, lanes)
            in_lanes, left_over = (
                [
                    [cgutils.alloca_once_value(b, ir.Constant(kind, zero)) for _ in range(FOUR)]
                    for _ in range(rows)
                ]
                for kind, zero in ((many, None), (F32, 0.0))
            )
            whole = b.udiv(width, I64(lanes))
            with cgutils.for_range(b, whole, intp=I64) as loop:
                add_products(many, in_lanes, b.mul(loop.index, I64(lanes)))
            first = b.mul(whole, I64(lanes))
            with cgutils.for_range(b, b.sub(width, first), intp=I64) as loop:
                add_products(F32, left_over, b.add(first, loop.index))
            for row in range(rows):
                for each in range(FOUR):
                    total = _sum_of_lanes(b, b.load(in_lanes[row][each]))
                    total = b.fadd(total, b.load(left_over[row][each]))
                    b.store(total, pointer(b, b.add(to, I64(4 * (row * FOUR + each))), F32))
            return context.get_dummy_value()

        return types.void(*[types.int64] * 5), emit

    return sums


def _float_lanes() -> int:
    """Return how many float32 are added at once: with eight sums of them, what registers hold."""
    return 16 if llvm.get_host_cpu_features().get("avx512f", False) else 8


def _widened(b: ir.IRBuilder, address: Any, kind: Any, form: int) -> Any:
    """Load weights as float32."""
    if form == PRODUCT_OF_FLOATS:
        return b.load(pointer(b, address, kind), align=4)

    def like(of: Any) -> Any:
        return ir.VectorType(of, kind.count) if isinstance(kind, ir.VectorType) else of

    if form == PRODUCT_OF_CODES:
        return b.sitofp(b.sext(b.load(pointer(b, address, like(I8)), align=1), like(I32)), kind)
    stored = b.load(pointer(b, address, like(I16)), align=2)
    if form == PRODUCT_OF_HALVES:
        return b.fpext(b.bitcast(stored, like(ir.HalfType())), kind)
    sixteen = 16 if kind is F32 else [16] * kind.count
    return b.bitcast(b.shl(b.zext(stored, like(I32)), ir.Constant(like(I32), sixteen)), kind)


def _sum_of_lanes(b: ir.IRBuilder, vector: Any) -> Any:
    count = vector.type.count
    while count > 1:
        count //= 2
        low, high = (
            b.shuffle_vector(
                vector,
                vector,
                ir.Constant(ir.VectorType(I32, count), list(range(first, first + count))),
            )
            for first in (0, count)
        )
        vector = b.fadd(low, high)
    return b.extract_element(vector, I32(0))
