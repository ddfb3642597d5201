"""While a long prompt is read the terminal says how far; a short one needs no words."""

from __future__ import annotations

import io
import time

from rich.console import Console

from apps.cli.reading_in_sight import reading_in_sight
from playground.generation.reading import Reading


def test_a_terminal_says_how_far_a_long_prompt_has_been_read() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    told = iter((Reading(0, 64, 525), *[Reading(0, 128, 525)] * 1000))
    with reading_in_sight(lambda: next(told), screen, patience=0):
        time.sleep(0.5)
    assert isinstance(screen.file, io.StringIO)
    written = screen.file.getvalue()
    assert "Reading 64 of 525 tokens" in written
    assert "Reading 128 of 525 tokens" in written
    assert written.endswith("\x1b[2K")  # and takes its line away


def test_a_short_prompt_and_a_pipe_get_no_such_line() -> None:
    for terminal, patience in ((True, 60), (False, 0)):
        screen = Console(file=io.StringIO(), force_terminal=terminal)
        with reading_in_sight(lambda: Reading(0, 64, 525), screen, patience):
            pass
        assert isinstance(screen.file, io.StringIO)
        assert not screen.file.getvalue()
