"""What a model is asked: a text, its token ids, or messages; and what of it a guard is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard, cast, get_args

import numpy as np

from playground.errors import OptionError
from playground.generation.watch import Guard, Watch
from playground.models.text.tokenizer import Message, Role, Tokenizer

GivenMessages = Sequence[Message | Mapping[str, Any]]
GivenPrompt = str | Sequence[int] | GivenMessages


def is_ids(given: Sequence[int] | GivenMessages) -> TypeGuard[Sequence[int]]:
    """Whether a prompt that is no text is token ids; an empty one is."""
    return not len(given) or isinstance(given[0], int | np.integer)


def watch(guard: Guard | None, given: GivenPrompt, tokenizer: Tokenizer) -> Watch | None:
    """Return what watches the reply to a prompt, where a guard stands before it.

    Raises
    ------
    ContentRefused
        When it may not be asked.
    """
    if guard is None:
        return None
    return guard.watch(_said(given, tokenizer), not isinstance(given, str) and is_ids(given))


def covered(given: GivenPrompt, guard: Guard | None) -> GivenPrompt:
    """Return a prompt as the model may read it: where there is a guard, it covers what is to be.

    Token ids stay as they are: a piece of their text is no whole number of them.
    """
    if guard is None:
        return given
    if isinstance(given, str):
        return guard.covered([Message("user", given)])[0].content
    if is_ids(given):
        return given
    return guard.covered([as_message(each) for each in cast(GivenMessages, given)])


def as_message(given: object) -> Message:
    """Return a message that may be given as a mapping.

    Raises
    ------
    OptionError
        When it has not just a role that is known and a text.
    """
    if isinstance(given, Message):
        return given
    if not isinstance(given, Mapping):
        raise OptionError(
            f"A message must have a `role` and a text as `content`, got {given!r:.80}."
        )
    role, content = given.get("role"), given.get("content")
    if role not in get_args(Role) or not isinstance(content, str) or len(given) != 2:
        raise OptionError(
            f"A message must have a `role` ({', '.join(get_args(Role))}) and a text as `content`, "
            f"got {dict(given)!r:.80}."
        )
    return Message(cast(Role, role), content)


def _said(given: GivenPrompt, tokenizer: Tokenizer) -> list[Message]:
    """Return what a prompt says, as a guard is shown it; token ids say what they spell."""
    if isinstance(given, str):
        return [Message("user", given)]
    if is_ids(given):
        known = [int(each) for each in given if _names_a_token(each, tokenizer.vocab_size)]
        return [Message("user", tokenizer.decode(known))]
    return [as_message(each) for each in cast(GivenMessages, given)]


def _names_a_token(each: object, vocab_size: int) -> bool:
    return isinstance(each, int | np.integer) and 0 <= int(each) < vocab_size
