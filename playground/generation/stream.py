"""Replies as they come: one, or several to the same prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from playground.generation.fitting.prompt import Prompt
from playground.generation.held_back import HeldSteps
from playground.generation.reading import Reading
from playground.generation.reply import Growing, Reply
from playground.generation.row import Step
from playground.generation.settings import SamplingSettings
from playground.generation.ticket import Ticket


class Stream:
    """A running reply: iterate over its steps, then ask for its `reply`.

    Closing it ends the computation, whether it has been read or not; so does letting go of it.
    """

    def __init__(
        self,
        growing: Growing,
        ticket: Ticket,
        place: Callable[[], int],
        held: HeldSteps | None = None,
    ) -> None:
        self._growing = growing
        self._ticket = ticket
        self._steps = ticket.steps()
        self._place = place
        self._held = held
        if held:
            growing.prefix_text = held.begin(growing.prefix_text)
            growing.watched = held.watched

    def __iter__(self) -> Iterator[Step]:
        while not self.stopped:
            try:
                step = next(self._steps, None)
            except Exception:  # whatever it was: it is noted, and raised
                if self._held:
                    list(self._let_go(self._held, self._held.end()))
                self._growing.fail()
                raise
            if step is None:
                break
            if self._held:
                self._growing.note()
                yield from self._let_go(self._held, self._held.push(step))
            else:
                self._growing.add(step)
                yield step
        if self._held:
            yield from self._let_go(self._held, self._held.end())
        self._growing.end()

    def _let_go(self, held: HeldSteps, steps: Sequence[Step]) -> Iterator[Step]:
        """Yield the steps that may be shown; what was found that may not ends the computation."""
        if self.stopped:
            self.close()
        for step in steps:
            self._growing.steps.append(step)
            self._growing.watched = held.watched
            yield step
        self._growing.watched = held.watched

    @property
    def stopped(self) -> bool:
        """Whether what watches the reply has found something that may not be shown."""
        return self._held is not None and self._held.stopped

    def close(self) -> None:
        """End the computation; what was generated stays."""
        self._ticket.close()

    @property
    def place(self) -> int:
        """The place in the queue for the batch, from 1; 0 once it has been let in."""
        return self._place()

    @property
    def reading(self) -> Reading:
        """How far its prompt has been read."""
        return self._ticket.reading

    @property
    def computed_seconds(self) -> float:
        """For how long its batch has computed, up to the newest step that was read; measured.

        Other than on the clock, what is computed for another engine meanwhile is not in it.
        """
        return self._ticket.computed_seconds

    @property
    def prompt(self) -> Prompt:
        """What the model receives, and what was cut to fit."""
        return self._growing.prompt

    @property
    def settings(self) -> SamplingSettings:
        """What is really used, with the seed that was drawn."""
        return self._growing.settings

    @property
    def prefix_text(self) -> str:
        """What is shown of the tokens that the reply begins with."""
        return self._growing.prefix_text

    @property
    def reply(self) -> Reply:
        """The reply so far; its finish reason is "cancelled" until the last step has come."""
        return replace(self._growing.reply, reading=self.reading)


class Streams:
    """Running replies to one prompt: iterate over their steps by column, ask for their `replies`.

    Closing it, or letting go of it, ends the computation.
    """

    def __init__(
        self, growing: Sequence[Growing], ticket: Ticket, held: Sequence[HeldSteps] = ()
    ) -> None:
        self._growing = growing
        self._ticket = ticket
        self._rows = ticket.rows()
        self._held = dict(enumerate(held))  # empty, or one a column
        for column, each in self._held.items():
            growing[column].watched = each.watched

    def __iter__(self) -> Iterator[dict[int, Step]]:
        while not self._all_stopped:
            try:
                steps = next(self._rows, None)
            except Exception:  # whatever it was: it is noted, and raised
                list(self._let_go(self._ended()))
                self._fail_unfinished()
                raise
            if steps is None:
                break
            yield from self._let_go({column: self._take(column, steps[column]) for column in steps})
        yield from self._let_go(self._ended())
        if self._all_stopped:
            self.close()
        for growing in self._growing:
            growing.end()

    @property
    def _all_stopped(self) -> bool:
        """Whether what watches the replies has found in each what may not be shown."""
        return bool(self._held) and all(each.stopped for each in self._held.values())

    def _take(self, column: int, step: Step) -> Sequence[Step]:
        """Take the next step of a column and return those of it that may be shown now."""
        self._growing[column].note()
        held = self._held.get(column)
        if held is None:
            return (step,)
        return () if held.stopped else held.push(step)

    def _ended(self) -> dict[int, Sequence[Step]]:
        return {column: held.end() for column, held in self._held.items()}

    def _let_go(self, shown: Mapping[int, Sequence[Step]]) -> Iterator[dict[int, Step]]:
        """Yield the steps that may be shown, of each column one at a time."""
        for turn in range(max(map(len, shown.values()), default=0)):
            steps = {column: some[turn] for column, some in shown.items() if turn < len(some)}
            for column, step in steps.items():
                self._growing[column].steps.append(step)
                if held := self._held.get(column):
                    self._growing[column].watched = held.watched
            yield steps
        for column in shown:
            if held := self._held.get(column):
                self._growing[column].watched = held.watched

    def _fail_unfinished(self) -> None:
        """Mark the rows that an error ended: it is raised once all others have their last step."""
        for growing in self._growing:
            if not growing.finished:
                growing.fail()

    def close(self) -> None:
        """End the computation; what was generated stays."""
        self._ticket.close()

    @property
    def replies(self) -> tuple[Reply, ...]:
        """The replies so far."""
        reading = self._ticket.reading
        return tuple(replace(growing.reply, reading=reading) for growing in self._growing)
