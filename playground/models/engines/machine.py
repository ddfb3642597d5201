"""What this machine can do: which instructions it has, and how fast it reads memory, measured.

Run as a program it prints both as JSON, so that the measure has a process and its threads to
itself::

    python -m playground.models.engines.machine
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass

import psutil

# Far more than any cache holds.
_READ_BYTES = 1 << 29
_READ_RUNS = 7
# Instructions that decide which number format is fast, as `torch.cpu` names them.
_TELLING = {
    "avx2": "AVX2",
    "avx512_f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512_bf16": "AVX-512 BF16",
    "avx512_fp16": "AVX-512 FP16",
    "amx_int8": "AMX INT8",
    "amx_bf16": "AMX BF16",
    "neon": "NEON",
    "sve": "SVE",
}


@dataclass(frozen=True)
class Machine:
    """A processor and its memory.

    Parameters
    ----------
    processor : str
        Its name.
    cores : int
        Logical ones.
    memory_bytes : int
        All of it.
    instructions : tuple of str
        Those that decide which number format is fast.
    read_bytes_per_second : float
        Best of several readings of 512 MB by all threads, measured.
    """

    processor: str
    cores: int
    memory_bytes: int
    instructions: tuple[str, ...]
    read_bytes_per_second: float


def measure_machine() -> Machine:
    """Look at this machine and time its memory; takes about a second."""
    import torch

    has = torch.cpu.get_capabilities()
    return Machine(
        processor=str(has.get("cpu_name") or has.get("architecture") or "unknown"),
        cores=psutil.cpu_count(logical=True) or 1,
        memory_bytes=psutil.virtual_memory().total,
        instructions=tuple(words for name, words in _TELLING.items() if has.get(name)),
        read_bytes_per_second=_read_speed(),
    )


def _read_speed() -> float:
    """Sum a long array, which is bound by reading: its bytes over the shortest time."""
    import torch

    numbers = torch.ones(_READ_BYTES // 4)
    seconds = []
    for _ in range(_READ_RUNS):
        start = time.perf_counter()
        numbers.sum()
        seconds.append(time.perf_counter() - start)
    return _READ_BYTES / min(seconds)


if __name__ == "__main__":
    print(json.dumps(asdict(measure_machine())))  # noqa: T201 - a program's answer
