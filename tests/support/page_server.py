"""The page on a loopback address, served by the command in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PageServer:
    """A server that runs.

    Parameters
    ----------
    url : str
        Its address, without a slash at the end.
    log_file : Path
        What it writes on stderr.
    process : subprocess.Popen
        Itself.
    """

    url: str
    log_file: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.log_file.read_text(encoding="utf-8")


@contextmanager
def page_server(model: str | Path, home: Path, **env: str) -> Iterator[PageServer]:
    """Serve the page until the block ends.

    Parameters
    ----------
    model : str or Path
        What a new visitor gets.
    home : Path
        The folder for its files.
    **env : str
        Put over this process's environment.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    words = ["-m", "apps.cli.main", "ui", "--port", str(port), "--model", str(model)]
    log_file = home / "server.log"
    with (
        log_file.open("wb") as log,
        subprocess.Popen(
            [sys.executable, *words],
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PLAYGROUND_HOME": str(home), **env},
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"LLM Playground: "), log_file.read_text()
        try:
            wait_for_answer(port)
            yield PageServer(f"http://127.0.0.1:{port}", log_file, process)
        finally:
            process.terminate()


def wait_for_answer(port: int) -> None:
    """Return once somebody listens."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not answer")
