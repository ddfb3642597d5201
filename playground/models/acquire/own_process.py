"""Runs one helper program, shows its progress and never leaves it behind.

Downloads and conversions run in a process of their own: it ends at once when it is told to, and
its memory goes with it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from playground.models.acquire.progress import Watch

_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")  # as `pip --progress-bar raw` writes it
_POLL_SECONDS = 0.1
_LINES_KEPT = 200


@dataclass(frozen=True)
class Finished:
    """How a child process ended.

    Parameters
    ----------
    exit_code : int
        0 is success; negative is the signal that ended it.
    lines : tuple of str
        Its last lines, progress left out.
    """

    exit_code: int
    lines: tuple[str, ...]


def run_python(
    arguments: Sequence[str],
    watch: Watch,
    on_bytes: Callable[[int], None] = lambda _done: None,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Run this Python with the given arguments until it ends or the watch stops it.

    Parameters
    ----------
    arguments : sequence of str
        What follows the interpreter's name, such as ``["-m", "pip", "--version"]``.
    watch : Watch
        Asked ten times a second whether to go on.
    on_bytes : callable
        Takes the bytes done, from each line ``Progress DONE of TOTAL``.
    env : mapping of str to str, optional
        Put over this process's environment.
    """
    heard = follow_python(arguments, watch, on_bytes, env)
    (finished,) = (each for each in heard if isinstance(each, Finished))
    return finished


def follow_python(
    arguments: Sequence[str],
    watch: Watch,
    on_bytes: Callable[[int], None] = lambda _done: None,
    env: Mapping[str, str] | None = None,
) -> Generator[str | Finished]:
    """Run this Python as `run_python` does, and hear what it says meanwhile.

    Yields
    ------
    str or Finished
        Each line as it comes, progress left out; at last how it ended. Who stops listening ends it.
    """
    # -P: the folder we stand in is no place to import from.
    command = [sys.executable, "-P", *arguments]
    last_lines: deque[str] = deque(maxlen=_LINES_KEPT)
    with _running(command, {"PYTHONUTF8": "1", **(env or {})}) as process:
        for line in _lines(process, watch):
            if match := _PROGRESS.fullmatch(line):
                on_bytes(int(match[1]))
            elif line:
                last_lines.append(line)
                yield line
        exit_code = process.wait()
    yield Finished(exit_code, tuple(last_lines))


@contextlib.contextmanager
def _running(command: Sequence[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        # Ctrl-C reaches us alone: we end the child in good order, below.
        start_new_session=True,
        env=os.environ | dict(env),
    )
    with process:
        try:
            yield process
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    """End the process if it still runs, with the half-written downloads that it holds open."""
    if process.poll() is not None:
        return
    unfinished: list[Path] = []
    with contextlib.suppress(psutil.Error):
        running = psutil.Process(process.pid)
        running.suspend()  # so that it opens no other file meanwhile
        opened = [Path(file.path) for file in running.open_files()]
        unfinished = [path for path in opened if path.suffix == ".incomplete"]
    process.kill()
    process.wait()
    for path in unfinished:
        path.unlink(missing_ok=True)


def _lines(process: subprocess.Popen[str], watch: Watch) -> Iterator[str]:
    """Give what the process writes, line by line, asking the watch while it is silent."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read_into, args=(process, lines), daemon=True).start()
    while True:
        watch.check()
        try:
            line = lines.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            continue
        if line is None:
            return
        yield line.strip()


def _read_into(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    assert process.stdout is not None  # noqa: S101 - opened as a pipe above
    with contextlib.suppress(ValueError):  # closed while reading: the process was stopped
        for line in process.stdout:
            lines.put(line)
    lines.put(None)
