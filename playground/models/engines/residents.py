"""A model that is in memory, and giving its memory back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from playground.models.engines.engine import Engine
from playground.models.engines.loads import ModelChoice
from playground.models.engines.memory import Resident
from playground.models.file_stamp import Stamp

# A batch's thread ends within a token; who holds a model for longer keeps it for good reason.
LET_GO_SECONDS = 0.5


@dataclass(frozen=True)
class Residence:
    """A model that is in memory now.

    Parameters
    ----------
    choice : ModelChoice
        What a person asked for.
    title, engine : str
        What it is called, and who computes.
    weight_bytes : int
        Its weights and scales, summed over the tensors.
    in_use : bool
        Whether a reply holds it now.
    idle_seconds : float
        How long nobody has; 0 while it is in use.
    kept_bytes : int
        What was read with it and is kept for the next turns of conversations, measured.
    """

    choice: ModelChoice
    title: str
    engine: str
    weight_bytes: int
    in_use: bool
    idle_seconds: float
    kept_bytes: int = 0


@dataclass(frozen=True)
class Spare:
    """Memory that is given up before a model is.

    Parameters
    ----------
    name : str
        What a person is told was freed.
    size_bytes, free : callable
        How much there is, and what gives it up.
    leave : callable
        Takes an engine that is let go: what was kept of it goes with it.
    """

    name: str = ""
    size_bytes: Callable[[], int] = lambda: 0
    free: Callable[[], object] = lambda: None
    leave: Callable[[Engine], object] = lambda _engine: None

    def of(self) -> list[Resident]:
        """Return it as what may make room."""
        size = self.size_bytes()
        return [Resident(self.name, size)] if size else []


NO_SPARE = Spare()


@dataclass
class Loaded:
    """An engine, who holds it, and since when nobody does."""

    engine: Engine
    stamp: Stamp = ()  # of the files that it came from, if they are a person's own
    leases: int = 0
    used: float = 0.0  # `time.monotonic()` when last taken or given back

    @property
    def weight_bytes(self) -> int:
        """Its weights and scales."""
        report = self.engine.report
        return report.weight_bytes + report.scale_bytes


def return_memory(dropped: Sequence[weakref.ref[Any]] = ()) -> None:
    """Give freed weights back to the system; glibc keeps 200 to 300 MB without being asked.

    Parameters
    ----------
    dropped : sequence of weakref.ref
        Whose memory it is. The thread of a batch holds its engine for a moment after the last token
        was read; what is given back before it lets go comes to nothing.
    """
    gc.collect()
    end = time.monotonic() + LET_GO_SECONDS
    while any(each() is not None for each in dropped) and time.monotonic() < end:
        time.sleep(0.005)
    # A reference dies before the arrays behind it do; another thread may be at that just now.
    time.sleep(0.05 if dropped else 0)
    trim_memory()


def trim_memory() -> None:
    """Let the allocator give back what is free inside of it.

    Each thread of a server allocates in an arena of its own, and glibc gives back only what is free
    at an arena's end: what many short requests leave there adds up.
    """
    with contextlib.suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL("libc.so.6").malloc_trim(0)
