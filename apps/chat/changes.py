"""What a person does to a conversation: pure functions, from one conversation to the next."""

from __future__ import annotations

from apps.chat.conversations import ASSISTANT, Conversation, Turn
from apps.chat.places import Question, require_last
from apps.chat.versions import add_version, require_room
from playground.errors import OptionError


def add_question(
    conversation: Conversation, question: Turn, replaces: Question | None
) -> Conversation:
    """Append a question, or put it in the place of one that was edited.

    Raises
    ------
    OptionError
        When the one that it replaces is gone, or has too many versions.
    """
    if replaces is None:
        return conversation.with_turn(question)
    replaces.require_there(conversation)
    require_room(conversation)
    return add_version(conversation, replaces.place, question)


def ask_again(conversation: Conversation, place: int) -> Conversation:
    """Prepare the newest question for another answer; a reply that it has stays for now.

    Raises
    ------
    OptionError
        When there is no question, the last message is not at `place`, or there are too many
        versions.
    """
    question = conversation.last_question
    if question is None:
        raise OptionError("There is no message to answer again; write one first.")
    require_last(conversation, place)
    if all(turn.role != ASSISTANT for turn in conversation.turns[question + 1 :]):
        return conversation.cut_to(question + 1).asked_again()
    require_room(conversation)
    return conversation


def up_to_question(conversation: Conversation) -> Conversation:
    """Return a conversation as a model is given it to answer the newest question."""
    question = conversation.last_question
    return conversation.cut_to(0 if question is None else question + 1)


def take_back(conversation: Conversation, place: int) -> tuple[Conversation, str]:
    """Take the last question and its reply away; return the question too.

    Raises
    ------
    OptionError
        When there is none, or the last message is not at `place`.
    """
    question = conversation.last_question
    if question is None:
        raise OptionError("There is nothing to undo; the conversation is empty.")
    require_last(conversation, place)
    return conversation.cut_to(question), conversation.turns[question].content


def bring_back(conversation: Conversation) -> Conversation:
    """Bring back what the last step took away.

    Raises
    ------
    OptionError
        When nothing was.
    """
    if not conversation.previous:
        raise OptionError("There is nothing to bring back; nothing was taken away.")
    return conversation.restored()
