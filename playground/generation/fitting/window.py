"""The context window: how large it is, and what fills it, counted in tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from playground.errors import OptionError
from playground.generation.settings import MIN_WINDOW, SamplingSettings
from playground.models.text.tokenizer import Message, Tokenizer


class Reader(Protocol):
    """What reads a prompt, as far as it must be known to fit one: an engine is a reader.

    So is a model's folder whose weights nobody has read (`playground.models.engines.unloaded`).
    """

    @property
    def tokenizer(self) -> Tokenizer:
        """Counts."""

    @property
    def context_length(self) -> int:
        """Tokens that it can hold."""


@dataclass(frozen=True)
class ContextUsage:
    """What fills a window; all in tokens.

    Parameters
    ----------
    window : int
        All there is room for.
    system : int
        The system turn, and what the chat template adds whatever is said: its own system prompt
        where none is given, and the opening of the reply.
    history : int
        The turns before the newest, with their frames.
    prompt : int
        The newest message, with its frame.
    reserved : int
        Kept free for the reply.
    """

    window: int
    system: int
    history: int
    prompt: int
    reserved: int

    @property
    def used(self) -> int:
        """Tokens that the model receives."""
        return self.system + self.history + self.prompt

    @property
    def free(self) -> int:
        """Tokens that nothing claims."""
        return max(0, self.window - self.used - self.reserved)

    @property
    def excess(self) -> int:
        """Tokens by which prompt and reserve pass the window; 0 when they fit."""
        return max(0, self.used + self.reserved - self.window)

    @property
    def filled(self) -> float:
        """Share of the window that is not free, 0 to 1."""
        return 1 - self.free / self.window


def window_of(settings: SamplingSettings, context_length: int) -> int:
    """Return the window in force: the model's own, or the smaller one that was asked for.

    Parameters
    ----------
    settings : SamplingSettings
        Its `context_window` is None for the model's own.
    context_length : int
        Tokens that the model can hold.

    Raises
    ------
    OptionError
        When more is asked for than the model has.
    """
    wanted = settings.context_window
    if wanted is None:
        return context_length
    if wanted > context_length:
        raise OptionError(
            f"`context_window` must be a whole number from {MIN_WINDOW} to {context_length:,}, the "
            f"window of this model, or empty for all of it, got {wanted:,}."
        )
    return wanted


def reserve_of(max_new_tokens: int, window: int) -> int:
    """Return the room kept for a reply: its longest, but no more than half of the window."""
    return min(max_new_tokens, window // 2)


def count_frame(tokenizer: Tokenizer, system: Sequence[Message]) -> int:
    """Return the tokens of a prompt that belong to no turn.

    They are the system turn, or the template's own, and the opening of the reply. The template is
    asked for them: what a first user turn takes beyond what the same turn takes later.

    Parameters
    ----------
    tokenizer : Tokenizer
        Has the template.
    system : sequence of Message
        The system message, or nothing.
    """
    once = tokenizer.encode_chat([*system, _USER])
    return len(once) - count_turn(tokenizer, _USER)


def count_turn(tokenizer: Tokenizer, message: Message) -> int:
    """Return the tokens that a turn adds to a conversation, its frame included."""
    before = [_USER] if message.role == "assistant" else [_USER, _ASSISTANT]
    return len(tokenizer.encode_chat([*before, message])) - len(tokenizer.encode_chat(before))


def count_usage(
    tokenizer: Tokenizer, messages: Sequence[Message], used: int, window: int, reserved: int
) -> ContextUsage:
    """Return what a prompt is made of; the parts add up to all of it.

    Parameters
    ----------
    tokenizer : Tokenizer
        Has the template.
    messages : sequence of Message
        What the prompt holds, newest last.
    used : int
        Tokens of the whole prompt.
    window, reserved : int
        Tokens of the window, and of it for the reply.
    """
    system = [m for m in messages[:1] if m.role == "system"]
    turns = len(messages) - len(system)
    frame = count_frame(tokenizer, system) if turns else used
    # Differences of whole encodings: at a border two texts can share a token.
    before = len(tokenizer.encode_chat(messages[:-1])) if turns > 1 else frame
    # A template that moves or drops messages may write less for more of them.
    frame = min(frame, used)
    before = min(max(before, frame), used)
    return ContextUsage(window, frame, before - frame, used - before, reserved)


_USER, _ASSISTANT = Message("user", "a"), Message("assistant", "a")
