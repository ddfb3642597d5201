"""A ticket: one prompt in the shared batch and the replies to it, from the reader's side.

Batch and reader share a mailbox and nothing else. The batch never holds a ticket, so one that
nobody holds any more is collected, which closes its mailbox as `close` does: the rows leave the
batch within one token, whether a step was ever read or not.
"""

from __future__ import annotations

import queue
import weakref
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass

import numpy as np

from playground.generation.reading import NOT_READ, Reading
from playground.generation.row import Step
from playground.generation.settings import SamplingSettings

# A row that is so many tokens ahead of its reader waits for it: a page that redraws, or a slow
# connection, never falls so far behind, and whoever stopped reading costs no more than this.
MAX_AHEAD = 64
# While no token comes, a reader looks this often whether its reply was cancelled.
LISTEN_SECONDS = 0.05

Dice = tuple[SamplingSettings, np.random.Generator]


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Parameters
    ----------
    prompt_ids : tuple of int
        The prompt; it is read once.
    columns : tuple of (SamplingSettings, numpy.random.Generator)
        One a reply: how it chooses, and its dice.
    prefix : tuple of int
        Tokens that every reply begins with.
    lab : bool
        Whether a lab asks; else it is a conversation.
    owner : str
        Whose prompt it is, of what went before it may be kept; empty where nothing is.
    """

    prompt_ids: tuple[int, ...]
    columns: tuple[Dice, ...]
    prefix: tuple[int, ...] = ()
    lab: bool = False
    owner: str = ""


@dataclass(frozen=True)
class Delivery:
    """What one turn of the batch made.

    Parameters
    ----------
    steps : mapping of int to Step
        By the number of the column.
    computed_seconds : float
        For how long the batch has computed since the prompt was begun.
    """

    steps: Mapping[int, Step]
    computed_seconds: float


class Mailbox:
    """What batch and reader share.

    Parameters
    ----------
    cancelled : callable
        Asked by both sides; True closes it.
    wake : callable
        Tells a batch that rests that something has changed; may be called anywhere, also while
        garbage is collected.
    """

    def __init__(self, cancelled: Callable[[], bool], wake: Callable[[], None]) -> None:
        self._cancelled = cancelled
        self._wake = wake
        self._sent: queue.SimpleQueue[Delivery | BaseException] = queue.SimpleQueue()
        self._closed = False
        self.reading = NOT_READ

    @property
    def closed(self) -> bool:
        """Whether nobody waits any more."""
        return self._closed or self._cancelled()

    @property
    def full(self) -> bool:
        """Whether the reader is so far behind that its rows wait."""
        return self._sent.qsize() >= MAX_AHEAD

    def close(self) -> None:
        """Say that nobody reads any more."""
        self._closed = True
        self._wake()

    def send(self, item: Delivery | BaseException) -> None:
        """Hand on a step of every row, or what went wrong."""
        self._sent.put(item)

    def take(self) -> Delivery | None:
        """Wait a moment for the next delivery; raise what went wrong."""
        was_full = self.full
        try:
            item = self._sent.get(timeout=LISTEN_SECONDS)
        except queue.Empty:
            return None
        if was_full:
            self._wake()
        if isinstance(item, BaseException):
            raise item
        return item


class Ticket:
    """A place in the batch: read its `steps` or `rows`; `close` gives it back.

    Parameters
    ----------
    order : Order
        What was asked for.
    mailbox : Mailbox
        Where the steps come.
    """

    def __init__(self, order: Order, mailbox: Mailbox) -> None:
        self.order = order
        self.mailbox = mailbox
        self.computed_seconds = 0.0  # when the newest step that was read was made
        weakref.finalize(self, mailbox.close).atexit = False

    def close(self) -> None:
        """Take the rows out of the batch, or out of the queue."""
        self.mailbox.close()

    @property
    def reading(self) -> Reading:
        """How far its prompt has been read."""
        return self.mailbox.reading

    def rows(self) -> Generator[dict[int, Step], None, None]:
        """Yield the steps of each turn by column, up to the last or until it is closed.

        A row that goes wrong ends alone; what went wrong is raised when the others have ended.
        Closing the generator closes the ticket.
        """
        left = set(range(len(self.order.columns)))
        try:
            while left and not self.mailbox.closed:
                if delivery := self.mailbox.take():
                    self.computed_seconds = delivery.computed_seconds
                    yield dict(delivery.steps)
                    left -= {place for place, step in delivery.steps.items() if step.finish_reason}
        finally:
            self.close()

    def steps(self) -> Generator[Step, None, None]:
        """Yield the steps of the first column, which in a conversation is the only one."""
        for steps in self.rows():
            if step := steps.get(0):
                yield step
