"""Whether what is compiled can be used, and what brings it: a child process and a pause.

Compiling takes seconds in which Python's other threads would stand still, the page's among them.
So a child process does it, at the first start of all; what it compiled lies in a folder of its
own for each processor and version. Importing it takes a second or two of Python's time, and is
put off until no model is computing. NumPy and PyTorch serve meanwhile: products of integers with
the same bits, sums of floats in another order.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from playground.models.engines.compute import idle_seconds
from playground.settings import Settings

SWITCH = "PLAYGROUND_COMPILED"
COMPILE_SECONDS = 300
# The import begins when nothing has been computed for so long, or has been for too long.
PAUSE_SECONDS, PATIENCE_SECONDS = 0.5, 60.0
_KERNELS = "playground.models.engines.compiled.kernels"
_SUMS = "SHA256SUMS"

_guard = threading.Lock()
_thread: threading.Thread | None = None
_kernels: ModuleType | None = None
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
    if _thread is not None and _thread.is_alive() and is_whole(cache_folder(Settings.from_env())):
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
    return os.environ.get(SWITCH, "").lower() in {"0", "off", "no", "false"}


def _make_ready() -> None:
    global _kernels, _status
    try:
        folder = cache_folder(Settings.from_env())
        if not is_whole(folder):
            compile_apart(folder)
        _wait_for_a_pause()
        _kernels = load_from(folder)
        _status = "in use"
    except Exception as error:
        # Whatever it is, a model must not fail for it: NumPy and PyTorch go on.
        _status = f"not to be had: {type(error).__name__}: {error}".splitlines()[0]


def cache_folder(settings: Settings) -> Path:
    """Return where the compiled functions of this code, processor and version lie."""
    import llvmlite.binding as llvm

    sources = sorted(Path(__file__).parent.glob("*.py"))
    facts = [
        *(each.read_text(encoding="utf-8") for each in sources),
        *(str(each.stat().st_mtime_ns) for each in sources),  # Numba looks at these
        *(version(name) for name in ("numba", "llvmlite", "numpy")),
        platform.python_version(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    ]
    key = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    return settings.models_dir.with_name("compiled") / key


def is_whole(folder: Path) -> bool:
    """Tell whether every file in a folder is as it was written."""
    try:
        return (folder / _SUMS).read_text(encoding="utf-8") == _sums(folder)
    except OSError:
        return False


def compile_apart(folder: Path) -> None:
    """Have a child process compile into a folder; it appears when it is whole.

    Raises
    ------
    subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError
        When it could not.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as made:
        subprocess.run(  # noqa: S603 - this interpreter, this module
            [sys.executable, "-c", f"import os; getattr(os, 'nice', int)(10); import {_KERNELS}"],
            env={
                **os.environ,
                "NUMBA_CACHE_DIR": made,
                "PYTHONPATH": os.pathsep.join(each for each in sys.path if each),
            },
            check=True,
            capture_output=True,
            timeout=COMPILE_SECONDS,
        )
        Path(made, _SUMS).write_text(_sums(Path(made)), encoding="utf-8")
        if not is_whole(folder):  # else another process was faster
            shutil.rmtree(folder, ignore_errors=True)
            Path(made).rename(folder)


def load_from(folder: Path) -> ModuleType:
    """Import the compiled functions from a folder."""
    import numba

    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        return importlib.import_module(_KERNELS)
    finally:
        numba.config.CACHE_DIR = before


def _sums(folder: Path) -> str:
    files = sorted(each for each in folder.rglob("*") if each.is_file() and each.name != _SUMS)
    if not files:
        raise FileNotFoundError(folder)
    return "".join(
        f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.relative_to(folder)}\n"
        for each in files
    )


def _wait_for_a_pause() -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while idle_seconds() < PAUSE_SECONDS and time.monotonic() < end:
        if _hurry.wait(PAUSE_SECONDS / 10):
            return
