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
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat",
     "total_inactive_file"),
)  # fmt: skip


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


def plan_load(needed: int, available: int, total: int, idle: Sequence[Resident]) -> LoadPlan:
    """Free the least recently used models until the load leaves a tenth of all memory.

    Parameters
    ----------
    needed, available, total : int
        Bytes that loading takes, that are free, and that there are at all.
    idle : sequence of Resident
        Models that nobody uses, least recently used first.

    Examples
    --------
    >>> old, new = Resident("INT8", 30), Resident("NF4", 20)
    >>> plan_load(needed=50, available=40, total=100, idle=[old, new]).freed
    ('INT8',)
    """
    left, freed = available - needed, []
    spare = int(total * _TIGHT_SHARE)
    for resident in idle:
        if left >= spare:
            break
        left += resident.weight_bytes
        freed.append(resident.name)
    return LoadPlan(needed, available, tuple(freed), left, tight=left < spare)


def available_bytes(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the bytes this process can still take: of the machine, its container, its own limit.

    Parameters
    ----------
    cgroup : Path
        Where control groups are mounted.
    """
    bounds = [psutil.virtual_memory().available, _left_in_cgroup(cgroup), _left_in_process()]
    return max(0, min(bound for bound in bounds if bound is not None))


def _left_in_cgroup(root: Path) -> int | None:
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
        return int(allowed) - used + int(counts.get(cache, 0))
    return None


def _left_in_process() -> int | None:
    """Return what ``ulimit -v`` leaves, where there is such a thing and it is set."""
    if os.name != "posix":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft - psutil.Process().memory_info().vms
