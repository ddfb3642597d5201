"""Room on the disk: asked for before a fetch, and named in one sentence when it runs out."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from playground.errors import FetchFailed
from playground.sizes import spell_size

_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextlib.contextmanager
def writing_to(folder: Path, needed_bytes: int) -> Iterator[None]:
    """Make the folder, check its room, and turn what the disk refuses into one sentence.

    Parameters
    ----------
    folder : Path
        Where the files go.
    needed_bytes : int
        What the fetch will write at most.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free_bytes = shutil.disk_usage(folder).free
        if free_bytes < needed_bytes:
            raise FetchFailed(_too_full(folder, needed_bytes, f"which has {_mb(free_bytes)} free"))
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise FetchFailed(_too_full(folder, needed_bytes, "which is full")) from error
        raise FetchFailed(
            f"The model cannot be written to {error.filename or folder} "
            f"({error.strerror or error}). Set PLAYGROUND_HOME to a folder that you may write to."
        ) from error


def raise_if_full(lines: tuple[str, ...]) -> None:
    """Raise as the disk would, if a child process says that the disk was full."""
    text = "\n".join(lines)
    if "No space left" in text or "Disk quota exceeded" in text:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _too_full(folder: Path, needed_bytes: int, state: str) -> str:
    return (
        f"The model needs {_mb(needed_bytes)} in {folder}, {state}. Free some room, or set "
        f"PLAYGROUND_HOME to a folder on a larger disk."
    )


def _mb(size_bytes: int) -> str:
    return f"{spell_size(size_bytes)} ({size_bytes:,} bytes)"
