"""The core runs where nothing but Python and NumPy is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import playground

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
import playground
import playground.core

for module in pkgutil.iter_modules(playground.core.__path__, "playground.core."):
    importlib.import_module(module.name)
    print(module.name)

loaded = {name.partition(".")[0] for name in sys.modules}
foreign = loaded - set(sys.stdlib_module_names) - {"__main__", "playground", "numpy"}
sys.exit(f"imported besides NumPy: {sorted(foreign)}" if foreign else 0)
"""


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """Return a folder from which only NumPy and this package can be imported."""
    numpy_home = Path(np.__file__).parent
    for source in (
        numpy_home,
        numpy_home.with_name("numpy.libs"),
        Path(playground.__file__).parent,
    ):
        if source.is_dir():
            (tmp_path / source.name).symlink_to(source, target_is_directory=True)
    return tmp_path


def run_bare(code: str, bare_path: Path) -> subprocess.CompletedProcess[str]:
    """Run code without site-packages (-S)."""
    environment = os.environ | {"PYTHONPATH": str(bare_path), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-S", "-s", "-c", code],
        env=environment,
        cwd=bare_path,
        capture_output=True,
        text=True,
        check=False,
    )


def test_core_imports_with_numpy_alone(bare_path: Path) -> None:
    result = run_bare(IMPORT_EVERYTHING, bare_path)
    assert result.returncode == 0, result.stderr
    modules = {path.stem for path in (bare_path / "playground/core").glob("[!_]*.py")}
    assert set(result.stdout.split()) == {f"playground.core.{name}" for name in modules}
    assert "functional" in modules


def test_bare_environment_has_no_other_package(bare_path: Path) -> None:
    """Else the test above could not fail."""
    result = run_bare("import torch", bare_path)
    assert "No module named 'torch'" in result.stderr
