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

import pytest

from playground.models.acquire.store import InstalledModel

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"<!-- file: (?P<path>[\w/.]+) -->\n```python\n(?P<code>.*?)```", re.DOTALL)
LAB = "playground/labs/temperature/__init__.py"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, default_model: InstalledModel) -> Path:
    """Return a copy of the code with the example's files and its one line."""
    assert default_model.path.is_dir()  # the commands below use it
    house = tmp_path_factory.mktemp("house")
    for name in ("playground", "apps", "tests"):
        shutil.copytree(ROOT / name, house / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", house)
    blocks = list(BLOCK.finditer((ROOT / "docs/architecture.md").read_text(encoding="utf-8")))
    assert len(blocks) == 3
    for block in blocks:
        (house / block["path"]).write_text(block["code"], encoding="utf-8")
    lab = (house / LAB).read_text(encoding="utf-8")
    lab = lab.replace("    experiments=(\n", "    experiments=(\n        draws_view.DRAWS,\n")
    line = "from playground.labs.temperature import draws_view\n"
    (house / LAB).write_text(lab.replace("\nLAB = ", f"\n{line}\nLAB = "), encoding="utf-8")
    return house


def run(house: Path, *words: str) -> str:
    told = subprocess.run(
        [sys.executable, *words], cwd=house, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


COMMAND = ("-m", "apps.cli.main", "lab", "temperature", "draws")


def test_it_stands_in_the_terminal(house: Path) -> None:
    assert "How often the dice are thrown" in run(house, *COMMAND, "--help")
    found = json.loads(run(house, *COMMAND, "--times", "6", "--json"))
    assert sum(each["count"] for each in found["draws"]) == 6
    assert found["settings"]["times"] == 6
    page = house / "draws.html"
    run(house, *COMMAND, "--times", "3", "--html", str(page))
    assert "Throw" not in page.read_text(encoding="utf-8")
    assert "drawn again and again" in page.read_text(encoding="utf-8")


def test_ctrl_c_keeps_what_was_drawn(house: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, *COMMAND, "--times", "1000", "--json"],
        cwd=house, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(10)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert 0 < sum(each["count"] for each in json.loads(out)["draws"]) < 1000


def test_its_own_test_and_those_over_all_experiments_find_it(house: Path) -> None:
    own = "tests/labs/temperature/test_draws.py"
    told = run(
        house, "-m", "pytest", "-q", "-p", "no:cacheprovider", own,
        "tests/labs/test_every_experiment.py", "-k", "draws",
    )  # fmt: skip
    assert re.search(r"\b5 passed", told), told


def test_it_stands_on_the_page(house: Path) -> None:
    told = run(
        house, "-c",
        "from apps.server import create_app\n"
        "from apps.ui.page import _names\n"
        "from playground.labs import labs\n"
        "from apps.ui.lab_panel import LabPanel\n"
        "import tests.support.page_config as p\n"
        "print(p.element_ids())",
    )  # fmt: skip
    for name in ("run-temperature-draws", "stop-temperature-draws", "temperature-draws-times"):
        assert name in told
