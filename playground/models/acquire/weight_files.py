"""Which tensors a model folder holds, and in which file each lies; reads headers alone.

What counts is what transformers would load: the tensors that the index names, or else those of
``model.safetensors``. Another file that lies beside them is none of the model's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playground.errors import BrokenCache, ModelNotFound

INDEX = "model.safetensors.index.json"
WHOLE = "model.safetensors"


def tensor_files(folder: Path) -> dict[str, Path]:
    """Return the file of each tensor of a model folder, by the tensor's name.

    Raises
    ------
    ModelNotFound
        When there are no weights that count.
    BrokenCache
        When the index or a file cannot be read, or a file lacks what the index says of it.
    """
    if (folder / INDEX).exists():
        return _indexed(folder)
    path = folder / WHOLE
    if not path.exists():
        raise ModelNotFound(f"{folder} holds no model: there is no {WHOLE} and no {INDEX}.")
    return dict.fromkeys(_names(path), path)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a file of safetensors.

    Raises
    ------
    BrokenCache
        When it is none, or not whole.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise BrokenCache(f"{path} is no file that can be read; copy the folder again.")
    try:
        with safe_open(path, framework="pt") as tensors:
            yield tensors
    except (SafetensorError, OSError) as error:
        raise BrokenCache(
            f"{path} cannot be read as safetensors ({error}){_pointer(path)}; copy it again."
        ) from error


def _indexed(folder: Path) -> dict[str, Path]:
    path = folder / INDEX
    try:
        places = json.loads(path.read_text("utf-8-sig"))["weight_map"]
        files = {str(name): folder / _own_name(str(file)) for name, file in places.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenCache(f"{path} is no index of tensors ({error!r}); copy it again.") from error
    if missing := sorted(file.name for file in files.values() if not file.is_file()):
        raise BrokenCache(
            f"{folder} is not whole: {INDEX} names {missing[0]}, which is missing. Copy the folder "
            "again."
        )
    there = {file: set(_names(file)) for file in set(files.values())}
    for name, file in files.items():
        if name not in there[file]:
            raise BrokenCache(
                f"{INDEX} says that {name} lies in {file.name}, and it does not; copy both again."
            )
    return files


def _own_name(file: str) -> str:
    if Path(file).name != file:
        raise ValueError(f"{file} is no name of a file in the folder itself")
    return file


def _names(path: Path) -> list[str]:
    with opened(path) as tensors:
        return list(tensors.keys())


def _pointer(path: Path) -> str:
    """Return a hint where a file is a pointer of git-lfs, the commonest of broken downloads."""
    with path.open("rb") as stream:
        begins = stream.read(40)
    lfs = begins.startswith(b"version https://git-lfs")
    return ": it is a pointer that git-lfs left in place of the file" if lfs else ""


def tensor_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor of a model folder, by name.

    Raises
    ------
    ModelNotFound, BrokenCache
        As `tensor_files`.
    """
    files = tensor_files(folder)
    shapes: dict[str, tuple[int, ...]] = {}
    for path in sorted(set(files.values())):
        with opened(path) as tensors:
            for name in (name for name, place in files.items() if place == path):
                shapes[name] = tuple(tensors.get_slice(name).get_shape())
    return shapes
