"""Who writes a reply now: at most one for a conversation, claimed before the first word."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from apps.chat.branching import Fork
from apps.chat.conversations import Conversation, Turn
from apps.chat.versions import add_version
from playground.errors import OptionError
from playground.generation.reading import NOT_READ, Reading
from playground.generation.stream import Stream


@dataclass(eq=False)
class Run:
    """A reply that has been claimed; nobody else changes its conversation until it ends.

    Parameters
    ----------
    key : str
        Of the conversation.
    session : str
        The page that asked; `Runs.stop` names it.
    conversation : Conversation
        What is to be answered.
    fork : Fork or None
        What a branch begins with, or a reply that is continued.
    """

    key: str
    session: str
    conversation: Conversation = field(default_factory=Conversation)
    fork: Fork | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    stream: Stream | None = None
    begun: bool = False

    def goes_on_from(self, fork: Fork) -> None:
        """Say what the reply begins with; it takes the place of the one that is there."""
        self.fork = fork
        self.conversation = self.conversation.cut_to(fork.turn)

    def put(self, conversation: Conversation, reply: Turn) -> Conversation:
        """Put the reply where it belongs; one that stood there stays as a version."""
        if self.fork:
            return self.fork.applied(conversation, reply)
        return add_version(conversation, len(self.conversation.turns), reply)

    @property
    def place(self) -> int:
        """The place in the queue, from 1; 0 when it does not wait there."""
        return self.stream.place if self.stream else 0

    @property
    def reading(self) -> Reading:
        """How far its prompt has been read."""
        return self.stream.reading if self.stream else NOT_READ


class Runs:
    """All replies that are claimed or being written."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._runs: dict[str, Run] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._runs

    def require_idle(self, key: str) -> None:
        """Refuse to touch a conversation while a reply is being written.

        Raises
        ------
        OptionError
            When one is.
        """
        if key in self:
            raise OptionError("A reply is still being written; stop it or wait for its end.")

    def claim(self, run: Run) -> None:
        """Take the conversation.

        Raises
        ------
        OptionError
            When another run has it.
        """
        with self._guard:
            self.require_idle(run.key)
            self._runs[run.key] = run

    def abandon(self, run: Run) -> None:
        """Give a conversation back whose reply was never begun."""
        with self._guard:
            if not run.begun:
                self._end(run)

    @contextmanager
    def writing(self, run: Run) -> Iterator[None]:
        """Begin a run, and give the conversation back once the ``with`` block ends.

        Raises
        ------
        OptionError
            When it was abandoned before.
        """
        with self._guard:
            if self._runs.get(run.key) is not run or run.begun:
                raise OptionError("This reply is no longer asked for; send the message again.")
            run.begun = True
        try:
            yield
        finally:
            with self._guard:
                self._end(run)

    def stop(self, session: str) -> None:
        """End what a page is having written, within one token."""
        with self._guard:
            runs = [run for run in self._runs.values() if run.session == session]
        for run in runs:
            run.stopped.set()

    def _end(self, run: Run) -> None:
        if self._runs.get(run.key) is run:
            del self._runs[run.key]
