"""Numba, held to reading: what is not in the cache is refused instead of compiled.

Compiling takes half a minute of a process's own time, writes where it finds room, and what LLVM
cannot do ends the process. All of that is for the child.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
from numba.core import event
from numba.core.caching import UserProvidedCacheLocator

_HERE = Path(__file__).parent
_OTHERS = (
    "UserProvidedCacheLocator,InTreeCacheLocator,UserWideCacheLocator,"
    "IPythonCacheLocator,ZipCacheLocator"
)
_folder = Path()


class KeptLocator(UserProvidedCacheLocator):  # type: ignore[misc]  # Numba ships no types
    """Finds this package's functions in a folder that need not be writable."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        super().__init__(py_func, py_file)
        self._cache_path: str = str(_folder / self.get_suitable_cache_subpath(py_file))

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> KeptLocator | None:
        """Return none for other people's functions, which may be compiled at the same time."""
        return cls(py_func, py_file) if Path(py_file).parent == _HERE else None

    def ensure_cache_path(self) -> None:
        """Make nothing: it is there, or nothing is found."""


class _Refusing(event.Listener):  # type: ignore[misc]  # as above
    """Refuses to compile this package's functions."""

    def on_start(self, event: Any) -> None:
        function = event.data["dispatcher"].py_func
        if function.__module__.startswith(f"{__package__}."):
            raise RuntimeError(f"{function.__qualname__} is not kept for this process")

    def on_end(self, event: Any) -> None:
        """Take note of nothing."""


@contextmanager
def reading_alone(folder: Path) -> Iterator[None]:
    """Let this package's functions come from a folder, and from nowhere else.

    Raises
    ------
    RuntimeError
        When Numba is told to compile nothing at all; inside, when a function is not there.
    """
    global _folder
    if numba.config.DISABLE_JIT:
        raise RuntimeError("NUMBA_DISABLE_JIT is set")
    _folder, before = folder, numba.config.CACHE_LOCATOR_CLASSES
    ours = f"{__name__}.{KeptLocator.__name__}"
    numba.config.CACHE_LOCATOR_CLASSES = f"{ours},{before or _OTHERS}"
    try:
        with event.install_listener("numba:compile", _Refusing()):
            yield
    finally:
        numba.config.CACHE_LOCATOR_CLASSES = before
