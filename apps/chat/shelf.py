"""The chats of one browser: what each is about, and when it was last used.

A chat is a conversation under a key of its own. Which keys are a browser's it alone knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from apps.chat.conversations import USER, Conversation
from apps.chat.message_rules import require_text
from apps.chat.store import ConversationStore
from playground.errors import OptionError

# A browser keeps so many; its script knows it, too.
MOST_CHATS = 100
LONGEST_TITLE = 60


@dataclass(frozen=True)
class Shelved:
    """A chat in a list.

    Parameters
    ----------
    key : str
        Of its conversation.
    title : str
        What the person called it, or its first question.
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
    """Return what the person called it, or the first question in one short line.

    Examples
    --------
    >>> from apps.chat.conversations import Turn
    >>> title_of(Conversation((Turn("user", "What  is   the capital?"),)))
    'What is the capital?'
    >>> title_of(Conversation())
    'Chat'
    """
    if conversation.title:
        return conversation.title
    questions = (turn.content for turn in conversation.turns if turn.role == USER)
    words = " ".join(next(questions, "")[:1000].split())
    if len(words) <= LONGEST_TITLE:
        return words or "Chat"
    return words[:LONGEST_TITLE].rsplit(" ", 1)[0] + "…"


def rename(conversation: Conversation, title: str) -> Conversation:
    """Call a conversation something; an empty title gives it back to its first question.

    Raises
    ------
    OptionError
        When the title is too long or holds half a character, or there is no such conversation.

    Examples
    --------
    >>> from apps.chat.conversations import Turn
    >>> told = Conversation((Turn("user", "Hi"),))
    >>> title_of(rename(told, " Bees  and hives ")), title_of(rename(told, " "))
    ('Bees and hives', 'Hi')
    """
    words = " ".join(require_text("The title", title).split())
    if len(words) > LONGEST_TITLE:
        raise OptionError(
            f"The title of a chat may have at most {LONGEST_TITLE} characters, got {len(words):,}; "
            f"shorten it."
        )
    if not conversation.turns:
        raise OptionError("That chat has no message yet; write one before you give it a title.")
    return replace(conversation, title=words or None)


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
