"""Conversations as JSON, read with patience: what another version wrote is kept as it stands.

A field that this version does not know, or reads only in part, is handed on as `unread` and written
back, so that nothing is lost by opening a conversation with an older or a newer playground.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, asdict, fields, replace
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from apps.chat.conversations import Conversation, ReplyFacts, Tail, Turn

Record = TypeVar("Record", Turn, ReplyFacts)


class Unreadable(ValueError):
    """The content is no conversation: cut off, or of another kind."""


def dump_conversation(conversation: Conversation) -> bytes:
    """Return a conversation as JSON."""
    return _encode(conversation_values(conversation))


def conversation_values(conversation: Conversation) -> dict[str, Any]:
    """Return a conversation as values that JSON can hold."""
    named = {} if conversation.title is None else {"title": conversation.title}
    return {
        **conversation.unread,
        **named,
        "turns": [_dump_turn(turn) for turn in conversation.turns],
        "previous": [_dump_turn(turn) for turn in conversation.previous],
    }


def read_conversation(content: bytes) -> Conversation:
    """Read what `dump_conversation` wrote, in this version or another.

    Raises
    ------
    Unreadable
        When it is no JSON, or its messages have no role or no text.
    """
    stored = read_object(content)
    turns, previous = (_read_turns(stored.pop(name, [])) for name in ("turns", "previous"))
    title = stored.pop("title") if isinstance(stored.get("title"), str) else None
    return Conversation(turns, previous, title, stored)


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
    known = asdict(replace(turn, earlier=(), later=()))
    known["facts"] = _dump_facts(turn.facts) if turn.facts else None
    for name in _VERSIONS:
        known[name] = [[_dump_turn(each) for each in tail] for tail in getattr(turn, name)]
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
    versions = dict[str, Any]()
    for name in _VERSIONS:
        with suppress(Unreadable):  # those stay beside what was read
            versions[name] = _read_tails(rest.get(name, []))
            rest.pop(name, None)
    turn = _read_record(Turn, rest)
    if turn is None:
        raise Unreadable("a message without role or text")
    return replace(turn, facts=facts or turn.facts, **versions)


def _read_tails(stored: Any) -> tuple[Tail, ...]:
    if not isinstance(stored, list) or not all(stored):
        raise Unreadable("versions that are no list of messages")
    return tuple(map(_read_turns, stored))


def _read_record(kind: type[Record], stored: Any) -> Record | None:
    """Return a record, or None when a field that it cannot do without is missing or unreadable."""
    if not isinstance(stored, dict):
        return None
    unread, known = dict(stored), dict[str, Any]()
    for each in fields(kind):
        if each.name not in _READERS[kind] or each.name not in stored:
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


# Versions are messages again, and read as such.
_VERSIONS = ("earlier", "later")
_READERS: Mapping[type[Any], Mapping[str, TypeAdapter[Any]]] = {
    kind: {
        name: TypeAdapter(hint)
        for name, hint in get_type_hints(kind).items()
        if name not in ("unread", *_VERSIONS)
    }
    for kind in (Turn, ReplyFacts)
}
