"""A conversation among the settings of an experiment: declared once, and read in one way."""

from __future__ import annotations

from collections.abc import Sequence

from playground.experiments.settings import Settings, field
from playground.generation.fitting.system_prompt import with_system
from playground.generation.fitting.transcript import read_conversation
from playground.models.text.tokenizer import Message

# Far beyond any window here: they stop slips of the clipboard alone.
MAX_CONVERSATION, MAX_MESSAGE = 16_000_000, 200_000


class ConversationSettings(Settings):
    """Base of the settings of experiments on a conversation.

    On the page the chat of this browser stands for an empty conversation; see
    `apps.ui.conversation_section`.
    """

    conversation: str = field(
        "",
        label="Conversation",
        explanation=(
            'A JSON object a line, {"role": "user", "content": "Hello!"}; empty takes an example.'
        ),
        most=MAX_CONVERSATION,
        hidden=True,
    )
    system: str = field(
        "",
        label="System prompt",
        explanation="Stands before the conversation; empty uses the model's own.",
        most=MAX_MESSAGE,
        shared=True,
    )

    @property
    def takes_chat(self) -> bool:
        """Whether the chat of the browser is to stand for an empty conversation."""
        return True

    def messages(self, example: Sequence[Message]) -> list[Message]:
        """Return the system prompt and the conversation.

        A system message that the conversation has itself goes before that of the setting.

        Parameters
        ----------
        example : sequence of Message
            What is taken where no conversation is given.

        Raises
        ------
        OptionError
            With the line of the conversation that breaks a rule.

        Examples
        --------
        >>> hello = [Message("user", "Hello!")]
        >>> settings = ConversationSettings(system="Be brief.")
        >>> [message.content for message in settings.messages(hello)]
        ['Be brief.', 'Hello!']
        """
        messages = read_conversation(self.conversation) or list(example)
        own = bool(messages) and messages[0].role == "system"
        return messages if own else with_system(self.system, messages)
