"""A model that is in memory, and giving its memory back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from dataclasses import dataclass

from playground.models.engines.engine import Engine
from playground.models.engines.loads import ModelChoice


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
    """

    choice: ModelChoice
    title: str
    engine: str
    weight_bytes: int
    in_use: bool
    idle_seconds: float


@dataclass
class Loaded:
    """An engine, who holds it, and since when nobody does."""

    engine: Engine
    leases: int = 0
    used: float = 0.0  # `time.monotonic()` when last taken or given back

    @property
    def weight_bytes(self) -> int:
        """Its weights and scales."""
        report = self.engine.report
        return report.weight_bytes + report.scale_bytes


def return_memory() -> None:
    """Give freed weights back to the system; glibc keeps 200 to 300 MB without being asked."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL("libc.so.6").malloc_trim(0)
