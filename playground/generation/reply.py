"""Reply: what a model wrote and how it came about; the one record of it, finished or growing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playground.generation.fitting.prompt import Prompt
from playground.generation.held_back import Watched
from playground.generation.reading import NOT_READ, Reading
from playground.generation.recording import TokenRecord, record_step
from playground.generation.row import FinishReason, Step
from playground.generation.settings import SamplingSettings
from playground.models.engines.occupancy import Occupancy, between, read_moment
from playground.models.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Reply:
    """A reply and how it came about.

    Parameters
    ----------
    text : str
        What is shown of it; begins with the text of a given prefix.
    steps : tuple of Step
        One a token.
    settings : SamplingSettings
        What was really used, with the seed that was drawn; None at temperature 0.
    prompt : Prompt
        What the model received, and what was cut to fit.
    first_token_seconds : float or None
        From the call to the first token, measured; None when there was none.
    seconds : float
        The whole, measured.
    failed : bool
        Whether an error ended it; what was written until then stays.
    watched : Watched or None
        What was found and withheld where something watched it; None where nothing did.
    reading : Reading
        How much of its prompt was kept from before, and how much was read.
    beside : Occupancy or None
        What else the machine did until its end; None before that, and where the system does not
        tell.
    """

    text: str
    steps: tuple[Step, ...]
    settings: SamplingSettings
    prompt: Prompt
    first_token_seconds: float | None
    seconds: float
    failed: bool = False
    watched: Watched | None = None
    reading: Reading = NOT_READ
    beside: Occupancy | None = None

    @property
    def finish_reason(self) -> FinishReason:
        """Why it ended; "cancelled" until its last step has come."""
        if self.failed:
            return "failed"
        if self.watched and self.watched.finish_reason:
            return self.watched.finish_reason
        return (self.steps[-1].finish_reason if self.steps else None) or "cancelled"

    @property
    def token_ids(self) -> tuple[int, ...]:
        """Its tokens, without a given prefix."""
        return tuple(step.token_id for step in self.steps)

    @property
    def tokens_per_second(self) -> float | None:
        """Decode speed: tokens after the first over the time after the first; None under two."""
        written = len(self.steps) + (self.watched.withheld if self.watched else 0)
        if self.first_token_seconds is None or written < 2:
            return None
        spent = self.seconds - self.first_token_seconds
        return (written - 1) / spent if spent > 0 else None

    @property
    def notice(self) -> str | None:
        """One sentence that says what was cut from the prompt, or None."""
        return self.prompt.notice

    @property
    def moderation(self) -> dict[str, Any]:
        """Whether something watched it, what that found, and how many tokens it withheld."""
        if self.watched is None:
            return {"on": False}
        return {"on": True, "withheld_tokens": self.watched.withheld, **self.watched.found}

    def records(self, tokenizer: Tokenizer) -> tuple[TokenRecord, ...]:
        """Return every token as plain values, ready to be saved."""
        return tuple(record_step(step, tokenizer) for step in self.steps)


class Growing:
    """A reply that is being written: add each step as it comes, take the `reply` at any time.

    Parameters
    ----------
    prompt : Prompt
        What the model receives.
    settings : SamplingSettings
        What is really used.
    start : float
        When it was asked for, by `clock`.
    prefix_text : str
        What is shown of the tokens that it begins with.
    clock : callable
        Seconds; of a reply that takes turns, those that are its own.
    """

    def __init__(
        self,
        prompt: Prompt,
        settings: SamplingSettings,
        start: float | None = None,
        prefix_text: str = "",
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.prompt = prompt
        self.settings = settings
        self.prefix_text = prefix_text
        self.steps: list[Step] = []
        self._clock = clock
        self._start = clock() if start is None else start
        self._first: float | None = None
        self._end: float | None = None
        self._failed = False
        self._before = read_moment()
        self._beside: Occupancy | None = None
        self.watched: Watched | None = None

    def add(self, step: Step) -> None:
        """Take the next step, now."""
        self.note()
        self.steps.append(step)

    def note(self) -> None:
        """Say that a token was written now, whether or not it may be shown yet."""
        self._end = self._clock()
        self._first = self._end if self._first is None else self._first

    @property
    def finished(self) -> bool:
        """Whether its last step has come."""
        filtered = self.watched is not None and self.watched.finish_reason is not None
        return filtered or (bool(self.steps) and self.steps[-1].finish_reason is not None)

    def end(self) -> None:
        """Say that no step comes any more: one that wrote nothing took until now."""
        self._end = self._clock() if self._end is None else self._end
        self._beside = between(self._before, read_moment(), os.cpu_count() or 1)

    def fail(self) -> None:
        """Say that an error ended it."""
        self._failed = True
        self.end()

    @property
    def reply(self) -> Reply:
        """The reply so far."""
        end = self._clock() if self._end is None else self._end
        return Reply(
            text=self.prefix_text
            + "".join(step.text for step in self.steps)
            + (self.watched.tail if self.watched else ""),
            steps=tuple(self.steps),
            settings=self.settings,
            prompt=self.prompt,
            first_token_seconds=None if self._first is None else self._first - self._start,
            seconds=end - self._start,
            failed=self._failed,
            watched=self.watched,
            beside=self._beside,
        )
