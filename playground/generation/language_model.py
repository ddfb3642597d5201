"""LanguageModel: the object a program holds. Messages or text in, a reply out, step by step."""

from __future__ import annotations

import secrets
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.errors import Cancelled, ContextOverflow, NotFinite, OptionError
from playground.generation.asking import GivenPrompt, as_message, covered, is_ids, watch
from playground.generation.choosing import require_finite
from playground.generation.decoding import Piece, prefill, require_fit
from playground.generation.first_fault import with_place
from playground.generation.fitting.messages import fit_messages
from playground.generation.fitting.prompt import Fit, Prompt
from playground.generation.fitting.window import ContextUsage, window_of
from playground.generation.held_back import HeldSteps
from playground.generation.reply import Growing, Reply
from playground.generation.scheduler import Scheduler
from playground.generation.settings import SamplingSettings
from playground.generation.stop_strings import StopStrings
from playground.generation.stream import Stream, Streams
from playground.generation.watch import Guard
from playground.models.engines.engine import Engine
from playground.models.text.tokenizer import TRANSCRIPT_STOP, Message, Tokenizer

# Seeds that are drawn are short enough to be read out and typed in.
DRAWN_SEEDS = 1_000_000


class LanguageModel:
    """A loaded model that answers, in the batch that it shares with all who use the same engine.

    Parameters
    ----------
    engine : Engine
        The model at its precision.
    scheduler : Scheduler, optional
        The batch that its replies join; without one, it has a batch of its own.
    lab : bool
        Whether its replies are a lab's, which give way to conversations.
    owner : str
        For whose next prompt is kept what is read; nothing is kept where it is empty.
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
        lab: bool = False,
        owner: str = "",
        on_close: Callable[[], object] = lambda: None,
    ) -> None:
        self.engine = engine
        self._scheduler = scheduler or Scheduler(engine)
        self._lab = lab
        self._owner = owner
        self.guard: Guard | None = (
            None  # refuses prompts and has replies watched, where there is one
        )
        self._closing = weakref.finalize(self, on_close)

    def close(self) -> None:
        """Give back what it holds; one that was leased for a while is given back anyway."""
        self._closing()

    @property
    def tokenizer(self) -> Tokenizer:
        """Its tokenizer."""
        return self.engine.tokenizer

    @property
    def context_length(self) -> int:
        """Tokens that it can hold."""
        return self.engine.context_length

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
        prompt_or_messages : str, sequence of int, or sequence of Message or dict
            A text, or its token ids, is continued as it stands. Messages
            (``{"role": ..., "content": ...}``) go through the chat template and are brought into
            the context window as the policy `overflow` says.
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
            When a setting is unknown or breaks its rule, or a token id is not the model's.
        ContextOverflow
            When a text does not fit the window, a system message fills it, or nothing may be cut.
        Busy
            When too many replies wait already.
        ContentRefused
            When the guard, where there is one, refuses what is asked.
        """
        start = time.perf_counter()
        prefix = _whole_ids(prefix, self.tokenizer.vocab_size, "beginning of a reply")
        watching = watch(self.guard, prompt_or_messages, self.tokenizer)
        sampling = SamplingSettings.from_mapping(settings)
        prompt, sampling = self._read_prompt(covered(prompt_or_messages, self.guard), sampling)
        sampling = with_seed(sampling)
        rng = np.random.default_rng(sampling.seed)
        rng.random(len(prefix))
        growing = Growing(prompt, sampling, start, self._shown(prefix, sampling))
        ticket = self._scheduler.submit(
            prompt.token_ids, sampling, rng, prefix, cancelled, self._lab, self._owner
        )
        held = HeldSteps(watching, late=bool(sampling.stop)) if watching else None
        return Stream(growing, ticket, partial(self._scheduler.place_of, ticket), held)

    def stream_many(
        self,
        prompt: str | Sequence[int],
        columns: Sequence[SamplingSettings],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Streams:
        """Continue one prompt in several ways at once, as a lab; the prompt is read once.

        Each column is what `stream` would write with the same settings: the same bits.

        Parameters
        ----------
        prompt : str or sequence of int
            A text, or its token ids, to be continued as it stands.
        columns : sequence of SamplingSettings
            One a column; a column without a seed gets one of its own.
        cancelled : callable
            Asked before each forward pass; True ends all columns there.

        Raises
        ------
        OptionError
            When there are no columns or too many, or one does not fit the model.
        ContextOverflow
            When the prompt leaves no room for a reply.
        Busy
            When too many labs wait already.
        ContentRefused
            When the guard, where there is one, refuses the prompt.
        """
        most = self._scheduler.max_columns
        if not 1 <= len(columns) <= most:
            raise OptionError(f"`columns` must be 1 to {most} settings, got {len(columns)}.")
        seeded = [with_seed(settings) for settings in columns]
        watches = [watch(self.guard, prompt, self.tokenizer) for _ in seeded]
        asked = covered(prompt, self.guard)
        prompts = [self._read_prompt(asked, settings)[0] for settings in seeded]
        dice = [(settings, np.random.default_rng(settings.seed)) for settings in seeded]
        ticket = self._scheduler.submit_many(
            prompts[0].token_ids, dice, cancelled=cancelled, owner=self._owner
        )
        held = [
            HeldSteps(watching, late=bool(settings.stop))
            for watching, settings in zip(watches, seeded, strict=True)
            if watching
        ]
        return Streams(list(map(Growing, prompts, seeded)), ticket, held)

    def next_token_logits(
        self, prompt: str | Sequence[int], cancelled: Callable[[], bool] = lambda: False
    ) -> NDArray[np.float32]:
        """Return the model's scores of the token after a prompt, of shape (V,).

        Parameters
        ----------
        prompt : str or sequence of int
            A text, or its token ids, as they stand.
        cancelled : callable
            Asked before each piece of the prompt.

        Raises
        ------
        OptionError
            When a token id is not the model's.
        ContextOverflow
            When the prompt is empty or fills the window.
        Cancelled
            When `cancelled` said so.
        """
        settings = SamplingSettings()
        ids = self._read_prompt(prompt, settings)[0].token_ids
        require_fit(self.engine, ids, settings)
        for piece in self.read(ids):
            last = piece.logits
            if cancelled():
                raise Cancelled("The reading was stopped.")
        try:
            return require_finite(last)
        except NotFinite as error:
            raise with_place(error, self.engine, ids) from None

    def read(self, prompt: str | Sequence[int]) -> Iterator[Piece]:
        """Read a prompt piece by piece, outside of the shared batch, as far as it is asked to.

        Parameters
        ----------
        prompt : str or sequence of int
            A text, or its token ids, as they stand.

        Yields
        ------
        Piece
            What there is after each piece of the prompt.

        Raises
        ------
        OptionError
            When a token id is not the model's.
        ContextOverflow
            When the prompt is empty or longer than the window.
        """
        ids = self._read_prompt(prompt, SamplingSettings())[0].token_ids
        if len(ids) > self.context_length:
            raise ContextOverflow(
                f"The prompt must have 1 to {self.context_length:,} tokens, the window of this "
                f"model, got {len(ids):,}."
            )
        cache = self.engine.new_cache()
        for logits in prefill(self.engine, ids, cache):
            yield Piece(logits, cache.length, cache.held_bytes, cache.size_bytes)

    def _read_prompt(
        self, given: GivenPrompt, settings: SamplingSettings
    ) -> tuple[Prompt, SamplingSettings]:
        """Return what the model receives, and the settings that go with its kind."""
        if isinstance(given, str):
            return self._ids_prompt(self.tokenizer.encode_text_prompt(given), settings), settings
        if is_ids(given):
            return self._ids_prompt(given, settings), settings
        messages = [as_message(each) for each in given]
        return self._chat_prompt(messages, settings), self._chat_settings(settings)

    def _shown(self, prefix: Sequence[int], settings: SamplingSettings) -> str:
        """Return the text of the tokens a reply begins with; half a character waits for more."""
        stream, gate = self.engine.tokenizer.stream(), StopStrings(settings.stop)
        return "".join(gate.push(stream.push(token_id)) for token_id in prefix)

    def _ids_prompt(self, given: Sequence[int], settings: SamplingSettings) -> Prompt:
        """Take tokens as they stand: nothing is cut, what does not fit is refused later."""
        if not len(given):
            raise ContextOverflow("The prompt is empty; write at least one word.")
        token_ids = _whole_ids(given, self.tokenizer.vocab_size)
        window, count = window_of(settings, self.engine.context_length), len(token_ids)
        reserved = max(0, min(settings.max_new_tokens, window - count))
        return Prompt(
            token_ids, Fit(settings.overflow, ContextUsage(window, 0, 0, count, reserved))
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


def _whole_ids(given: Sequence[int], vocab_size: int, what: str = "prompt") -> tuple[int, ...]:
    for each in given:
        if not _is_whole(each) or not 0 <= each < vocab_size:
            raise OptionError(
                f"The token ids of the {what} must be whole numbers from 0 to {vocab_size - 1:,}, "
                f"got {each!r:.80}."
            )
    return tuple(int(each) for each in given)


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def with_seed(settings: SamplingSettings) -> SamplingSettings:
    """Draw a seed where none was given; drop it where it plays no part."""
    if settings.greedy:
        return replace(settings, seed=None)
    if settings.seed is not None:
        return settings
    return replace(settings, seed=secrets.randbelow(DRAWN_SEEDS))
