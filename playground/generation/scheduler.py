"""Many callers share one running batch; replies join and leave between two tokens.

One thread an engine turns the wheel while there is work: it lets the first of the queue in, reads
one piece of one new prompt, then runs one token of every reply. It ends when nothing is left. A
reply's text does not depend on who shares the batch: each has its own dice, its own cache, and
sums that run in the same order alone and in company (at FP32 see `docs/generation.md`).
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence

import numpy as np
from numpy.typing import NDArray

from playground.errors import Busy, PlaygroundError
from playground.generation.decoding import decode, prefill, require_fit
from playground.generation.row import Row, Step
from playground.generation.settings import SamplingSettings
from playground.models.engines.engine import Engine

MAX_ROWS = 8
MAX_WAITING = 32


# While no token comes, a caller looks this often whether its reply was cancelled.
_LISTEN_SECONDS = 0.05


class Ticket:
    """One reply in the batch: read its `steps`; `close` takes it out within one token.

    `Scheduler.submit` makes it; its parameters are explained there.
    """

    def __init__(
        self,
        prompt_ids: Sequence[int],
        settings: SamplingSettings,
        rng: np.random.Generator,
        prefix: Sequence[int],
        cancelled: Callable[[], bool],
    ) -> None:
        self.prompt_ids = tuple(prompt_ids)
        self.settings = settings
        self.rng = rng
        self.prefix = tuple(prefix)
        self._cancelled = cancelled
        self._steps: queue.SimpleQueue[Step | BaseException] = queue.SimpleQueue()
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        """True when nobody waits for it any more."""
        return self._closed.is_set() or self._cancelled()

    def close(self) -> None:
        """Take the reply out of the batch, or out of the queue."""
        self._closed.set()

    def deliver(self, step: Step | BaseException) -> None:
        """Hand a step, or what went wrong, to whoever reads."""
        self._steps.put(step)

    def steps(self) -> Generator[Step, None, None]:
        """Yield steps as they come, up to the one with a finish reason or until it is closed.

        Closing the generator closes the ticket.
        """
        try:
            while not self.closed:
                try:
                    step = self._steps.get(timeout=_LISTEN_SECONDS)
                except queue.Empty:
                    continue
                if isinstance(step, BaseException):
                    raise step
                yield step
                if step.finish_reason:
                    return
        finally:
            self.close()


class _Member:
    """A reply that has been let in: first its prompt is read, then it is a row."""

    def __init__(self, ticket: Ticket, engine: Engine) -> None:
        self.ticket = ticket
        self.row: Row | None = None
        self._engine = engine
        self._cache = engine.new_cache()
        self._whole = (*ticket.prompt_ids, *ticket.prefix)
        self._pieces = prefill(engine, self._whole, self._cache)

    def read(self) -> NDArray[np.float32] | None:
        """Read one piece of the prompt; after the last, become a row and return the scores."""
        logits, ticket = next(self._pieces), self.ticket
        if self._cache.length < len(self._whole):
            return None
        self.row = Row(
            self._engine, ticket.prompt_ids, ticket.settings, ticket.rng, self._cache, ticket.prefix
        )
        return logits


class Scheduler:
    """The batch of one engine.

    Parameters
    ----------
    engine : Engine
        Who computes.
    max_rows : int
        Replies that run at once.
    max_waiting : int
        Replies that may wait for a place.
    """

    def __init__(
        self, engine: Engine, max_rows: int = MAX_ROWS, max_waiting: int = MAX_WAITING
    ) -> None:
        self.engine = engine
        self._max_rows = max_rows
        self._max_waiting = max_waiting
        self._guard = threading.Lock()
        self._waiting: deque[Ticket] = deque()
        self._inside: list[_Member] = []
        self._thread: threading.Thread | None = None

    def submit(
        self,
        prompt_ids: Sequence[int],
        settings: SamplingSettings,
        rng: np.random.Generator,
        prefix: Sequence[int] = (),
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Ticket:
        """Ask for a reply.

        Parameters
        ----------
        prompt_ids : sequence of int
            The prompt.
        settings : SamplingSettings
            How to choose and when to stop.
        rng : numpy.random.Generator
            The dice, of this reply alone.
        prefix : sequence of int
            Tokens that the reply begins with.
        cancelled : callable
            Asked between two tokens; True takes the reply out of the batch.

        Raises
        ------
        Busy
            When the queue is full.
        ContextOverflow
            When the prompt leaves no room for a reply.
        OptionError
            When the settings do not fit the model.
        """
        require_fit(self.engine, [*prompt_ids, *prefix], settings)
        ticket = Ticket(prompt_ids, settings, rng, prefix, cancelled)
        with self._guard:
            self._waiting = deque(other for other in self._waiting if not other.closed)
            if len(self._waiting) >= self._max_waiting:
                raise Busy(
                    f"{self._max_rows} replies are being written and {self._max_waiting} wait, "
                    f"which is the limit; try again in a moment."
                )
            self._waiting.append(ticket)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="batch", daemon=True)
                self._thread.start()
        return ticket

    @property
    def idle(self) -> bool:
        """True when no reply runs or waits, and no thread is left."""
        with self._guard:
            return self._thread is None

    def place_of(self, ticket: Ticket) -> int:
        """Return the place of a ticket in the queue, from 1; 0 once it has been let in."""
        with self._guard:
            open_tickets = [other for other in self._waiting if not other.closed]
            return open_tickets.index(ticket) + 1 if ticket in open_tickets else 0

    def _run(self) -> None:
        while self._admit():
            try:
                self._turn()
            except BaseException as error:
                for member in self._inside:
                    member.ticket.deliver(error)
                self._inside = []

    def _admit(self) -> bool:
        """Drop whom nobody waits for, let in who fits; return False when nothing is left to do."""
        with self._guard:
            self._inside = [member for member in self._inside if not member.ticket.closed]
            while self._waiting and len(self._inside) < self._max_rows:
                ticket = self._waiting.popleft()
                if not ticket.closed:
                    self._inside.append(_Member(ticket, self.engine))
            if not self._inside:
                self._thread = None
            return bool(self._inside)

    def _turn(self) -> None:
        """Run one token of every reply, then read one piece of the oldest new prompt."""
        new = next((member for member in self._inside if not member.row), None)
        running = [(member, member.row) for member in self._inside if member.row]
        if running:
            scores = decode(self.engine, [row for _, row in running])
            for (member, row), logits in zip(running, scores, strict=True):
                self._advance(member, row, logits)
        if new and (logits := new.read()) is not None and new.row:
            self._advance(new, new.row, logits)

    def _advance(self, member: _Member, row: Row, logits: NDArray[np.float32]) -> None:
        """Choose a token; a reply that ends, or whose bans leave none, goes."""
        try:
            step: Step | PlaygroundError = row.advance(logits)
        except PlaygroundError as error:
            step = error
        if isinstance(step, PlaygroundError) or step.finish_reason:
            self._inside.remove(member)
        member.ticket.deliver(step)
