r"""A conversation as text: a JSON object a line, as a form, a link and a command line hold it.

::

    {"role": "user", "content": "Hello!"}
    {"role": "assistant", "content": "Hello. What would you like to know?"}

Empty lines are passed over. The role is ``system``, ``user`` or ``assistant``; a system message
stands first. The content is text, and its line ends are written as ``\n``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, get_args

from playground.errors import OptionError
from playground.models.text.tokenizer import Message, Role, require_whole_characters
from playground.number_rules import shown

ROLES: tuple[Role, ...] = get_args(Role)
FORM = '{"role": "user", "content": "Hello!"}'


def read_conversation(text: str) -> list[Message]:
    """Return the messages that a text spells.

    Parameters
    ----------
    text : str
        A JSON object with ``role`` and ``content`` a line.

    Raises
    ------
    OptionError
        With the line that breaks a rule: no such object, another role, content that is no text or
        holds half a character, a system message that is not the first.

    Examples
    --------
    >>> read_conversation('{"role": "user", "content": "Hello!"}')
    [Message(role='user', content='Hello!')]
    >>> read_conversation("Hello!")
    Traceback (most recent call last):
    playground.errors.OptionError: Line 1 of the conversation must be a JSON object such as \
{"role": "user", "content": "Hello!"}, got 'Hello!'.
    """
    messages: list[Message] = []
    # Not `splitlines`: JSON may hold U+2028 and its like as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        message = _read_line(f"Line {number:,} of the conversation", line.strip())
        if message.role == "system" and messages:
            raise OptionError(
                f"Line {number:,} of the conversation is a system message, which must stand first; "
                "move it to the top or leave it out."
            )
        messages.append(message)
    return messages


def spell_conversation(messages: Sequence[Message]) -> str:
    r"""Return the text that `read_conversation` reads as these messages.

    Examples
    --------
    >>> spell_conversation([Message("user", "One.\nTwo.")])
    '{"role": "user", "content": "One.\\nTwo."}'
    """
    return "\n".join(
        json.dumps({"role": each.role, "content": each.content}, ensure_ascii=False)
        for each in messages
    )


def _read_line(where: str, line: str) -> Message:
    stored = _read_json(line)
    if not isinstance(stored, dict) or set(stored) != {"role", "content"}:
        raise OptionError(f"{where} must be a JSON object such as {FORM}, got {shown(line)}.")
    role, content = stored["role"], stored["content"]
    if role not in ROLES:
        raise OptionError(f"{where}: `role` must be {_listed(ROLES)}, got {shown(role)}.")
    if not isinstance(content, str):
        raise OptionError(f"{where}: `content` must be text in quotes, got {shown(content)}.")
    try:
        require_whole_characters(content)
    except OptionError as error:
        raise OptionError(f"{where}: `content` cannot be read. {error}") from None
    return Message(role, content)


def _read_json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
