"""How much memory this process may still take, and which models must go to make room."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

# Below this share of all memory the system begins to swap, and other programs to suffer.
_TIGHT_SHARE = 0.1
# Limits and use of a container: control groups, version 2 and 1, as files below the root.
_CGROUPS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)


@dataclass(frozen=True)
class Memory:
    """What this process may still take, and what there is at all."""

    available_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Resident:
    """A model that is loaded and that nobody uses now."""

    name: str
    weight_bytes: int


@dataclass(frozen=True)
class LoadPlan:
    """What a load would do to memory; all bytes are estimates before the load.

    Parameters
    ----------
    needed_bytes : int
        The most that loading takes.
    available_bytes : int
        What is free now.
    freed : tuple of str
        Models that make room, least recently used first.
    left_bytes : int
        What is free at the height of the load; below 0 the load would kill the process.
    tight : bool
        Whether less than a tenth of all memory is left.
    """

    needed_bytes: int
    available_bytes: int
    freed: tuple[str, ...]
    left_bytes: int
    tight: bool

    @property
    def fits(self) -> bool:
        """Whether the load is survived."""
        return self.left_bytes >= 0


def plan_load(needed: int, memory: Memory, idle: Sequence[Resident]) -> LoadPlan:
    """Free the least recently used models until the load leaves a tenth of all memory.

    Parameters
    ----------
    needed : int
        Bytes that loading takes.
    memory : Memory
        What there is.
    idle : sequence of Resident
        Models that nobody uses, least recently used first.

    Examples
    --------
    >>> old, new = Resident("INT8", 30), Resident("NF4", 20)
    >>> plan_load(needed=50, memory=Memory(40, 100), idle=[old, new]).freed
    ('INT8',)
    """
    available = memory.available_bytes
    left, freed = available - needed, []
    spare = int(memory.total_bytes * _TIGHT_SHARE)
    for resident in idle:
        if left >= spare:
            break
        left += resident.weight_bytes
        freed.append(resident.name)
    return LoadPlan(needed, available, tuple(freed), left, tight=left < spare)


def room_to_keep(held: int, memory: Memory) -> int:
    """Return how many bytes may be kept so that a tenth of all memory stays free.

    Parameters
    ----------
    held : int
        Bytes that are kept now.
    memory : Memory
        What there is beside them.

    Examples
    --------
    >>> room_to_keep(held=30, memory=Memory(available_bytes=5, total_bytes=100))
    25
    """
    return max(0, held + memory.available_bytes - int(memory.total_bytes * _TIGHT_SHARE))


def read_memory(cgroup: Path = Path("/sys/fs/cgroup")) -> Memory:
    """Return what this process may take: of the machine, its container, its own limit.

    Parameters
    ----------
    cgroup : Path
        Where control groups are mounted.
    """
    machine = psutil.virtual_memory()
    bounds = [Memory(machine.available, machine.total), _in_cgroup(cgroup), _in_process()]
    known = [bound for bound in bounds if bound is not None]
    return Memory(
        available_bytes=max(0, min(bound.available_bytes for bound in known)),
        total_bytes=min(bound.total_bytes for bound in known),
    )


def _in_cgroup(root: Path) -> Memory | None:
    for limit, usage, stat, cache in _CGROUPS:
        try:
            allowed = (root / limit).read_text().strip()
            used = int((root / usage).read_text())
            counts = dict(line.split() for line in (root / stat).read_text().splitlines())
        except (OSError, ValueError):
            continue
        if not allowed.isdigit():  # "max"
            return None
        # File pages that are not in use are given back under pressure.
        return Memory(int(allowed) - used + int(counts.get(cache, 0)), int(allowed))
    return None


def _in_process() -> Memory | None:
    """Return what ``ulimit -v`` leaves, where there is such a thing and it is set."""
    if os.name != "posix":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return None
    return Memory(soft - psutil.Process().memory_info().vms, soft)
