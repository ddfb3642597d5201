"""What the system refuses, told by every command in one line, and in JSON where that was asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the shell's redirections")

COMMANDS = (
    "ui --model {m}",
    "pull {m}",
    "chat --prompt x --model {m}",
    "compare x --model {m}",
    "tokens x --model {m}",
    "precision x --model {m}",
)
WITH_JSON = COMMANDS[1:]


def run(home: Path, words: str, ending: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -m apps.cli.main {words} {ending}'],
        env={**os.environ, "PLAYGROUND_HOME": str(home)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_name_of_any_length_is_refused_in_one_line(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, command.format(m="x" * 5_000))
    assert done.returncode in (1, 2)
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", WITH_JSON)
def test_with_json_an_error_is_a_document_too(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, command.format(m="nonsense"), "--json")
    assert done.returncode in (1, 2)
    assert done.stderr.count("\n") == 1
    told = json.loads(done.stdout)["error"]
    assert told["message"] in done.stderr
    assert told["type"]


@pytest.mark.parametrize("ending", ["> /dev/full", "< /dev/null > /dev/full", "<&- >&-"])
def test_streams_that_take_nothing_leave_no_traceback(tmp_path: Path, ending: str) -> None:
    done = run(tmp_path, "models", ending)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    if "full" in ending:
        assert done.returncode == 1
        assert done.stderr == "Error: The system refused: [Errno 28] No space left on device.\n"
