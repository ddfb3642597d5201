"""What another tab has made of a chat: whether it went on, and how it stands now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.chat.places import Question, QuestionGone
from apps.chat.seen import state_of
from apps.chat.service import ChatService
from apps.ui.transcript import render_conversation
from playground.errors import PlaygroundError


def refreshed(
    service: ChatService, key: str, edited: Question | None
) -> tuple[str, Question | None]:
    """Return the chat as it is now, and what is edited in it if that is still there.

    Parameters
    ----------
    service : ChatService
        Has the conversations.
    key : str
        Of the one in sight.
    edited : Question or None
        What the page edits.
    """
    conversation = service.store.load(key)
    try:
        if edited:
            edited.require_there(conversation)
    except QuestionGone:
        edited = None
    place = edited.place if edited else None
    return render_conversation(conversation, key in service.runs, place), edited


def serve_state(service: ChatService) -> Callable[[Any], Any]:
    """Return what the page's script asks to learn whether a chat went on elsewhere.

    Parameters
    ----------
    service : ChatService
        Has the conversations.
    """

    def chat_state(key: Any) -> dict[str, Any]:
        try:
            state = state_of(service.store.load(str(key)))
        except PlaygroundError:  # whoever asks for the chat itself is told
            return {}
        return {"state": state, "answering": key in service.runs}

    return chat_state
