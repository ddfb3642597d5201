"""The same message to two models at once, token by token in turn."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from playground.generation.language_model import LanguageModel, with_seed
from playground.generation.reply import Growing, Reply
from playground.generation.row import Step
from playground.generation.settings import SamplingSettings
from playground.generation.stream import Stream
from playground.models.text.tokenizer import Message


@dataclass(frozen=True)
class Side:
    """What one of the two has written so far.

    Parameters
    ----------
    name : str
        "INT8 · core".
    reply : Reply
        Its times are those that were computed for this side alone, measured; the other's turns are
        not in them.
    """

    name: str
    reply: Reply


def write_pair(
    models: Sequence[LanguageModel],
    messages: Sequence[Message],
    settings: SamplingSettings,
    cancelled: Callable[[], bool] = lambda: False,
) -> Generator[list[Side], None, None]:
    """Let every model answer the same messages with the same settings and the same dice.

    Parameters
    ----------
    models : sequence of LanguageModel
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
        One a model, one token longer each time.

    Raises
    ------
    ContextOverflow
        When the messages do not fit a window.
    """
    shared = with_seed(settings).as_dict()
    streams = [model.stream(messages, cancelled=cancelled, **shared) for model in models]
    growing = [_on_own_clock(stream) for stream in streams]
    names = [f"{model.engine.precision.name} · {model.engine.name}" for model in models]
    running = {place: iter(stream) for place, stream in enumerate(streams)}
    try:
        while running:
            for place in tuple(running):
                if step := next(running[place], None):
                    growing[place].add(step)
                else:
                    del running[place]
            if running:
                yield [Side(name, each.reply) for name, each in zip(names, growing, strict=True)]
    finally:
        for stream in streams:
            stream.close()


def _on_own_clock(stream: Stream) -> Growing:
    """Return a record of a stream by the time that was computed for it."""
    return Growing(stream.prompt, stream.settings, 0.0, clock=lambda: stream.computed_seconds)


def differing(steps: Sequence[Step], others: Sequence[Step]) -> set[int]:
    """Return the places of the tokens that have no counterpart in the other reply.

    Shared runs after a parting count as the same (Ratcliff and Obershelp's matching, on tokens).
    """
    mine, theirs = ([step.token_id for step in each] for each in (steps, others))
    same = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    matched = {place for block in same for place in range(block.a, block.a + block.size)}
    return set(range(len(mine))) - matched
