"""Where what is compiled is kept, and the child process that brings it there.

One folder for each code, processor and version, with a checksum of each file. It appears when it
is whole, and nobody but the child writes into it.
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
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from filelock import FileLock

from playground.settings import Settings

COMPILE_SECONDS = 300
UNUSED_SECONDS = 30 * 24 * 3600  # then a folder is removed
_KERNELS = "playground.models.engines.compiled.kernels"
_SUMS = "SHA256SUMS"


def cache_folder(settings: Settings) -> Path:
    """Return where the compiled functions of this code, processor and version lie."""
    import llvmlite.binding as llvm

    sources = sorted(Path(__file__).parent.glob("*.py"))
    facts = [
        str(Path(__file__).parent),  # and at where they lie: a copy, or one that was moved, misses
        *(each.read_text(encoding="utf-8") for each in sources),
        *(str(each.stat().st_mtime_ns) for each in sources),  # Numba looks at these
        *(version(name) for name in ("numba", "llvmlite", "numpy")),
        platform.python_version(),
        f"optimized {sys.flags.optimize}",  # without docstrings the bytecode is another
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        *(f"{name}={value}" for name, value in sorted(os.environ.items()) if _matters(name)),
    ]
    key = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    return settings.models_dir.with_name("compiled") / key


def _matters(name: str) -> bool:
    """Tell of a person's own settings of Numba which change what it compiles, or may."""
    return name.startswith("NUMBA_") and not name.startswith("NUMBA_CACHE_")


def is_whole(folder: Path) -> bool:
    """Tell whether every file in a folder is as it was written."""
    try:
        return (folder / _SUMS).read_bytes() == sums(folder).encode()
    except OSError:
        return False


def sums(folder: Path) -> str:
    """Return a line for each file of a folder, with its checksum, as ``sha256sum`` writes it.

    Raises
    ------
    FileNotFoundError
        When there is none.
    """
    files = sorted(each for each in folder.rglob("*") if each.is_file() and each.name != _SUMS)
    if not files:
        raise FileNotFoundError(folder)
    return "".join(
        f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.relative_to(folder)}\n"
        for each in files
    )


def compile_apart(folder: Path) -> None:
    """Have a child process compile into a folder; it appears when it is whole.

    The child outlives this process, and Ctrl-C in its terminal: the next start finds its work.

    Raises
    ------
    subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError
        When it could not.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    optimized = ["-" + "O" * sys.flags.optimize] if sys.flags.optimize else []
    # What this process imports, and nothing that happens to lie in the folder where it stands.
    path = os.pathsep.join(os.path.abspath(each) for each in sys.path)  # noqa: PTH100 - "" is here
    subprocess.run(  # noqa: S603 - this interpreter, this module
        [sys.executable, "-P", *optimized, "-m", __name__, str(folder)],
        env={name: each for name, each in os.environ.items() if not name.startswith("NUMBA_CACHE_")}
        | {"PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        start_new_session=True,
        timeout=COMPILE_SECONDS,
    )


def compile_into(folder: Path) -> None:
    """Compile into a folder, in the child; one at a time, however many were started."""
    with FileLock(f"{folder}.lock"):
        if is_whole(folder):  # another was faster
            return
        with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as made:
            os.environ["NUMBA_CACHE_DIR"] = made  # before Numba is imported
            importlib.import_module(_KERNELS)
            Path(made, _SUMS).write_bytes(sums(Path(made)).encode())
            Path(made).chmod(0o755)  # others may share this home
            shutil.rmtree(folder, ignore_errors=True)
            Path(made).rename(folder)
    sweep(folder.parent)


def sweep(cache: Path) -> None:
    """Remove the folders that nobody has used for long: of other versions, or cut off."""
    for each in cache.iterdir():
        with suppress(OSError):
            if time.time() - each.stat().st_mtime > UNUSED_SECONDS:
                shutil.rmtree(each) if each.is_dir() else each.unlink()


def load_from(folder: Path) -> ModuleType:
    """Import the compiled functions from a folder.

    Raises
    ------
    RuntimeError
        When one of them is not there for this process: it never compiles itself.
    """
    from playground.models.engines.compiled.reading import reading_alone

    with reading_alone(folder):
        kernels = importlib.import_module(_KERNELS)
    with suppress(OSError):
        os.utime(folder)  # it is in use
    return kernels


if __name__ == "__main__":
    getattr(os, "nice", int)(10)
    compile_into(Path(sys.argv[1]))
