"""A conversation as a file: Markdown to be read, JSON that says all of it."""

from __future__ import annotations

import json

from apps.chat.conversations import FILTER, USER, Conversation, Turn
from apps.chat.shelf import title_of
from apps.chat.stored_form import conversation_values
from playground.drawing.finish_words import FINISH_WORDS
from playground.generation.settings import keep_in_effect


def as_markdown(conversation: Conversation) -> str:
    """Return the messages that are shown, each under who wrote it, with what made each reply."""
    parts = [f"# {title_of(conversation)}", *map(_message, conversation.turns)]
    return "\n\n".join(parts) + "\n"


def _message(turn: Turn) -> str:
    parts = [f"## {_who(turn)}", turn.content]
    if facts := turn.facts:
        why = FINISH_WORDS.get(facts.finish_reason, facts.finish_reason)
        used = keep_in_effect(facts.settings)
        settings = ", ".join(f"{name} {value}" for name, value in used.items())
        parts.append(f"> {facts.tokens:,} tokens; stopped: {why}; {settings}")
    return "\n\n".join(parts)


def _who(turn: Turn) -> str:
    if turn.role == USER:
        return "You"
    if turn.role == FILTER:
        return "Content filter"
    facts = turn.facts
    return f"{facts.model}, {facts.precision}" if facts else turn.role.capitalize()


def as_json(conversation: Conversation) -> str:
    """Return the messages with their versions and what stands under each; not the token records."""
    values = conversation_values(conversation)
    told = {"title": title_of(conversation), "messages": values["turns"]}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
