"""What a benchmark ran on: said beside every table."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("torch", "transformers", "bitsandbytes", "numpy")


def machine() -> str:
    """Return processor, cores and memory in words."""
    cores = psutil.cpu_count(logical=True) or os.cpu_count()
    memory = psutil.virtual_memory().total / 2**30
    return f"{processor()}, {cores} logical cores, {memory:.0f} GiB memory, {platform.system()}"


def processor() -> str:
    """Return the processor's name."""
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        for line in listed.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Return the versions that decide about speed."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def conditions() -> str:
    """Return machine and versions in one sentence."""
    made_with = ", ".join(f"{name} {number}" for name, number in versions().items())
    return f"Machine: {machine()}. Versions: {made_with}."
