"""What the terminal shows: safe text, one JSON document, one line on stderr, one progress bar."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from playground.errors import PlaygroundError
from playground.strict_json import write_strict

if TYPE_CHECKING:
    from playground.models.acquire.progress import FetchProgress

# Control characters can move the cursor, rename the window or hide what was written. C0 and DEL
# have pictures of their own in Unicode; C1, which some terminals obey too, has none.
_PICTURES = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
}


def plain(text: str) -> str:
    r"""Return the text with every control character but line feed and tab made visible.

    Examples
    --------
    >>> plain("a\x1b[31mb")
    'a␛[31mb'
    """
    return text.translate(_PICTURES)


def well_formed(text: str) -> str:
    """Return the text with bytes that were no UTF-8 replaced by the character made for that.

    Python hands such bytes of the command line on as lone surrogates, which no tokenizer takes.
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def tolerate_odd_text() -> None:
    """Let standard input and output replace what their encoding cannot say, not fail on it."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # a stream that a caller put in its place
            stream.reconfigure(errors="replace")  # type: ignore[union-attr] # suppressed above


def open_closed_streams() -> None:
    """Put nothing in the place of a standard stream that was closed before the program began."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for the whole run


def require_folder() -> None:
    """Refuse to run in a folder that was deleted; libraries end the process there without a word.

    Raises
    ------
    PlaygroundError
        When the working directory is gone.
    """
    try:
        os.getcwd()  # noqa: PTH109 - asked for whether it raises
    except OSError:
        raise PlaygroundError(
            "The folder that this terminal is in was deleted; go to one that is there (cd ~)."
        ) from None


def discard_stdout() -> None:
    """Send what is still to be written on standard output nowhere."""
    with contextlib.suppress(AttributeError, OSError, ValueError):  # a caller's stream has no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_error(sentence: str, kind: str) -> None:
    """Print an error as a JSON document on stdout, where that can still be written."""
    with contextlib.suppress(OSError):
        write_json({"error": {"message": sentence, "type": kind}})


def console(stderr: bool = False) -> Console:
    """Return a console that prints text as it is: no markup, no emoji codes, no highlighting."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def tell(line: str, style: str = "dim") -> None:
    """Print one line on stderr."""
    console(stderr=True).print(plain(line), style=style, soft_wrap=True)


def write(text: str) -> None:
    """Print model text on stdout as it comes."""
    sys.stdout.write(plain(text))
    sys.stdout.flush()


def write_json(document: dict[str, Any]) -> None:
    """Print one JSON document on stdout."""
    # JSON in ASCII escapes every control character but DEL.
    write(write_strict(document, indent=2).replace("\x7f", "\\u007f") + "\n")


@contextlib.contextmanager
def fetch_progress() -> Iterator[Callable[[FetchProgress], None]]:
    """Show a fetch on stderr: a bar on a terminal, one line a stage elsewhere."""
    screen = console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bars:
        yield _stage_display(bars)


def _stage_display(bars: Progress) -> Callable[[FetchProgress], None]:
    """Return what shows each stage of a fetch as a bar of its own, one at a time."""
    stage = ""

    def show(progress: FetchProgress) -> None:
        nonlocal stage
        if progress.stage != stage:
            stage = progress.stage
            for task_id in bars.task_ids:
                bars.remove_task(task_id)
            bars.add_task(plain(stage), total=None)
            if bars.disable:
                tell(stage)
        bars.update(bars.task_ids[0], completed=progress.done_bytes, total=progress.total_bytes)

    return show
