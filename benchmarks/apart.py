"""Measures taken each in a process of its own, in turns, alone and beside a busy process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Row = dict[str, Any]
# Ends with the benchmark, however that ends.
NEVER_RESTS = """
import os, sys
while os.getppid() == int(sys.argv[1]):
    for _ in range(1_000_000):
        pass
"""


def run_in_turns(
    commands: dict[str, list[str]], rounds: int, busy: bool
) -> tuple[dict[str, Row], dict[str, Row]]:
    """Run every command once a round; gather the speeds of all rounds.

    Returns
    -------
    two dicts of str to dict
        By runner: with nothing beside, and beside a busy process if that is wanted.
    """
    idle: dict[str, Row] = {}
    beside: dict[str, Row] = {}
    for number in range(rounds):
        for runner, command in commands.items():
            print(f"round {number + 1}: {runner} ...", file=sys.stderr)
            _gather(idle.setdefault(runner, {}), run_apart(command))
            if busy:
                with busy_process():
                    _gather(beside.setdefault(runner, {}), run_apart(command))
    return idle, beside


def run_apart(command: list[str]) -> Row:
    """Return what a runner measured in its own process, or how it failed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)  # noqa: S603 - ours
    if done.returncode:
        print(f"failed with exit code {done.returncode}", file=sys.stderr)
        return {"failed": f"exit code {done.returncode}"}
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return row


def _gather(row: Row, found: Row) -> None:
    for name, value in found.items():
        row[name] = row[name] + value if isinstance(value, list) and name in row else value


@contextmanager
def busy_process() -> Iterator[None]:
    """Have one process beside that never rests."""
    command = [sys.executable, "-c", NEVER_RESTS, str(os.getpid())]
    with subprocess.Popen(command) as beside:  # noqa: S603 - ours
        try:
            yield
        finally:
            beside.kill()
