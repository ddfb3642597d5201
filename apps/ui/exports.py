"""Files that a page hands out: readable by nobody else on this machine, gone with the process."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="playground-")


def exports_folder() -> Path:
    """Return this process's folder, made when it is first asked for."""
    return Path(_folder().name)


def save_export(name: str, content: str | bytes) -> str:
    """Write a file under the name it is downloaded by; return its path.

    Parameters
    ----------
    name : str
        As the person's computer will call it.
    content : str or bytes
        Text is written as UTF-8.
    """
    path = Path(tempfile.mkdtemp(dir=exports_folder())) / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)
