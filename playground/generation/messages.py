"""From a conversation to a prompt that fits the context window.

The system message and the newest message stay; the oldest exchanges go first, whole. Only a
newest message that is too long by itself is cut, in its middle. Whatever goes is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from playground.errors import ContextOverflow
from playground.models.engine import Engine
from playground.models.tokenizer import Message, Tokenizer

CUT_MARK = "\n[...]\n"


@dataclass(frozen=True)
class Prompt:
    """A prompt that fits, and what it cost.

    Parameters
    ----------
    token_ids : tuple of int
        What the model receives.
    dropped_messages : int
        Oldest messages left out.
    cut_tokens : int
        Tokens taken out of the middle of the newest message.
    """

    token_ids: tuple[int, ...]
    dropped_messages: int = 0
    cut_tokens: int = 0

    @property
    def notice(self) -> str | None:
        """One sentence that says what was cut, or None."""
        parts = []
        if self.dropped_messages:
            noun = "message was" if self.dropped_messages == 1 else "messages were"
            parts.append(f"the {self.dropped_messages} oldest {noun} left out")
        if self.cut_tokens:
            parts.append(f"{self.cut_tokens:,} tokens were cut from the middle of your message")
        if not parts:
            return None
        return f"To fit the context window, {' and '.join(parts)}."


def fit_messages(messages: Sequence[Message], engine: Engine, max_new_tokens: int) -> Prompt:
    """Apply the chat template and cut what does not fit.

    Parameters
    ----------
    messages : sequence of Message
        The conversation, newest last; a first message may be the system's.
    engine : Engine
        Gives the tokenizer and the window.
    max_new_tokens : int
        Room kept for the reply, at most half of the window.

    Raises
    ------
    ContextOverflow
        When the system message alone fills the window.
    """
    tokenizer = engine.tokenizer
    room = engine.context_length - min(max_new_tokens, engine.context_length // 2)
    system = [m for m in messages[:1] if m.role == "system"]
    turns = list(messages[len(system) :])
    dropped = 0
    token_ids = tokenizer.encode_chat([*system, *turns])
    while len(token_ids) > room and len(turns) > 1:
        # An exchange goes as a whole, so that the first message left is the user's.
        step = 2 if len(turns) > 2 else 1
        turns, dropped = turns[step:], dropped + step
        token_ids = tokenizer.encode_chat([*system, *turns])
    if len(token_ids) <= room:
        return Prompt(tuple(token_ids), dropped)
    return replace(_cut_newest(system, turns[-1], tokenizer, room), dropped_messages=dropped)


def _cut_newest(system: list[Message], newest: Message, tokenizer: Tokenizer, room: int) -> Prompt:
    """Cut the middle of the newest message until the prompt fits."""
    frame = len(tokenizer.encode_chat([*system, replace(newest, content=CUT_MARK)]))
    content = tokenizer.encode(newest.content)
    keep = room - frame
    while keep > 1:
        head, tail = content[: keep - keep // 2], content[len(content) - keep // 2 :]
        text = tokenizer.decode(head) + CUT_MARK + tokenizer.decode(tail)
        token_ids = tokenizer.encode_chat([*system, replace(newest, content=text)])
        if len(token_ids) <= room:
            return Prompt(tuple(token_ids), cut_tokens=len(content) - len(head) - len(tail))
        # Text joined anew can need a few tokens more than its parts had.
        keep -= len(token_ids) - room
    raise ContextOverflow(
        f"The system prompt leaves no room for a message: the window has room for {room:,} tokens "
        f"of prompt, and {frame:,} are taken. Shorten the system prompt."
    )
