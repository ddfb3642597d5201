"""Words that two threads share: what Numba has no Python for; its None is ``get_dummy_value``."""

from __future__ import annotations

import os
import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WORD = 8  # bytes of an int64


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
