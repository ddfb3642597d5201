"""LanguageModel: the object a program holds. Messages or text in, a reply out, step by step."""

from __future__ import annotations

import secrets
import time
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast, get_args

import numpy as np

from playground.errors import ContextOverflow, OptionError
from playground.generation.decoding import generate_steps
from playground.generation.fitting.messages import fit_messages
from playground.generation.fitting.prompt import Fit, Prompt
from playground.generation.fitting.window import ContextUsage, window_of
from playground.generation.reply import Growing, Reply
from playground.generation.row import Step
from playground.generation.scheduler import Scheduler
from playground.generation.settings import SamplingSettings
from playground.generation.stop_strings import StopStrings
from playground.models.engines.engine import Engine
from playground.models.text.tokenizer import TRANSCRIPT_STOP, Message, Role, Tokenizer

# Seeds that are drawn are short enough to be read out and typed in.
DRAWN_SEEDS = 1_000_000

GivenPrompt = str | Sequence[int] | Sequence[Message | Mapping[str, Any]]


class Stream:
    """A running reply: iterate over its steps, then ask for its `reply`.

    Closing it, or leaving the ``for`` loop and closing, ends the computation.
    """

    def __init__(
        self,
        growing: Growing,
        source: Generator[Step, None, None],
        place: Callable[[], int] = lambda: 0,
    ) -> None:
        self._growing = growing
        self._source = source
        self._place = place

    def __iter__(self) -> Iterator[Step]:
        for step in self._source:
            self._growing.add(step)
            yield step
        self._growing.end()

    def close(self) -> None:
        """End the computation; what was generated stays."""
        self._source.close()

    @property
    def place(self) -> int:
        """The place in the queue for the batch, from 1; 0 once it has been let in."""
        return self._place()

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
        return self._growing.reply


class LanguageModel:
    """A loaded model that answers.

    Parameters
    ----------
    engine : Engine
        The model at its precision.
    scheduler : Scheduler, optional
        The batch that its replies join; without one, each runs alone.
    on_close : callable
        Called once, when it is closed or nobody has it any more.

    Examples
    --------
    ``playground.load("smollm2-135m-instruct").generate("The capital of France is").text``
    """

    def __init__(
        self,
        engine: Engine,
        scheduler: Scheduler | None = None,
        on_close: Callable[[], object] = lambda: None,
    ) -> None:
        self.engine = engine
        self._scheduler = scheduler
        self._closing = weakref.finalize(self, on_close)

    def close(self) -> None:
        """Give back what it holds; one that was leased for a while is given back anyway."""
        self._closing()

    @property
    def tokenizer(self) -> Tokenizer:
        """Its tokenizer."""
        return self.engine.tokenizer

    def generate(self, prompt_or_messages: GivenPrompt, **settings: Any) -> Reply:
        """Generate a whole reply; see `stream`."""
        stream = self.stream(prompt_or_messages, **settings)
        for _ in stream:
            pass
        return stream.reply

    def stream(
        self,
        prompt_or_messages: GivenPrompt,
        *,
        prefix: Sequence[int] = (),
        cancelled: Callable[[], bool] = lambda: False,
        **settings: Any,
    ) -> Stream:
        """Start a reply and return it as a stream of steps.

        Parameters
        ----------
        prompt_or_messages : str or sequence of Message or dict
            A text is continued as it stands. Messages (``{"role": ..., "content": ...}``) go
            through the chat template and are brought into the context window as the policy
            `overflow` says.
        prefix : sequence of int
            Token ids that the reply begins with; the steps are those that come after. The dice are
            thrown for them too, so that what a seed chose it chooses again.
        cancelled : callable
            Asked before each forward pass; True ends the reply there.
        **settings
            Fields of `SamplingSettings`.

        Raises
        ------
        OptionError
            When a setting is unknown or breaks its rule.
        ContextOverflow
            When a text does not fit the window, a system message fills it, or nothing may be cut.
        """
        start = time.perf_counter()
        sampling = SamplingSettings.from_mapping(settings)
        if isinstance(prompt_or_messages, str):
            prompt = self._text_prompt(prompt_or_messages, sampling)
        elif prompt_or_messages and isinstance(prompt_or_messages[0], int):
            prompt = self._ids_prompt(cast(Sequence[int], prompt_or_messages), sampling)
        else:
            given = cast(Sequence[Message | Mapping[str, Any]], prompt_or_messages)
            messages = [_message(m) for m in given]
            prompt = self._chat_prompt(messages, sampling)
            sampling = self._chat_settings(sampling)
        sampling = with_seed(sampling)
        rng = np.random.default_rng(sampling.seed)
        rng.random(len(prefix))
        growing = Growing(prompt, sampling, start, self._shown(prefix, sampling))
        ids = prompt.token_ids
        if self._scheduler is None:
            source = generate_steps(self.engine, ids, sampling, rng, cancelled, prefix)
            return Stream(growing, source)
        ticket = self._scheduler.submit(ids, sampling, rng, prefix, cancelled)
        place = partial(self._scheduler.place_of, ticket)
        return Stream(growing, ticket.steps(), place)

    def _shown(self, prefix: Sequence[int], settings: SamplingSettings) -> str:
        """Return the text of the tokens a reply begins with; half a character waits for more."""
        stream, gate = self.engine.tokenizer.stream(), StopStrings(settings.stop)
        return "".join(gate.push(stream.push(token_id)) for token_id in prefix)

    def _text_prompt(self, text: str, settings: SamplingSettings) -> Prompt:
        """Take a text as it stands: nothing is cut, what does not fit is refused later."""
        return self._ids_prompt(self.engine.tokenizer.encode_text_prompt(text), settings)

    def _ids_prompt(self, token_ids: Sequence[int], settings: SamplingSettings) -> Prompt:
        if not token_ids:
            raise ContextOverflow("The prompt is empty; write at least one word.")
        window, count = window_of(settings, self.engine.context_length), len(token_ids)
        reserved = max(0, min(settings.max_new_tokens, window - count))
        return Prompt(
            tuple(token_ids), Fit(settings.overflow, ContextUsage(window, 0, 0, count, reserved))
        )

    def _chat_prompt(self, messages: Sequence[Message], settings: SamplingSettings) -> Prompt:
        window = window_of(settings, self.engine.context_length)
        return fit_messages(
            messages, self.engine, settings.max_new_tokens, settings.overflow, window
        )

    def _chat_settings(self, settings: SamplingSettings) -> SamplingSettings:
        """Let a base model's turn end where it begins to speak for the user."""
        if self.engine.tokenizer.has_chat_template:
            return settings
        return replace(settings, stop=(*settings.stop, TRANSCRIPT_STOP))


def _message(given: Message | Mapping[str, Any]) -> Message:
    if isinstance(given, Message):
        return given
    role, content = given.get("role"), given.get("content")
    if role not in get_args(Role) or not isinstance(content, str) or len(given) != 2:
        raise OptionError(
            f"A message must have a `role` ({', '.join(get_args(Role))}) and a text as `content`, "
            f"got {dict(given)!r:.80}."
        )
    return Message(cast(Role, role), content)


def with_seed(settings: SamplingSettings) -> SamplingSettings:
    """Draw a seed where none was given; drop it where it plays no part."""
    if settings.greedy:
        return replace(settings, seed=None)
    if settings.seed is not None:
        return settings
    return replace(settings, seed=secrets.randbelow(DRAWN_SEEDS))
