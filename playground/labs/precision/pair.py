"""The same message to two models at once, token by token in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from playground.generation.language_model import LanguageModel, with_seed
from playground.generation.row import FinishReason, Step
from playground.generation.settings import SamplingSettings
from playground.models.engines.engine import Engine
from playground.models.text.tokenizer import Message


@dataclass
class Side:
    """What one of the two has written so far.

    Parameters
    ----------
    name : str
        "INT8 · core".
    steps : list of Step
        One a token.
    first_seconds, seconds : float
        The time that this side itself computed for, to its first token and in all, measured; the
        other's turns are not in it.
    """

    name: str
    steps: list[Step] = field(default_factory=list)
    first_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def finish_reason(self) -> FinishReason:
        """Why it ended; "cancelled" until its last step has come."""
        return (self.steps[-1].finish_reason if self.steps else None) or "cancelled"

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens after the first over the time after the first; None under two."""
        spent = self.seconds - self.first_seconds
        return (len(self.steps) - 1) / spent if len(self.steps) > 1 and spent > 0 else None


def write_pair(
    engines: Sequence[Engine],
    messages: Sequence[Message],
    settings: SamplingSettings,
    cancelled: Callable[[], bool] = lambda: False,
) -> Generator[list[Side], None, None]:
    """Let every engine answer the same messages with the same settings and the same dice.

    Parameters
    ----------
    engines : sequence of Engine
        Two of them, or more.
    messages : sequence of Message
        The conversation; they go through each model's chat template.
    settings : SamplingSettings
        A seed is drawn where none is given, the same for all.
    cancelled : callable
        Asked before each forward pass; True ends all replies there.

    Yields
    ------
    list of Side
        The same list each time, one token longer.

    Raises
    ------
    ContextOverflow
        When the messages do not fit a window.
    """
    shared = with_seed(settings).as_dict()
    streams = [
        LanguageModel(engine).stream(messages, cancelled=cancelled, **shared) for engine in engines
    ]
    sides = [Side(f"{engine.precision.name} · {engine.name}") for engine in engines]
    running = {place: iter(stream) for place, stream in enumerate(streams)}
    try:
        while running:
            for place in tuple(running):
                start = time.perf_counter()
                step = next(running[place], None)
                if step is None:
                    del running[place]
                    continue
                _add(sides[place], step, time.perf_counter() - start)
            if running:
                yield sides
    finally:
        for stream in streams:
            stream.close()


def _add(side: Side, step: Step, seconds: float) -> None:
    side.seconds += seconds
    side.first_seconds = side.first_seconds or seconds
    side.steps.append(step)


def differing(steps: Sequence[Step], others: Sequence[Step]) -> set[int]:
    """Return the places of the tokens that have no counterpart in the other reply.

    Shared runs after a parting count as the same (Ratcliff and Obershelp's matching, on tokens).
    """
    mine, theirs = ([step.token_id for step in each] for each in (steps, others))
    same = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    matched = {place for block in same for place in range(block.a, block.a + block.size)}
    return set(range(len(mine))) - matched
