"""Versions of a message: what stood in its place before, with all that followed it, stays in reach.

A message knows the versions before and after it. Each is a tail of the conversation: the message
and what came after it there, with versions of its own. So a reply that is written again, and a
question that is asked in other words, are the same thing, and nothing is ever written over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from apps.chat.conversations import Conversation, Tail, Turn
from playground.errors import OptionError

# In a whole conversation, those within versions too: each is saved with every new message.
MOST_VERSIONS = 100


def count_versions(turn: Turn) -> int:
    """Return how many versions a message has, the one that is shown included."""
    return len(turn.earlier) + 1 + len(turn.later)


def require_room(conversation: Conversation) -> None:
    """Refuse to keep another version.

    Raises
    ------
    OptionError
        When the conversation has `MOST_VERSIONS` already.
    """
    kept = _count_kept(conversation.turns)
    if kept >= MOST_VERSIONS:
        raise OptionError(
            f"A conversation keeps at most {MOST_VERSIONS} other versions of its messages, got "
            f"{kept}; go on in a new chat."
        )


def add_version(conversation: Conversation, place: int, turn: Turn) -> Conversation:
    """Put a message in the place of another and all that followed it; they become a version.

    At the end of the conversation there is no other: it is appended.
    """
    former = conversation.turns[place:]
    if former:
        turn = replace(turn, earlier=_versions(former), later=())
    return replace(conversation, turns=(*conversation.turns[:place], turn))


def replace_turn(conversation: Conversation, place: int, turn: Turn) -> Conversation:
    """Put a message in the place of one that it holds all of; no version is made of that."""
    there = conversation.turns[place]
    same = replace(turn, earlier=there.earlier, later=there.later)
    return replace(conversation, turns=(*conversation.turns[:place], same))


def choose_version(conversation: Conversation, place: int, number: int) -> Conversation:
    """Show another version of a message, and what followed it there.

    Parameters
    ----------
    conversation : Conversation
        Has it.
    place : int
        Of the message, from 0.
    number : int
        Of the version, from 1: the oldest.

    Raises
    ------
    OptionError
        When there is no such message or version.
    """
    turns = conversation.turns
    versions = _versions(turns[place:]) if 0 <= place < len(turns) else ()
    if not 1 <= number <= len(versions):
        raise OptionError(
            f"That version is not there: this message has {len(versions)}, got number {number}; "
            f"reload the page to see it as it is."
        )
    first, *rest = versions[number - 1]
    shown = replace(first, earlier=versions[: number - 1], later=versions[number:])
    return replace(conversation, turns=(*turns[:place], shown, *rest))


def _versions(shown: Tail) -> tuple[Tail, ...]:
    """Return all versions of the message that a tail begins with, oldest first."""
    bare = replace(shown[0], earlier=(), later=())
    return (*shown[0].earlier, (bare, *shown[1:]), *shown[0].later)


def _count_kept(turns: Iterable[Turn]) -> int:
    tails = [tail for turn in turns for tail in (*turn.earlier, *turn.later)]
    return len(tails) + sum(map(_count_kept, tails))
