"""What would fill the window if a message were sent now; no model runs."""

from __future__ import annotations

from apps.chat.conversations import USER, conversation_messages
from apps.chat.message_rules import require_text
from apps.chat.recent import Recent
from apps.chat.request import Request
from apps.chat.store import ConversationStore
from playground.generation.fitting.outlook import Outlook, foresee
from playground.models.text.tokenizer import Message
from playground.serving import Pool

# Characters of the conversations whose outlook is remembered for as long as it stands.
_FORESEEN = 8_000_000


class Foresight:
    """Outlooks of conversations, each made once for as long as it stands.

    Parameters
    ----------
    pool : Pool
        Knows the models that are loaded.
    store : ConversationStore
        Keeps the conversations.
    """

    def __init__(self, pool: Pool, store: ConversationStore) -> None:
        self._pool = pool
        self._store = store
        self._foreseen = Recent[Outlook](_FORESEEN)

    def foresee(
        self, key: str, request: Request, draft: str, before: int | None, answering: bool
    ) -> Outlook | None:
        """Return what would fill the window if a message were sent now.

        While a reply is being written it is what that one was asked with: a page that opens or
        loads its model meanwhile shows a window too.

        Parameters
        ----------
        key : str
            The conversation.
        request : Request
            Model, system prompt and settings.
        draft : str
            The message as far as it is written.
        before : int or None
            Place of the earlier message that it would replace.
        answering : bool
            Whether a reply is being written.

        Returns
        -------
        Outlook or None
            None while the model is not loaded, or while another version of a reply is written.

        Raises
        ------
        OptionError
            When the window asked for is larger than the model's, or the draft cannot be read.
        """
        require_text("The message", draft)
        model = self._pool.model(request.choice)
        if model is None:
            return None
        conversation, settings = self._store.load(key), request.settings
        if answering:
            draft, before = "", None
        # All that it depends on: moving another slider counts no token again.
        needs = (settings.max_new_tokens, settings.overflow, settings.context_window)
        stamp = (conversation, request.choice, request.system, needs, draft, before, answering)
        if (known := self._foreseen.get(key, stamp)) is not None:
            return known
        kept = conversation if before is None else conversation.cut_to(before)
        messages = conversation_messages(kept, request.system)
        if not answering:
            messages.append(Message(USER, draft))
        elif not messages or messages[-1].role != USER:
            return None
        outlook = foresee(messages, model.engine, settings)
        self._foreseen.put(key, stamp, sum(len(each.content) for each in messages), outlook)
        return outlook
