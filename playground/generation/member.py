"""A member of the batch: first its prompt is read, then it is a row for each of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.generation.decoding import most_together, next_ids
from playground.generation.kept_caches import Kept, KeptCaches
from playground.generation.reading import Reading
from playground.generation.row import Row, Step
from playground.generation.ticket import Delivery, Mailbox, Order
from playground.models.engines.compute import computed_seconds
from playground.models.engines.engine import PREFILL_CHUNK, Engine, KVCache
from playground.models.engines.precision import Precision


@dataclass(eq=False)
class Seat:
    """A row of a member, with its column and the turn in which it last wrote."""

    member: Member
    column: int
    row: Row
    turn: int = 0


class Member:
    """Replies that have been let in.

    Nothing that goes wrong in here, in what the caller handed over or in a row, leaves it: it ends
    the rows that it concerns and reaches their reader.

    Parameters
    ----------
    order : Order
        What is asked for.
    mailbox : Mailbox
        Where the steps go.
    engine : Engine
        Who computes.
    caches : KeptCaches
        What earlier replies have left, and where it leaves what it has read.
    """

    def __init__(self, order: Order, mailbox: Mailbox, engine: Engine, caches: KeptCaches) -> None:
        self.order = order
        self.mailbox = mailbox
        self._engine, self._caches = engine, caches
        self.seats: list[Seat] = []
        self.reading = True
        self._whole = (*order.prompt_ids, *order.prefix)
        self._kept: Kept | None = None  # what has read the prompt, and is the first row's cache
        # At FP32 a conversation's bits depend on its company anyhow.
        self._exact = order.lab or engine.precision is not Precision.FP32
        self._written: Sequence[int] = order.prefix  # by the first row
        self._fault: BaseException | None = None
        self._start = 0.0

    @property
    def size(self) -> int:
        """Rows that it has, or will have."""
        return len(self.seats) or len(self.order.columns)

    @property
    def gone(self) -> bool:
        """Whether nobody waits for it any more, or nothing is left to do."""
        if not self.reading and not self.seats:
            return True
        try:
            return self.mailbox.closed
        except BaseException as error:
            self.fail(error)
            return True

    @property
    def rests(self) -> bool:
        """Whether it waits for its reader."""
        return self.mailbox.full

    @property
    def _ids(self) -> tuple[int, ...]:
        """All that the first row has read and written."""
        return (*self.order.prompt_ids, *self._written)

    def fail(self, error: BaseException) -> None:
        """End all its rows and say why."""
        self.seats, self.reading, self._fault = [], False, error
        self.mailbox.send(error)

    def leave(self) -> None:
        """Leave what was read and written to its owner's next prompt; what went wrong is not."""
        if kept := self._kept:
            self._kept = None
            if self._fault:
                self._caches.drop(self._engine, kept)
            else:
                self._caches.end(self._engine, kept, self._ids, goes_on=not self.order.lab)

    def next_piece(self, alone: bool) -> tuple[NDArray[np.int64], KVCache] | None:
        """Return what of the prompt is to be read next, and where to; None where that went wrong.

        Parameters
        ----------
        alone : bool
            Whether nobody waits for the next token of a row: then several pieces are read together.
        """
        try:
            kept = self._kept or self._begin()
            return next_ids(self._whole, kept.cache.length, self._most(kept, alone)), kept.cache
        except BaseException as error:
            self.fail(error)
            return None

    def take_piece(self, logits: NDArray[np.float32]) -> None:
        """Take the scores after a piece; after the last one, write the first token of every row."""
        try:
            kept = self._kept or self._begin()
            self.mailbox.reading = Reading(kept.taken, kept.cache.length, len(self._whole))
            if kept.cache.length < len(self._whole):
                return
            self.reading = False
            self.seats = self._sit_down(kept)
        except BaseException as error:
            self.fail(error)
            return
        self.write([*self.seats], [logits] * len(self.seats))

    def read_behind(self) -> None:
        """Read once more in a piece what a conversation's reply wrote, where a piece is whole."""
        alone = len(self.order.columns) == len(self.seats) == 1
        if self._kept and alone and not self.order.lab:
            self._caches.read_behind(self._engine, self._kept, self._ids)

    def write(
        self, seats: Sequence[Seat], scores: Sequence[NDArray[np.float32]], drafted: bool = False
    ) -> None:
        """Choose a token for each of these seats; a row that ends or goes wrong leaves alone."""
        steps: dict[int, Step] = {}
        for seat, logits in zip(seats, scores, strict=True):
            try:
                step = seat.row.advance(logits, drafted)
            except BaseException as error:
                self._fault = self._fault or seat.row.explain(error)  # once is enough
                self.seats.remove(seat)
                continue
            steps[seat.column] = step
            if step.finish_reason:
                self.seats.remove(seat)
        if steps:
            self.mailbox.send(Delivery(steps, computed_seconds() - self._start))
        if self._fault and not self.seats:
            self.mailbox.send(self._fault)

    def _most(self, kept: Kept, alone: bool) -> int:
        """Return how many tokens may be read at once."""
        more = len(self._whole) - kept.cache.length > PREFILL_CHUNK
        if more and (not self._exact or (alone and self._engine.reads_alike)):
            return most_together(self._engine)
        return PREFILL_CHUNK

    def _begin(self) -> Kept:
        """Take what an earlier reply has left of the prompt; the rest is to be read."""
        self._start = computed_seconds()
        kept = self._caches.begin(self._engine, self.order.owner, self._whole, self._exact)
        self.mailbox.reading = Reading(kept.taken, kept.taken, len(self._whole))
        self._kept = kept
        return kept

    def _sit_down(self, kept: Kept) -> list[Seat]:
        """Make the rows: the first takes the cache that has read the prompt, the others a copy."""
        order, cache = self.order, kept.cache
        caches = [cache, *(cache.copy() for _ in order.columns[1:])]
        seats = [
            Seat(self, place, Row(self._engine, order.prompt_ids, settings, rng, own, order.prefix))
            for place, ((settings, rng), own) in enumerate(zip(order.columns, caches, strict=True))
        ]
        self._written = seats[0].row.reply_ids
        return seats
