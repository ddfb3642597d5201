"""The product as it is installed without its extras: what only they bring is never needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from playground.models.acquire.store import InstalledModel

# What `dev` and the extras bring, as if it were not there; the command line in what follows.
WITHOUT = """
import sys
for name in ("numba", "llvmlite", "umap", "pynndescent", "scipy", "sklearn", "joblib"):
    sys.modules[name] = None
"""
IMPORT_ALL = """
import importlib, pkgutil, apps, playground
for root in (playground, apps):
    for module in pkgutil.walk_packages(root.__path__, root.__name__ + "."):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError:
            print(module.name)
"""
COMMAND = """
from apps.cli.main import main
main(sys.argv[1:])
"""
ROOT = Path(__file__).parents[2]
COMPILED = ROOT / "playground/models/engines/compiled"


def without_extras(code: str, *arguments: str, exit_code: int = 0) -> str:
    """Run code in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_what_is_compiled_alone_needs_the_compiler() -> None:
    compiled = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in COMPILED.glob("*.py")
        if {"numba", "llvmlite"} & {line.split()[1].split(".")[0] for line in imports_of(file)}
    }
    behind = {"playground.models.engines.compiled.kernels"}  # imports those, and is imported late
    assert set(without_extras(IMPORT_ALL).split()) == compiled | behind


def imports_of(file: Path) -> list[str]:
    """Return the imports of a module at its top."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith(("import ", "from "))]


@pytest.mark.parametrize("precision", ["fp32", "int8", "bf16"])
def test_a_model_replies(tiny_model_folder: Path, precision: str) -> None:
    said = without_extras(
        COMMAND,
        *("chat", "--model", str(tiny_model_folder), "--precision", precision),
        *("--prompt", "a b", "--max-new-tokens", "4", "--json"),
    )
    assert '"text"' in said


def test_a_map_by_umap_is_refused_in_one_sentence(default_model: InstalledModel) -> None:
    assert default_model.path.is_dir()
    said = without_extras(COMMAND, "lab", "embeddings", "map", "--layout", "umap", exit_code=2)
    assert "umap" in said.lower()
    assert len(said.strip().splitlines()) <= 2
