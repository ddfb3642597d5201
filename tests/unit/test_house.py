"""The shape of the house, read off its files: what a reader may count on."""

from __future__ import annotations

import ast
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = sorted(path for folder in ("playground", "apps") for path in (ROOT / folder).rglob("*.py"))
SAYS_NOTHING = {"utils", "util", "helpers", "common", "misc"}
MOST_LINES, MOST_FMT_SKIPS = 350, 0


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_one_idea_with_a_name_that_says_it(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    assert path.stem not in SAYS_NOTHING


def test_code_is_readable_as_the_formatter_leaves_it() -> None:
    everywhere = [*CODE, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    mark = "# fmt" + ": skip"
    counts = Counter({path: path.read_text(encoding="utf-8").count(mark) for path in everywhere})
    assert counts.total() <= MOST_FMT_SKIPS, counts.most_common(5)


def test_no_function_of_the_page_takes_what_has_no_name() -> None:
    unnamed = [
        f"{path.name}:{node.lineno}"
        for path in CODE
        if path.is_relative_to(ROOT / "apps" / "ui")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.args.vararg
        and node.args.vararg.arg in ("values", "rest", "rail", "_values")
    ]
    assert not unnamed


def test_no_sentence_shows_what_a_person_wrote_as_python_would() -> None:
    inner = [ROOT / "playground" / each for each in ("moderation", "labs")]
    raw = [
        f"{path.name}:{part.lineno}"
        for path in CODE
        if any(path.is_relative_to(folder) for folder in (*inner, ROOT / "apps"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise)
        for part in ast.walk(node)
        if isinstance(part, ast.FormattedValue) and part.conversion == ord("r")
    ]
    assert not raw  # `playground.sentences.quoted` is for it


def imported(path: Path, known: set[str]) -> set[str]:
    """Return the modules of the house that a file imports when it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
            found.add(node.module)
    return found & known


def test_imports_go_round_in_no_circle() -> None:
    modules = {module_name(path): path for path in CODE}
    graph = {name: imported(path, set(modules)) - {name} for name, path in modules.items()}
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError with the circle
    assert set(order) == set(modules)
