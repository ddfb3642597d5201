"""The system prompt before a conversation: one rule for the page, the terminal and the API."""

from __future__ import annotations

from collections.abc import Iterable

from playground.models.text.tokenizer import Message


def with_system(system: str, messages: Iterable[Message]) -> list[Message]:
    """Return a conversation with its system prompt before it.

    Parameters
    ----------
    system : str
        As it was written; blanks alone are none, and the model's template adds its own.
    messages : iterable of Message
        The conversation.

    Examples
    --------
    >>> question = Message("user", "Hi")
    >>> [message.role for message in with_system("Be brief.", [question])]
    ['system', 'user']
    >>> [message.role for message in with_system("  ", [question])]
    ['user']
    """
    head = [Message("system", system)] if system.strip() else []
    return [*head, *messages]
