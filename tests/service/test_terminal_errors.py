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
    "lab context needle --model {m}",
    "lab precision retraining --model {m}",
)
LONG_NAMES = ("x" * 5_000, "a/" * 2_500, "./" + "y" * 5_000, "z" * 5_000 + ".gguf")
WITH_JSON = COMMANDS[1:]


def run(home: Path, words: str, ending: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -m apps.cli.main {words} {ending}'],
        env={**os.environ, "PLAYGROUND_HOME": str(home)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("command", "name"),
    [(each, LONG_NAMES[place % len(LONG_NAMES)]) for place, each in enumerate(COMMANDS)]
    + [(COMMANDS[2], name) for name in LONG_NAMES],
)
def test_a_name_of_any_length_is_refused_in_one_line(
    tmp_path: Path, command: str, name: str
) -> None:
    done = run(tmp_path, command.format(m=name))
    assert "The system refused" not in done.stderr
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


@pytest.mark.parametrize("words", ["models", "lab context needle --json", "ui", "tokens hi"])
def test_a_deleted_folder_is_said_in_one_line(tmp_path: Path, words: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    root = Path(__file__).parents[2]
    program = f'"{sys.executable}" -m apps.cli.main {words}'
    done = subprocess.run(
        ["/bin/sh", "-c", f'cd "{gone}" && rmdir "{gone}" && {program}'],
        env={**os.environ, "PYTHONPATH": str(root), "PLAYGROUND_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The folder that this terminal is in was deleted;")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("proxy", "words", "sentence"),
    [
        ("socks5://127.0.0.1:9", "pull qwen3-0.6b", "the hub cannot be reached (ConnectError)"),
        ("nonsense://x", "pull qwen3-0.6b", "is no address"),
        ("nonsense://x", "ui", "must begin with http://, https://, socks5:// or socks5h://"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(
    tmp_path: Path, proxy: str, words: str, sentence: str
) -> None:
    names = {"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}
    clean = {name: text for name, text in os.environ.items() if name.upper() not in names}
    done = subprocess.run(
        [sys.executable, "-m", "apps.cli.main", *words.split()],
        env={**clean, "ALL_PROXY": proxy, "PLAYGROUND_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    told = done.stderr.splitlines()[-1]
    assert told.startswith("Error: ")
    assert sentence in told
    assert "Traceback" not in done.stderr
