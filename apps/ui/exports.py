"""Files that a page hands out: written when they are asked for, gone with the process."""

from __future__ import annotations

import tempfile
from pathlib import Path


class Exports:
    """A folder for one section's files."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="playground-")

    def save(self, name: str, content: str | bytes) -> str:
        """Write a file under the name it is downloaded by; return its path.

        Parameters
        ----------
        name : str
            As the person's computer will call it.
        content : str or bytes
            Text is written as UTF-8.
        """
        path = Path(tempfile.mkdtemp(dir=self._folder.name)) / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)
