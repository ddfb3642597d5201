"""Whether files are still those that were read: their names, sizes and times of change."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

# Of weights, config, tokenizer and template; a note or a log beside them changes no model.
SUFFIXES = (".safetensors", ".json", ".gguf", ".model", "merges.txt")

Stamp = tuple[tuple[str, int, int], ...]


def stamp_of(path: Path) -> Stamp:
    """Return name, size in bytes and time of change in nanoseconds of a model's files.

    Parameters
    ----------
    path : Path
        A folder, of which the files that belong to a model count, or one file. What is not there,
        or cannot be looked at, has no files: who reads it says why.
    """
    try:
        folder = path.is_dir()
        files = [each for each in os.scandir(path) if _counts(each.name)] if folder else [path]
        found = [(each.name, each.stat()) for each in files]
    except (OSError, ValueError):
        return ()
    return tuple(sorted((name, seen.st_size, seen.st_mtime_ns) for name, seen in found))


def _counts(name: str) -> bool:
    return name.endswith(SUFFIXES) or name.startswith("chat_template")


def once_per_version(size: int) -> Callable[[Callable[[Path], T]], Callable[[Path], T]]:
    """Decorate what reads a model folder: it is called again only when the files have changed.

    Parameters
    ----------
    size : int
        Folders whose result is kept; the least recently asked for goes first.
    """

    def decorate(read: Callable[[Path], T]) -> Callable[[Path], T]:
        @lru_cache(maxsize=size)
        def remembered(folder: Path, _: Stamp) -> T:
            return read(folder)

        @wraps(read)
        def reader(folder: Path) -> T:
            return remembered(folder, stamp_of(folder))

        return reader

    return decorate
