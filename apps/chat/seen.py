"""What a page shows of a chat, so that no question answers a text that nobody there has seen."""

from __future__ import annotations

import hashlib

from apps.chat.conversations import Conversation
from playground.errors import OptionError


class ChatWentOn(OptionError):
    """The chat is no longer what the page shows of it."""


def state_of(conversation: Conversation) -> str:
    """Return a short text that is another as soon as anything in sight is.

    Parameters
    ----------
    conversation : Conversation
        Its messages count, and how many versions stand before and behind each.
    """
    shown = [(t.role, t.content, len(t.earlier), len(t.later)) for t in conversation.turns]
    return hashlib.sha256(repr(shown).encode(errors="surrogatepass")).hexdigest()[:16]


def require_seen(conversation: Conversation, seen: str) -> None:
    """Refuse a question that was asked beside another state of the chat.

    Parameters
    ----------
    conversation : Conversation
        As it is.
    seen : str
        The state that the page shows; empty where it is not known.

    Raises
    ------
    ChatWentOn
        When another page has changed the chat since.
    """
    if seen and seen != state_of(conversation):
        raise ChatWentOn(
            "This chat went on in another tab; it stands here now as it is. Your message was not "
            "sent: it is still in the field, so send it again if it still fits."
        )
