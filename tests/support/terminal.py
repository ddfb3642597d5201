"""A program in a real terminal of its own: keys go in, Ctrl-C reaches all that runs in it."""

from __future__ import annotations

import codecs
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

CTRL_C = "\x03"
CTRL_D = "\x04"

# A program that says nothing for so long waits for what does not come.
SILENCE_SECONDS = 120

# Runs a command in a pseudo-terminal and hands its bytes and its exit code on. As a shell does, it
# lets Ctrl-C through: tests that were started in the background have it ignored, and hand that on.
_IN_TERMINAL = """
import os, pty, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])) % 256)
"""


class Terminal:
    """A terminal that runs one command until the ``with`` block ends.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.
    env : mapping of str to str
        Put over this process's environment.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.screen = ""
        self._seen = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._process = subprocess.Popen(
            [sys.executable, "-c", _IN_TERMINAL, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "200", **env},
            bufsize=0,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._process:
            self._process.kill()

    def wait_for(self, text: str) -> None:
        """Read until the text stands on the screen, after what was waited for last."""
        while (at := self.screen.find(text, self._seen)) < 0:
            assert self._read(), f"ended without {text!r}: {self.screen!r}"
        self._seen = at + len(text)

    def send(self, keys: str) -> None:
        """Type."""
        assert self._process.stdin is not None
        self._process.stdin.write(keys.encode())

    def press(self, key: str) -> None:
        """Type a key again and again until the program writes something or ends.

        An interrupt that comes while Python's line editor handles a key is lost to it.
        """
        assert self._process.stdout is not None
        reaction: Sequence[object] = []
        while not reaction:
            self.send(key)
            reaction = select.select([self._process.stdout], [], [], 0.5)[0]

    def finish(self) -> int:
        """Read to the end and return the exit code."""
        while self._read():
            pass
        return self._process.wait()

    def _read(self) -> bool:
        assert self._process.stdout is not None
        told = select.select([self._process.stdout], [], [], SILENCE_SECONDS)[0]
        assert told, f"silent for {SILENCE_SECONDS} seconds: {self.screen!r}"
        content = os.read(self._process.stdout.fileno(), 4096)
        self.screen += self._decoder.decode(content)
        return bool(content)
