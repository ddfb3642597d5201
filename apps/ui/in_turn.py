"""Work of many pages in small pieces, one at a time, in the order in which they ask."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from playground.experiments.experiment import Needs


class InTurn:
    """Lets runs that need no model take turns, a step at a time.

    Small steps in NumPy hold Python's own lock most of the time: ten threads of them are no faster
    than one, but each takes its share from a chat beside them. A plain lock would do for that, were
    it not that who gives it back mostly takes it again before a waiting thread wakes up.

    Examples
    --------
    >>> with InTurn().steps(lambda: False) as stopped:
    ...     stopped()
    False
    """

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    @contextmanager
    def steps(self, stopped: Callable[[], bool]) -> Iterator[Callable[[], bool]]:
        """Give what a run asks before each step, which waits there until all others have had one.

        What it does before it asks for the first time, such as waiting for a file, keeps nobody.

        Parameters
        ----------
        stopped : callable
            Whether the run is to end.
        """
        holds = False

        def asked() -> bool:
            nonlocal holds
            if holds:
                self._give()
            self._take()
            holds = True
            return stopped()

        try:
            yield asked
        finally:
            if holds:
                self._give()

    def _take(self) -> None:
        with self._changing:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def _give(self) -> None:
        with self._changing:
            if self._waiting:
                self._waiting.popleft().set()  # stays taken
            else:
                self._taken = False


TURNS = InTurn()  # of all pages of this server


def taking_turns(
    needs: Needs, stopped: Callable[[], bool]
) -> AbstractContextManager[Callable[[], bool]]:
    """Let a run take turns with all others that need no model; the rest has the model's batch."""
    return TURNS.steps(stopped) if needs is Needs.NOTHING else nullcontext(stopped)
