"""The example of docs/architecture.md, copied into a house of its own as it stands."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from playground.models.acquire.store import InstalledModel

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"<!-- file: (?P<path>[\w/.]+) -->\n```python\n(?P<code>.*?)```", re.DOTALL)
LAB = "playground/labs/context/__init__.py"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, default_model: InstalledModel) -> Path:
    """Return a copy of the code with the example's files and its one line."""
    assert default_model.path.is_dir()  # the commands below use it
    house = tmp_path_factory.mktemp("house")
    for name in ("playground", "apps", "tests"):  # what is compiled comes along
        shutil.copytree(ROOT / name, house / name)
    shutil.copy(ROOT / "pyproject.toml", house)
    blocks = list(BLOCK.finditer((ROOT / "docs/architecture.md").read_text(encoding="utf-8")))
    assert len(blocks) == 3
    for block in blocks:
        (house / block["path"]).write_text(block["code"], encoding="utf-8")
    lab = (house / LAB).read_text(encoding="utf-8")
    lab = lab.replace("    experiments=(\n", "    experiments=(\n        growing_view.GROWING,\n")
    line = "from playground.labs.context import growing_view\n"
    (house / LAB).write_text(lab.replace("\nLAB = ", f"\n{line}\nLAB = "), encoding="utf-8")
    return house


def run(house: Path, *words: str) -> str:
    told = subprocess.run(
        [sys.executable, *words], cwd=house, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


COMMAND = ("-m", "apps.cli.main", "lab", "context", "growing")

# Asked in one process, in the house: each that starts imports all libraries anew.
ASKED = """
from tests.support.command_line import runner
from tests.support.page_ids import page_ids

COMMAND = ("lab", "context", "growing")
tiny = ("--model", MODEL)  # what stands there is the same, and sooner


def test_it_stands_in_the_terminal(capsys, tmp_path):
    run = runner(capsys)
    assert "Read at most so many of them" in run(*COMMAND, "--help").stdout
    told = run(*COMMAND, *tiny, "--words", "3", "--json").json
    assert [each["piece"] for each in told["found"]] == ["The", "The capital", "The capital of"]
    assert told["settings"]["words"] == 3
    page = tmp_path / "growing.html"
    assert run(*COMMAND, *tiny, "--words", "2", "--html", str(page)).code == 0
    assert "surer of what comes next" in page.read_text(encoding="utf-8")
    assert '<th scope="row">The capital</th>' in page.read_text(encoding="utf-8")


def test_it_stands_on_the_page():
    named = page_ids()
    for name in ("run-context-growing", "stop-context-growing", "context-growing-words"):
        assert name in named
"""


def test_ctrl_c_keeps_what_was_read(house: Path) -> None:
    words = ["--prompt", "word " * 500, "--words", "500", "--json"]
    running = subprocess.Popen(
        [sys.executable, *COMMAND, *words],
        cwd=house,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until_it_reads(running.pid)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    told = json.loads(out)
    assert 0 < len(told["found"]) < 500
    assert not told["ended"]


def wait_until_it_reads(pid: int) -> None:
    """Wait until the weights are in a process's memory, and it has computed for a while since."""
    process = psutil.Process(pid)
    while process.memory_info().rss < 900_000_000:  # its libraries alone take half of that
        time.sleep(0.2)
    loaded = sum(process.cpu_times()[:2])
    while sum(process.cpu_times()[:2]) < loaded + 1:
        time.sleep(0.2)


def test_terminal_page_its_own_test_and_those_over_all_experiments_have_it(
    house: Path, tiny_model_folder: Path
) -> None:
    asked = ASKED.replace("MODEL", repr(str(tiny_model_folder)))
    (house / "tests" / "test_growing_stands.py").write_text(asked, encoding="utf-8")
    told = run(
        house,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/test_growing_stands.py",
        "tests/labs/context/test_growing.py",
        "tests/labs/test_every_experiment.py",
        "-k",
        "growing",
    )
    assert re.search(r"\b10 passed", told), told
