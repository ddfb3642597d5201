"""Many callers share one running batch; replies join and leave between two tokens.

One thread an engine turns the wheel while there is work: it lets the first of the queue in, runs
one token of every reply, then reads a piece of a new prompt or two, or several while no reply waits
for its next token. A conversation's reply that runs alone writes several tokens in a turn where a
draft of them holds (`playground.generation.prompt_lookup`). For the next turns it reads behind such
a reply, and ahead while none runs (`playground.generation.kept_caches`); it ends when nothing is
left. A reply's text does not depend on who shares the batch: each has its own dice, its own cache,
and sums that run in the same order alone and in company (at FP32 see `docs/generation.md`).

Who gives way to whom: conversations have 8 rows and labs 8. Labs may have all 16 while no
conversation is there; when one comes, theirs above 8 take turns with each other, and a prompt of
its own is read before theirs. So a lab never makes a conversation wait for a place. Among
conversations, and among labs, it is first come, first served. A row whose reader is far behind
(`MAX_AHEAD`) rests, and its place is free.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from playground.errors import Busy
from playground.generation.decoding import decode, read, require_fit, verify
from playground.generation.kept_caches import KeptCaches
from playground.generation.member import Member, Seat
from playground.generation.prompt_lookup import PassCosts
from playground.generation.settings import SamplingSettings
from playground.generation.ticket import LISTEN_SECONDS, Dice, Mailbox, Order, Ticket
from playground.models.engines.compute import computed_seconds
from playground.models.engines.engine import Engine

MAX_ROWS = 8
MAX_LAB_ROWS = 8
MAX_WAITING = 32

# Prompts of which a piece is read in one turn, each on threads of its own.
READ_AT_ONCE = 2


class Scheduler:
    """The batch of one engine.

    Parameters
    ----------
    engine : Engine
        Who computes.
    max_rows, max_lab_rows : int
        Rows that run at once, for conversations and for labs.
    max_waiting : int
        Conversations that may wait for a place or for their reader; and as many labs.
    kept : KeptCaches, optional
        What replies leave for the next prompts; without one, it has its own.
    """

    def __init__(
        self,
        engine: Engine,
        max_rows: int = MAX_ROWS,
        max_waiting: int = MAX_WAITING,
        max_lab_rows: int = MAX_LAB_ROWS,
        kept: KeptCaches | None = None,
    ) -> None:
        self.engine = engine
        self._kept = kept or KeptCaches()
        self._max_rows = max_rows
        self._max_lab_rows = max_lab_rows
        self._max_waiting = max_waiting
        self._guard = threading.Lock()
        self._waiting: deque[Member] = deque()
        self._inside: list[Member] = []
        self._turns = 0
        self._costs = PassCosts()
        self._thread: threading.Thread | None = None
        # A queue, for its `put` may be called while garbage is collected, whatever is locked.
        self._news: queue.SimpleQueue[None] = queue.SimpleQueue()

    @property
    def max_columns(self) -> int:
        """Rows that one prompt can have."""
        return self._max_rows + self._max_lab_rows

    def submit(
        self,
        prompt_ids: Sequence[int],
        settings: SamplingSettings,
        rng: np.random.Generator,
        prefix: Sequence[int] = (),
        cancelled: Callable[[], bool] = lambda: False,
        lab: bool = False,
        owner: str = "",
    ) -> Ticket:
        """Ask for a reply; see `submit_many`."""
        return self.submit_many(prompt_ids, [(settings, rng)], prefix, cancelled, lab, owner)

    def submit_many(
        self,
        prompt_ids: Sequence[int],
        columns: Sequence[Dice],
        prefix: Sequence[int] = (),
        cancelled: Callable[[], bool] = lambda: False,
        lab: bool = True,
        owner: str = "",
    ) -> Ticket:
        """Ask for several replies to one prompt, which is read once.

        Parameters
        ----------
        prompt_ids : sequence of int
            The prompt.
        columns : sequence of (SamplingSettings, numpy.random.Generator)
            Of each reply: how to choose and when to stop, and its dice, of this reply alone.
        prefix : sequence of int
            Tokens that every reply begins with.
        cancelled : callable
            Asked between two tokens; True takes the replies out of the batch.
        lab : bool
            Whether a lab asks.
        owner : str
            Whose prompt it is: a conversation, or a run of a lab. What is read for it is kept for
            its next prompt, and for nobody else's; nothing is where it is empty.

        Raises
        ------
        Busy
            When the queue is full.
        ContextOverflow
            When the prompt leaves no room for a reply.
        OptionError
            When the settings do not fit the model.
        """
        for settings, _ in columns:
            require_fit(self.engine, [*prompt_ids, *prefix], settings)
        order = Order(tuple(prompt_ids), tuple(columns), tuple(prefix), lab, owner)
        ticket = Ticket(order, Mailbox(cancelled, self._wake))
        self._queue_up(Member(order, ticket.mailbox, self.engine, self._kept))
        return ticket

    @property
    def idle(self) -> bool:
        """True when no reply runs or waits, and no thread is left."""
        with self._guard:
            return self._thread is None

    def place_of(self, ticket: Ticket) -> int:
        """Return the place of a ticket in the queue, from 1; 0 once it has been let in."""
        ahead = [each for each in self._queued() if each.order.lab == ticket.order.lab]
        mailboxes = [each.mailbox for each in ahead if not each.gone]
        return mailboxes.index(ticket.mailbox) + 1 if ticket.mailbox in mailboxes else 0

    def _queue_up(self, member: Member) -> None:
        # What callers handed over is asked without the lock: it is theirs, and may take long.
        gone = {id(other) for other in self._queued() if other.gone}
        with self._guard:
            self._waiting = deque(other for other in self._waiting if id(other) not in gone)
            lab = member.order.lab
            resting = [other for other in self._inside if other.rests]
            if sum(m.order.lab == lab for m in (*self._waiting, *resting)) >= self._max_waiting:
                raise Busy(
                    f"{self._max_rows} replies are being written and {self._max_waiting} wait, "
                    f"which is the limit; try again in a moment."
                )
            self._waiting.append(member)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="batch", daemon=True)
                self._thread.start()
        self._wake()

    def _queued(self) -> tuple[Member, ...]:
        with self._guard:
            return tuple(self._waiting)

    def _wake(self) -> None:
        self._news.put(None)

    def _run(self) -> None:
        while self._admit():
            active = [member for member in self._inside if not member.rests]
            if active:
                self._turn(active)
            elif not self._kept.read_ahead(self.engine):
                self._rest()

    def _rest(self) -> None:
        """Wait until a reader has caught up or left, or somebody comes."""
        # Not for long: who was cancelled says so only when asked.
        with suppress(queue.Empty):
            self._news.get(timeout=LISTEN_SECONDS)

    def _admit(self) -> bool:
        """Drop whom nobody waits for, let in who fits; return False when nothing is left to do."""
        while not self._news.empty():
            self._news.get()
        leaving = [member for member in (*self._queued(), *self._inside) if member.gone]
        for member in leaving:
            member.leave()
        gone = {id(member) for member in leaving}
        with self._guard:
            self._inside = [member for member in self._inside if id(member) not in gone]
            still = deque(member for member in self._waiting if id(member) not in gone)
            self._waiting = deque()
            for member in still:
                (self._inside if self._fits(member) else self._waiting).append(member)
            if not self._inside and not self._kept.lags(self.engine):
                self._thread = None
            return self._thread is not None

    def _fits(self, member: Member) -> bool:
        lab = member.order.lab
        if any(other.order.lab == lab for other in self._waiting):
            return False  # who came first goes first
        there = [m for m in self._inside if m.order.lab == lab and not m.rests]
        most = self.max_columns if lab else self._max_rows
        return not there or sum(m.size for m in there) + member.size <= most

    def _turn(self, active: Sequence[Member]) -> None:
        """Run one token of every reply that has its turn, then read on in a new prompt or two."""
        self._turns += 1
        reading = sorted((m for m in active if m.reading), key=_conversations_first)
        if seats := self._choose(active):
            self._decode(seats)
        if reading:
            self._read(reading, alone=not seats)
        elif len(active) == 1 and not self._queued():
            active[0].read_behind()

    def _choose(self, active: Sequence[Member]) -> list[Seat]:
        """Return the seats that have this turn: those that have waited longest, in their order."""
        talk, labs = (
            sorted(
                (seat for m in active if m.order.lab == lab for seat in m.seats),
                key=lambda seat: seat.turn,
            )
            for lab in (False, True)
        )
        alone = not any(not member.order.lab for member in active)
        places = self.max_columns if alone else self._max_lab_rows
        chosen = {id(seat) for seat in (*talk[: self._max_rows], *labs[:places])}
        return [seat for m in active for seat in m.seats if id(seat) in chosen]

    def _decode(self, seats: Sequence[Seat]) -> None:
        for seat in seats:
            seat.turn = self._turns
        start = computed_seconds()
        try:
            draft, rows = self._draft(seats), [seat.row for seat in seats]
            scores = verify(self.engine, rows[0], draft) if draft else decode(self.engine, rows)
        except BaseException as error:
            for member in {id(seat.member): seat.member for seat in seats}.values():
                member.fail(error)
            return
        self._costs.note(len(scores), computed_seconds() - start)
        if draft:
            _write_as_drafted(seats[0], draft, scores)
            return
        pairs = zip(seats, scores, strict=True)
        for _, group in groupby(pairs, key=lambda pair: id(pair[0].member)):
            own = list(group)
            own[0][0].member.write([seat for seat, _ in own], [logits for _, logits in own])

    def _read(self, members: Sequence[Member], alone: bool) -> None:
        """Read on in the first prompt, or in the first few where that takes hardly longer."""
        now = members[:1]
        try:
            if len(members) > 1 and self.engine.reads_alike:
                now = members[:READ_AT_ONCE]
            pieces = {each: piece for each in now if (piece := each.next_piece(alone))}
            ids, caches = [ids for ids, _ in pieces.values()], [own for _, own in pieces.values()]
            found = read(self.engine, ids, caches) if pieces else []
        except BaseException as error:
            for member in now:
                member.fail(error)
            return
        for member, logits in zip(pieces, found, strict=True):
            if isinstance(logits, Exception):
                member.fail(logits)
            else:
                member.take_piece(logits)

    def _draft(self, seats: Sequence[Seat]) -> tuple[int, ...]:
        """Return a draft of what the only row writes next, if it is a conversation's.

        What labs measure is one token after another.
        """
        seat, most = seats[0], self.engine.most_verified - 1
        if len(seats) > 1 or seat.member.order.lab or not most:
            return ()
        return seat.row.draft(most, self._costs.of)


def _write_as_drafted(seat: Seat, draft: Sequence[int], scores: NDArray[np.float32]) -> None:
    """Choose tokens from the scores along a draft, up to the first that it does not say."""
    for held, logits in enumerate(scores):
        seat.member.write([seat], [logits], drafted=held > 0)
        if seat not in seat.member.seats or draft[held : held + 1] != (seat.row.reply_ids[-1],):
            break
    seat.row.learn(len(draft), held)


def _conversations_first(member: Member) -> bool:
    return member.order.lab
