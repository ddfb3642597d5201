"""What is compiled, in processes of their own: made by a child, only read by others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from playground.models.engines.compiled import kept
from playground.settings import Settings
from tests.support.compiled_kernels import compiled_kernels

# Says what came of it, and how many functions were compiled here instead of read.
LOAD = """
import sys
from pathlib import Path
from playground.models.engines.compiled import kept
try:
    kernels = kept.load_from(Path(sys.argv[1]))
    print("read", sum(kernels.run_blocks.stats.cache_misses.values()))
except RuntimeError as error:
    print(error)
"""
WHERE = """
from playground.models.engines.compiled import kept
from playground.settings import Settings
print(kept.cache_folder(Settings.from_env()))
"""


@pytest.fixture(scope="module")
def folder() -> Path:
    """Return where all is compiled."""
    compiled_kernels()
    return kept.cache_folder(Settings.from_env())


def said(
    code: str,
    *arguments: str,
    flags: tuple[str, ...] = (),
    cwd: Path | None = None,
    **env: str,
) -> str:
    """Run code in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, *flags, "-c", code, *arguments],
        env={**os.environ, **env},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("flags", "env", "told"),
    [
        ((), {}, "read 0"),
        ((), {"NUMBA_CACHE_DIR": "elsewhere"}, "read 0"),
        ((), {"NUMBA_CACHE_LOCATOR_CLASSES": "InTreeCacheLocator"}, "read 0"),
        ((), {"NUMBA_DISABLE_JIT": "1"}, "NUMBA_DISABLE_JIT is set"),
        ((), {"NUMBA_CPU_NAME": "generic"}, "is not kept for this process"),
        (("-OO",), {}, "is not kept for this process"),
    ],
)
def test_a_process_reads_and_never_compiles(
    folder: Path, flags: tuple[str, ...], env: dict[str, str], told: str
) -> None:
    source = Path(kept.__file__).parent
    before = {*source.rglob("*.nb?")}
    assert told in said(LOAD, str(folder), flags=flags, **env)
    assert kept.is_whole(folder)
    assert {*source.rglob("*.nb?")} == before  # nor does it write beside the code


def test_whatever_changes_the_code_has_a_folder_of_its_own(folder: Path, tmp_path: Path) -> None:
    assert said(WHERE) == str(folder)
    assert said(WHERE, NUMBA_CACHE_DIR="elsewhere") == str(folder)
    others = [said(WHERE, flags=("-OO",)), said(WHERE, NUMBA_CPU_NAME="generic")]
    package = Path(kept.__file__).parents[3]
    bytecode = shutil.ignore_patterns("__pycache__")  # others are writing it
    shutil.copytree(package, tmp_path / package.name, ignore=bytecode)  # with its files' times
    others.append(said(WHERE, cwd=tmp_path))
    assert len({str(folder), *others}) == 4


def test_the_child_imports_nothing_that_lies_where_it_stands(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "filelock.py").write_text("raise SystemExit(7)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    kept.compile_apart(folder)  # and sees that another was faster
    assert kept.is_whole(folder)


def test_a_child_that_cannot_compile_says_why(tmp_path: Path) -> None:
    (tmp_path / "key.lock").mkdir()  # where the lock is to stand
    with pytest.raises(subprocess.CalledProcessError) as failed:
        kept.compile_apart(tmp_path / "key")
    assert "key.lock" in failed.value.stderr.decode()
    assert not (tmp_path / "key").exists()


def test_what_nobody_has_used_for_long_is_removed(tmp_path: Path) -> None:
    for name, days in (("today's", 40), ("another", 20), ("old", 31)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.nbc").write_bytes(b"code")
        then = time.time() - days * 24 * 3600
        os.utime(tmp_path / name, (then, then))
    (tmp_path / "old.lock").write_bytes(b"")
    os.utime(tmp_path / "old.lock", (1, 1))
    os.utime(tmp_path / "today's")
    kept.sweep(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["another", "today's"]
