"""An experiment on a conversation: where none is given, it is the chat of this browser.

The chat is read whenever something is drawn, run or exported, and never put into the form: a
conversation is long and its owner's, and the page's address would hold it. A link may bring another
one, which then stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from apps.chat.conversations import conversation_messages
from apps.ui.events import WITH_KEY
from apps.ui.form import Component
from apps.ui.lab_panel import Parts
from apps.ui.section import Section, View
from playground.experiments.conversation import ConversationSettings
from playground.experiments.experiment import Experiment
from playground.experiments.settings import Settings
from playground.generation.fitting.transcript import spell_conversation
from playground.models.engines.manager import ModelChoice


class ConversationSection(Section):
    """The section of an experiment whose settings are `ConversationSettings`.

    Parameters
    ----------
    experiment : Experiment
        Which.
    parts : Parts
        What the page has.
    """

    script = WITH_KEY

    def __init__(self, experiment: Experiment, parts: Parts) -> None:
        super().__init__(experiment, parts.pool, parts.rail)
        self._service = parts.service
        self._key = parts.key

    @property
    def inputs(self) -> set[Component]:
        """The components that its events read: the browser's key, too."""
        return {self._key, *super().inputs}

    def _asked(self, data: Mapping[Component, Any]) -> tuple[Settings, ModelChoice]:
        settings, choice = super()._asked(data)
        asked = cast(ConversationSettings, settings)
        if asked.conversation.strip() or not asked.takes_chat:
            return settings, choice
        return settings.model_copy(update={"conversation": self._chat(data)}), choice

    def _chat(self, data: Mapping[Component, Any]) -> str:
        """Return the chat of this browser; empty while it has no turns."""
        key = data.get(self._key)
        conversation = self._service.store.load(key) if key else None
        return spell_conversation(conversation_messages(conversation, "")) if conversation else ""

    def _made_of(
        self, settings: Settings, choice: ModelChoice, data: Mapping[Component, Any]
    ) -> dict[str, Any]:
        """Leave the chat out: the field is empty while it stands for the conversation."""
        made = super()._made_of(settings, choice, data)
        return {**made, "conversation": data.get(self.form.fields["conversation"], "")}

    def _set(self, settings: Settings) -> View:
        """Leave the conversation as it was: it may be the chat, which stays out of the form."""
        own = self.form.fields["conversation"]
        return {each: value for each, value in super()._set(settings).items() if each is not own}
