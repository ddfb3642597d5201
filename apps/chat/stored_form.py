"""Conversations as JSON, read with patience: what another version wrote is kept as it stands.

A field that this version does not know, or reads only in part, is handed on as `unread` and written
back, so that nothing is lost by opening a conversation with an older or a newer playground.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, fields
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from apps.chat.conversations import Conversation, ReplyFacts, Turn

Record = TypeVar("Record", Turn, ReplyFacts)


class Unreadable(ValueError):
    """The content is no conversation: cut off, or of another kind."""


def dump_conversation(conversation: Conversation) -> bytes:
    """Return a conversation as JSON."""
    return _encode(
        {
            **conversation.unread,
            "turns": [_dump_turn(turn) for turn in conversation.turns],
            "previous": [_dump_turn(turn) for turn in conversation.previous],
        }
    )


def read_conversation(content: bytes) -> Conversation:
    """Read what `dump_conversation` wrote, in this version or another.

    Raises
    ------
    Unreadable
        When it is no JSON, or its messages have no role or no text.
    """
    stored = read_object(content)
    return Conversation(
        _read_turns(stored.pop("turns", [])), _read_turns(stored.pop("previous", [])), stored
    )


def dump_object(values: Mapping[str, Any]) -> bytes:
    """Return named values as JSON."""
    return _encode(dict(values))


def read_object(content: bytes) -> dict[str, Any]:
    """Read named values.

    Raises
    ------
    Unreadable
        When it is no JSON object.
    """
    try:
        stored = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Unreadable("no JSON") from error
    if not isinstance(stored, dict):
        raise Unreadable("no JSON object")
    return stored


def _encode(value: dict[str, Any]) -> bytes:
    # In ASCII, so that half a character, which UTF-8 cannot say, comes back too.
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _dump_turn(turn: Turn) -> dict[str, Any]:
    # What could not be read stands over the field that stayed empty for it.
    known = asdict(turn) | {"facts": _dump_facts(turn.facts) if turn.facts else None}
    del known["unread"]
    return known | dict(turn.unread)


def _dump_facts(facts: ReplyFacts) -> dict[str, Any]:
    known = asdict(facts)
    del known["unread"]
    return known | dict(facts.unread)


def _read_turns(stored: Any) -> tuple[Turn, ...]:
    if not isinstance(stored, list):
        raise Unreadable("no list of messages")
    return tuple(_read_turn(each) for each in stored)


def _read_turn(stored: Any) -> Turn:
    if not isinstance(stored, dict):
        raise Unreadable("a message that is no object")
    rest = dict(stored)
    facts = _read_record(ReplyFacts, rest.get("facts"))
    if facts:
        del rest["facts"]
    turn = _read_record(Turn, rest)
    if turn is None:
        raise Unreadable("a message without role or text")
    return Turn(
        turn.role, turn.content, facts, turn.notice, turn.recording, turn.refused, turn.unread
    )


def _read_record(kind: type[Record], stored: Any) -> Record | None:
    """Return a record, or None when a field that it cannot do without is missing or unreadable."""
    if not isinstance(stored, dict):
        return None
    unread, known = dict(stored), dict[str, Any]()
    for each in fields(kind):
        if each.name == "unread" or each.name not in stored:
            continue
        reader = _READERS[kind][each.name]
        try:
            known[each.name] = reader.validate_python(stored[each.name])
        except ValidationError:
            continue
        if reader.dump_python(known[each.name], mode="json") == stored[each.name]:
            del unread[each.name]
    if any(_required(each) and each.name not in known for each in fields(kind)):
        return None
    return kind(**known, unread=unread)


def _required(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


_READERS: Mapping[type[Any], Mapping[str, TypeAdapter[Any]]] = {
    kind: {name: TypeAdapter(hint) for name, hint in get_type_hints(kind).items()}
    for kind in (Turn, ReplyFacts)
}
