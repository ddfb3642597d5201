"""The chats of one browser: what each is about, and when it was last used.

A chat is a conversation under a key of its own. Which keys are a browser's it alone knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apps.chat.conversations import USER, Conversation
from apps.chat.store import ConversationStore

# A browser keeps so many; its script knows it, too.
MOST_CHATS = 100
_LONGEST_TITLE = 60


@dataclass(frozen=True)
class Shelved:
    """A chat in a list.

    Parameters
    ----------
    key : str
        Of its conversation.
    title : str
        From its first question.
    messages : int
        How many it has.
    used : float
        When it was last written to, in seconds since 1970.
    """

    key: str
    title: str
    messages: int
    used: float


def title_of(conversation: Conversation) -> str:
    """Return the first question in one short line.

    Examples
    --------
    >>> from apps.chat.conversations import Turn
    >>> title_of(Conversation((Turn("user", "What  is   the capital?"),)))
    'What is the capital?'
    >>> title_of(Conversation())
    'Chat'
    """
    questions = (turn.content for turn in conversation.turns if turn.role == USER)
    words = " ".join(next(questions, "")[:1000].split())
    if len(words) <= _LONGEST_TITLE:
        return words or "Chat"
    return words[:_LONGEST_TITLE].rsplit(" ", 1)[0] + "…"


def shelve(store: ConversationStore, keys: Iterable[str]) -> list[Shelved]:
    """Return the chats that have a message, the one that was used last first.

    Raises
    ------
    OptionError
        When a key has not the form that a browser is given.
    StorageFailed
        When the disk does not give one.
    """
    found = []
    for key in list(dict.fromkeys(keys))[:MOST_CHATS]:
        conversation = store.load(key)
        if conversation.turns:
            title, used = title_of(conversation), store.used(key)
            found.append(Shelved(key, title, len(conversation.turns), used))
    return sorted(found, key=lambda each: -each.used)
