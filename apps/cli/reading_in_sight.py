"""How far a long prompt has been read, on a terminal, until the first token comes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from rich.console import Console

from playground.generation.reading import Reading

# A prompt that is read within this time needs no words; they would only flicker.
_PATIENCE_SECONDS = 0.5
_LOOK_SECONDS = 0.2


@contextlib.contextmanager
def reading_in_sight(
    reading: Callable[[], Reading], screen: Console, patience: float = _PATIENCE_SECONDS
) -> Iterator[None]:
    """Say how far a prompt has been read for as long as the block runs, where that takes long.

    Parameters
    ----------
    reading : callable
        Tells how far it is.
    screen : rich.console.Console
        Where it is said; nothing is where it is no terminal.
    patience : float
        Seconds before it is said.
    """
    if not screen.is_terminal:
        yield
        return
    begun = threading.Event()

    def watch() -> None:
        if begun.wait(patience):
            return
        with screen.status(reading().so_far) as status:
            while not begun.wait(_LOOK_SECONDS):
                status.update(reading().so_far)

    watcher = threading.Thread(target=watch, name="reading", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        begun.set()
        watcher.join()  # the line is gone before a token stands in its place
