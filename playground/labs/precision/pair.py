"""The same message to two precisions of a model at once, token by token in turn."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal, Self

from pydantic import model_validator

from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.sampled import SampledSettings
from playground.experiments.settings import field
from playground.generation.divergence import find_parting
from playground.generation.fitting.system_prompt import with_system
from playground.generation.language_model import LanguageModel, with_seed
from playground.generation.reply import Growing, Reply
from playground.generation.row import Step
from playground.generation.settings import SamplingSettings
from playground.generation.stream import Stream
from playground.models.engines.engine_name import EngineName
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Message, Tokenizer

MAX_MESSAGE = 200_000
# How a precision is computed: the core has no four-bit products, transformers no int8 head.
Runner = Literal[
    "fp32/core",
    "fp32/transformers",
    "fp16/core",
    "fp16/transformers",
    "bf16/core",
    "bf16/transformers",
    "int8/core",
    "int8/transformers",
    "int8-head/core",
    "nf4/transformers",
    "fp4/transformers",
]
RUNNERS = {
    f"{precision.value}/{engine.value}": f"{precision.label} · {engine.value}"
    for precision in Precision
    for engine in (EngineName.CORE, EngineName.TRANSFORMERS)
    if not (precision.four_bit and engine is EngineName.CORE)
    and not (precision is Precision.INT8_HEAD and engine is EngineName.TRANSFORMERS)
}


class PairSettings(SampledSettings):
    """What is asked, and who answers."""

    message: str = field(
        "What is the capital of France, and what is it known for?",
        label="Message to both",
        explanation="With the run settings at the right and the same dice.",
        most=MAX_MESSAGE,
        travels=True,
    )
    first: Runner = field(
        "fp32/core", label="One side", explanation="Precision and engine.", words=RUNNERS
    )
    second: Runner = field(
        "nf4/transformers", label="The other side", explanation="Another of them.", words=RUNNERS
    )
    system: str = field(
        "",
        label="System prompt",
        explanation="Stands before the message; empty uses the model's own.",
        most=MAX_MESSAGE,
        shared=True,
    )

    @model_validator(mode="after")
    def _two(self) -> Self:
        if not self.message.strip():
            raise OptionError("The message is empty; write something first.")
        if self.first == self.second:
            raise OptionError(
                f"Both sides are {RUNNERS[self.first]}; choose another for one of them."
            )
        return self

    @property
    def messages(self) -> list[Message]:
        """What both are given."""
        return with_system(self.system, [Message("user", self.message)])


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


@dataclass(frozen=True)
class Pair:
    """Both replies so far.

    Parameters
    ----------
    settings : PairSettings
        What was asked for.
    sides : tuple of Side
        Two of them; none until both models are there.
    tokenizer : Tokenizer or None
        Names the tokens; both sides are the same model.
    done : bool
        Whether both have ended.
    """

    settings: PairSettings
    sides: tuple[Side, ...] = ()
    tokenizer: Tokenizer | None = None
    done: bool = False

    @property
    def progress(self) -> Progress:
        """Tokens of both."""
        if not self.sides:
            return Progress(0, 1, "Loading both…")
        count = sum(len(side.reply.steps) for side in self.sides)
        most = count if self.done else 2 * self.settings.max_new_tokens + 1
        return Progress(count, most, "" if self.done else f"{count:,} tokens written")

    def to_json(self) -> dict[str, Any]:
        """Return both replies, and where they part."""
        parting = find_parting(*(side.reply.steps for side in self.sides)) if self.sides else None
        return {
            "parting_token": parting.position if parting else None,
            "sides": [
                {
                    "name": side.name,
                    "text": side.reply.text,
                    "token_ids": list(side.reply.token_ids),
                    "finish_reason": side.reply.finish_reason,
                    "first_token_seconds": side.reply.first_token_seconds,
                    "seconds": side.reply.seconds,
                }
                for side in self.sides
            ],
        }


def run_pair(choice: ModelChoice, settings: PairSettings, run: Run) -> Iterator[Pair]:
    """Lease both, and let them answer in turn."""
    known = Pair(settings)
    yield known
    with ExitStack() as held:
        models = [
            held.enter_context(run.pool.lease(_runner(choice, side), run.stopped, lab=True))
            for side in (settings.first, settings.second)
        ]
        known = replace(known, tokenizer=models[0].tokenizer)
        for sides in write_pair(models, settings.messages, settings.sampling(), run.stopped):
            known = replace(known, sides=tuple(sides))
            yield known
    run.check()
    yield replace(known, done=True)


def _runner(choice: ModelChoice, side: str) -> ModelChoice:
    precision, _, engine = side.partition("/")
    return replace(choice, precision=Precision.parse(precision), engine=EngineName.parse(engine))


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
    names = [f"{model.engine.precision.label} · {model.engine.name}" for model in models]
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
