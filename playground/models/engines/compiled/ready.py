"""Whether what is compiled can be used, and what brings it: a child process and a pause.

Compiling takes seconds in which Python's other threads would stand still, the page's among them.
So a child process does it, at the first start of all; what it compiled lies in a folder of its
own for each processor and version. Importing it takes a second or two of Python's time, and is
put off until no model is computing. NumPy and PyTorch serve meanwhile: products of integers with
the same bits, sums of floats in another order.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from importlib.util import find_spec
from types import ModuleType

from playground.models.engines.compiled.kept import (
    COMPILE_SECONDS,
    cache_folder,
    compile_apart,
    is_whole,
    load_from,
)
from playground.models.engines.compute import idle_seconds
from playground.settings import Settings

SWITCH = "PLAYGROUND_COMPILED"
# The import begins when nothing has been computed for so long, or has been for too long.
PAUSE_SECONDS, PATIENCE_SECONDS = 0.5, 60.0

_guard = threading.Lock()
_thread: threading.Thread | None = None
_kernels: ModuleType | None = None
_looked = threading.Event()  # whether it has been compiled is known
_found = False  # it has
_hurry = threading.Event()
_status = "not asked for yet"


def kernels() -> ModuleType | None:
    """Return what is compiled; None until it is ready. The first who asks has it made ready."""
    if _kernels is None and _thread is None:
        prepare()
    return _kernels


def can_be() -> bool:
    """Tell whether it is wanted and the compiler is there."""
    return not _is_off() and find_spec("numba") is not None


def kernels_if_compiled() -> ModuleType | None:
    """Return what is compiled, and wait for its import; None where it has yet to be compiled.

    For those who are to compute in one way from beginning to end.
    """
    prepare()
    if _thread is not None and _thread.is_alive():
        _looked.wait()
        if _found:
            _hurry.set()
            _thread.join()
    return _kernels


def status() -> str:
    """Return "in use", or why not: one clause for those who look."""
    return _status


def prepare() -> None:
    """Begin to make the compiled functions ready, once, where that is possible and wanted."""
    global _thread, _status
    with _guard:
        if _thread is not None:
            return
        _thread = threading.Thread(target=_make_ready, name="compiled", daemon=True)
        if can_be():
            _status = "being compiled"
            _thread.start()
        else:
            _status = f"off ({SWITCH})" if _is_off() else "Numba is not installed"


def wait_until_ready(seconds: float = COMPILE_SECONDS) -> bool:
    """Wait for the compiled functions; return whether they are there. For tests and benchmarks."""
    prepare()
    if _thread is not None and _thread.is_alive():
        _thread.join(seconds)
    return _kernels is not None


def _is_off() -> bool:
    return os.environ.get(SWITCH, "").strip().lower() in {"0", "off", "no", "false"}


def _make_ready() -> None:
    global _found, _kernels, _status
    try:
        folder = cache_folder(Settings.from_env())
        if not is_whole(folder):
            _looked.set()
            compile_apart(folder)
        _found = True
        _looked.set()
        _wait_for_a_pause()
        _kernels = load_from(folder)
        _status = "in use"
    except Exception as error:
        # Whatever it is, a model must not fail for it: NumPy and PyTorch go on.
        _status = f"not to be had: {_reason(error)}"
    finally:
        _looked.set()


def _reason(error: Exception) -> str:
    """Return one line of what went wrong; of a child, what it said last."""
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else b""
    last = said.decode(errors="replace").strip().splitlines()[-1:]
    return last[0] if last else f"{type(error).__name__}: {error}".splitlines()[0]


def _wait_for_a_pause() -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while idle_seconds() < PAUSE_SECONDS and time.monotonic() < end:
        if _hurry.wait(PAUSE_SECONDS / 10):
            return
