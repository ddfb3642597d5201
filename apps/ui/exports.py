"""Files that a page hands out: readable by nobody else on this machine, gone with the process."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import psutil

_PREFIX = "playground-"


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    _sweep()
    return tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-")


def _sweep() -> None:
    """Remove the folders of processes that were ended before they could do so themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if _is_ours(folder) and number.isdecimal() and not psutil.pid_exists(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Tell whether a folder is a real one of this person; the place is everybody's."""
    if os.name != "posix":
        return folder.is_dir()
    return not folder.is_symlink() and folder.lstat().st_uid == os.getuid()


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
