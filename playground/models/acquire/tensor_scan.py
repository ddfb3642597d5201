"""Every number of a model's files, looked at once: how many there are, and whether each is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playground.models.acquire.weight_files import opened, tensor_files


@dataclass(frozen=True)
class TensorScan:
    """What the files hold.

    Parameters
    ----------
    tensors, numbers : int
        How many tensors, and how many numbers in them.
    spoilt : tuple of str
        Names of the tensors that hold an infinity or what is no number (NaN).
    """

    tensors: int
    numbers: int
    spoilt: tuple[str, ...]


def scan_tensors(folder: Path, check: Callable[[], None] = lambda: None) -> TensorScan:
    """Read every tensor of a model folder, one at a time.

    Parameters
    ----------
    folder : Path
        Holds safetensors.
    check : callable
        Called before each tensor; may raise.

    Raises
    ------
    ModelNotFound, BrokenCache
        When the files are not there or not whole.
    """
    files = tensor_files(folder)
    numbers, spoilt = 0, []
    for path in sorted(set(files.values())):
        with opened(path) as tensors:
            for name in sorted(name for name, place in files.items() if place == path):
                check()
                tensor = tensors.get_tensor(name)
                numbers += tensor.numel()
                if not _finite(tensor):
                    spoilt.append(name)
    return TensorScan(len(files), numbers, tuple(spoilt))


def _finite(tensor: Any) -> bool:
    if not tensor.is_floating_point():
        return True
    # Formats of 8 bits know no `isfinite`; float32 holds all of them.
    wide = tensor.float() if tensor.element_size() == 1 else tensor
    return bool(wide.isfinite().all())
