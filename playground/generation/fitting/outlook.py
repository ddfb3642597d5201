"""What the next prompt will hold: foreseen with the tokenizer alone, before any model runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playground.errors import ContextOverflow
from playground.generation.fitting.messages import fit_messages
from playground.generation.fitting.prompt import Fit
from playground.generation.fitting.window import (
    ContextUsage,
    Reader,
    count_usage,
    reserve_of,
    window_of,
)
from playground.generation.settings import SamplingSettings
from playground.models.text.tokenizer import Message


@dataclass(frozen=True)
class Outlook:
    """What would become of a conversation.

    Parameters
    ----------
    usage : ContextUsage
        What would fill the window; when it is refused, what it would need.
    fit : Fit or None
        What would be left out; None when the conversation would be refused.
    refusal : str or None
        Why it would be.
    """

    usage: ContextUsage
    fit: Fit | None
    refusal: str | None = None


def foresee(messages: Sequence[Message], reader: Reader, settings: SamplingSettings) -> Outlook:
    """Fit a conversation as a reply would, and say what would become of it; no model runs.

    Parameters
    ----------
    messages : sequence of Message
        The conversation, the next message last.
    reader : Reader
        Gives the tokenizer and the window.
    settings : SamplingSettings
        Room for the reply, policy, window.

    Raises
    ------
    OptionError
        When the window asked for is larger than the model's, or a text holds half a character.
    """
    window = window_of(settings, reader.context_length)
    try:
        fit = fit_messages(messages, reader, settings.max_new_tokens, settings.overflow, window).fit
    except ContextOverflow as refusal:
        used = len(reader.tokenizer.encode_chat(messages))
        reserved = reserve_of(settings.max_new_tokens, window)
        usage = count_usage(reader.tokenizer, messages, used, window, reserved)
        return Outlook(usage, None, str(refusal))
    return Outlook(fit.usage, fit)
