"""Places in a conversation as a page has them; another page may have changed it meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from apps.chat.conversations import USER, Conversation, Turn
from playground.errors import OptionError


class QuestionGone(OptionError):
    """The message that a page edits is no longer there."""


@dataclass(frozen=True)
class Question:
    """An earlier message of the person that is being edited.

    Parameters
    ----------
    place : int
        Where it stands, from 0.
    text : str
        How it reads.
    """

    place: int
    text: str

    def require_there(self, conversation: Conversation) -> None:
        """Refuse to replace what is no longer there.

        Raises
        ------
        QuestionGone
            When another page has changed the conversation meanwhile.
        """
        turns = conversation.turns
        there = turns[self.place] if 0 <= self.place < len(turns) else None
        if there is None or (there.role, there.content) != (USER, self.text):
            raise QuestionGone(
                "The message that you edit is no longer there: another page changed the "
                "conversation; send once more to add yours at its end, or reload the page."
            )


def find_turn(conversation: Conversation, place: int) -> Turn:
    """Return the message at a place.

    Raises
    ------
    OptionError
        When there is none.
    """
    if not 0 <= place < len(conversation.turns):
        raise OptionError(
            "That message is no longer there: another page changed the conversation; reload this "
            "page to see it as it is."
        )
    return conversation.turns[place]


def find_question(conversation: Conversation, place: int) -> Question:
    """Return a message of the person, to be edited.

    Raises
    ------
    OptionError
        When there is none at that place.
    """
    turn = find_turn(conversation, place)
    if turn.role != USER:
        raise OptionError("Only your own messages can be edited; choose one of them.")
    return Question(place, turn.content)


def require_last(conversation: Conversation, place: int) -> None:
    """Refuse what only the last message allows.

    Raises
    ------
    OptionError
        When another one is at that place, or none.
    """
    if place != len(conversation.turns) - 1:
        raise OptionError(
            "That message is no longer the last: another page changed the conversation; reload "
            "this page to see it as it is."
        )
