"""Work in a thread that a page watches while it redraws."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from playground.errors import PlaygroundError

_log = logging.getLogger(__name__)


class Background:
    """Run a function in a thread and keep what it raised.

    Parameters
    ----------
    work : callable
        Starts at once.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self.error: PlaygroundError | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def finished(self, seconds: float) -> bool:
        """Wait up to `seconds` and return whether the work has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._work()
        except PlaygroundError as error:
            self.error = error
        except Exception as error:
            # The last line before a person: a bug must not look like silence.
            _log.exception("unexpected failure")
            self.error = PlaygroundError(
                f"The playground itself failed ({_reason(error)}). What you wrote is kept; the "
                f"server's log has the details."
            )


def newest(drafts: queue.Queue[str]) -> str | None:
    """Return the last draft that waits, dropping those before it."""
    last = None
    while not drafts.empty():
        last = drafts.get()
    return last


def _reason(error: Exception) -> str:
    """Name a fault; what the system says of a file goes without its path, which is the server's."""
    words = error.strerror if isinstance(error, OSError) else str(error)
    return f"{type(error).__name__}: {words}"
