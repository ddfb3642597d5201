"""The chat behind the page: asks, answers, stops; knows nothing of HTML.

The store is the one truth. A question is checked, saved and claimed for its reply in one step, so
that of two pages only one asks. What a reply had when it ended, was stopped or failed is saved, so
that nothing a person wrote or read is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from apps.chat.branching import Fork, ForkPlace, find_fork
from apps.chat.conversations import (
    ASSISTANT,
    USER,
    Conversation,
    Turn,
    conversation_messages,
    facts_of,
)
from apps.chat.message_rules import require_message, require_text
from apps.chat.places import Question, find_question, require_last
from apps.chat.recent import Recent
from apps.chat.request import Request, guard_for, refuse
from apps.chat.runs import Run, Runs
from apps.chat.store import ConversationStore
from playground.errors import OptionError
from playground.generation.fitting.outlook import Outlook, foresee
from playground.generation.language_model import LanguageModel
from playground.generation.recording import TokenRecord
from playground.generation.reply import Reply
from playground.models.engines.engine import Engine
from playground.models.text.tokenizer import Message
from playground.moderation.guard import RailGuard
from playground.serving import Pool

Change = Callable[[Conversation], Conversation]

# Characters of the conversations whose outlook is remembered for as long as it stands.
_FORESEEN = 8_000_000


class ChatService:
    """Conversations with the models of one pool.

    Parameters
    ----------
    pool : Pool
        Lends the models.
    store : ConversationStore
        Keeps the conversations.
    """

    def __init__(self, pool: Pool, store: ConversationStore) -> None:
        self.pool = pool
        self.store = store
        self.runs = Runs()
        self._foreseen = Recent[Outlook](_FORESEEN)

    def ask(self, key: str, session: str, text: str, replaces: Question | None = None) -> Run:
        """Append a question, or replace an earlier one and all that followed it.

        Parameters
        ----------
        key : str
            The conversation.
        session : str
            The page that asks; `stop` names it.
        text : str
            The question.
        replaces : Question, optional
            The one that was edited.

        Returns
        -------
        Run
            Holds the conversation until `answer` has run to its end, or `runs.abandon` is called.

        Raises
        ------
        OptionError
            When the message is empty or too long, the one that it replaces is gone, or a reply is
            still being written.
        """
        question = Turn(USER, require_message(text))

        def change(conversation: Conversation) -> Conversation:
            if replaces is None:
                return conversation.with_turn(question)
            replaces.require_there(conversation)
            return conversation.cut_to(replaces.place).with_turn(question)

        return self._claim(key, session, change)

    def retry(self, key: str, session: str, place: int) -> Run:
        """Take the last reply away, so that it can be written again.

        Parameters
        ----------
        key, session : str
            The conversation, and the page that asks.
        place : int
            Of the last message, as the page has it.

        Raises
        ------
        OptionError
            When there is no question to answer, it is not the last any more, or a reply is still
            being written.
        """

        def change(conversation: Conversation) -> Conversation:
            question = conversation.last_question
            if question is None:
                raise OptionError("There is no message to answer again; write one first.")
            require_last(conversation, place)
            return conversation.cut_to(question + 1).asked_again()

        return self._claim(key, session, change)

    def branch(self, key: str, session: str, place: ForkPlace) -> Run:
        """Cut the last reply at a token and put an alternative there; `answer` goes on from it.

        The former reply stays until the new one has a token of its own; `restore` brings it back.

        Raises
        ------
        OptionError
            When there is no such place, or a reply is still being written.
        """
        forks: list[Fork] = []

        def change(conversation: Conversation) -> Conversation:
            forks.append(find_fork(conversation, place, partial(self.store.recording, key)))
            return conversation

        run = self._claim(key, session, change)
        run.fork = forks[0]
        run.conversation = run.conversation.cut_to(run.fork.turn)
        return run

    def undo(self, key: str, place: int) -> tuple[Conversation, str]:
        """Take the last question and its reply away; return the question too.

        Raises
        ------
        OptionError
            When there is nothing to undo, the last message is not at `place` any more, or a reply
            is still being written.
        """
        taken: list[str] = []

        def change(conversation: Conversation) -> Conversation:
            question = conversation.last_question
            if question is None:
                raise OptionError("There is nothing to undo; the conversation is empty.")
            require_last(conversation, place)
            taken.append(conversation.turns[question].content)
            return conversation.cut_to(question)

        return self._change(key, change), taken[0]

    def clear(self, key: str) -> Conversation:
        """Empty the conversation; `restore` brings it back."""
        return self._change(key, lambda conversation: conversation.cut_to(0))

    def restore(self, key: str) -> Conversation:
        """Bring back what the last edit, retry, undo or clear took away.

        Raises
        ------
        OptionError
            When nothing was, or a reply is still being written.
        """

        def change(conversation: Conversation) -> Conversation:
            if not conversation.previous:
                raise OptionError("There is nothing to bring back; nothing was taken away.")
            return conversation.restored()

        return self._change(key, change)

    def question(self, key: str, place: int) -> Question:
        """Return a message of the person, to be edited.

        Raises
        ------
        OptionError
            When there is none at that place, or a reply is still being written.
        """
        self.runs.require_idle(key)
        return find_question(self.store.load(key), place)

    def answer(self, run: Run, request: Request) -> Iterator[str]:
        """Write the reply that a run has claimed.

        Parameters
        ----------
        run : Run
            From `ask`, `retry` or `branch`.
        request : Request
            Model, system prompt and settings. A branch goes on only with the model that wrote the
            reply.

        Yields
        ------
        str
            The reply so far; empty until the first token, or what a branch has kept.

        Raises
        ------
        PlaygroundError
            When the model cannot be had or the prompt does not fit; the question stays, and so
            does the reply that was to be branched.
        """
        with self.runs.writing(run):
            guard = guard_for(request, self.pool.settings)
            if guard and not run.fork and (why := refuse(run, guard, self.store)):
                yield why
                return
            yield from self._write(run, request, guard)

    def _write(self, run: Run, request: Request, guard: RailGuard | None) -> Iterator[str]:
        owner = f"chat {run.key}"
        with self.pool.lease(request.choice, run.stopped.is_set, owner=owner) as model:
            model.guard = guard
            if run.fork:
                run.fork.require_room(model.engine, request.settings)
                if run.fork.ends(model.engine.tokenizer):
                    yield self._keep(run, *run.fork.ended(model.engine.tokenizer))
                    return
            yield from self._stream(model, request, run)

    def _stream(self, model: LanguageModel, request: Request, run: Run) -> Iterator[str]:
        stream = run.stream = model.stream(
            conversation_messages(run.conversation, request.system),
            prefix=run.fork.token_ids if run.fork else (),
            cancelled=run.stopped.is_set,
            **request.settings.as_dict(),
        )
        text = stream.prefix_text
        try:
            yield text
            for step in stream:
                text += step.text
                yield text
            if (whole := stream.reply.text) != text:  # what was withheld ended it
                yield whole
        finally:
            stream.close()
            self._keep_written(run, model.engine, stream.reply)

    def _keep_written(self, run: Run, engine: Engine, reply: Reply) -> None:
        """Save what was written, whyever it ended."""
        filtered = reply.finish_reason == "content_filter"
        if not (reply.steps or filtered) or (run.stopped.is_set() and not reply.text):
            # The question stays to be answered, and what was to be branched stays as it was.
            return
        tokenizer, fork = engine.tokenizer, run.fork
        kept = fork.shown_by(tokenizer, reply.settings.stop) if fork else ()
        records = (*kept, *reply.records(tokenizer))
        facts = facts_of(reply, engine, len(records), fork.branch if fork else None)
        self._keep(run, Turn(ASSISTANT, reply.text, facts, reply.notice), records)

    def _keep(self, run: Run, reply: Turn, records: tuple[TokenRecord, ...]) -> str:
        """Save a reply and return its text."""
        kept = replace(reply, recording=self.store.keep_recording(run.key, records))
        self.store.update(
            run.key,
            lambda before: run.fork.applied(before, kept) if run.fork else before.with_turn(kept),
        )
        return reply.content

    def foresee(
        self, key: str, request: Request, draft: str, before: int | None = None
    ) -> Outlook | None:
        """Return what would fill the window if a message were sent now; no model runs.

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
        before : int, optional
            Place of the earlier message that it would replace.

        Returns
        -------
        Outlook or None
            None while the model is not loaded, or while a branch of a reply is being written.

        Raises
        ------
        OptionError
            When the window asked for is larger than the model's, or the draft cannot be read.
        """
        require_text("The message", draft)
        model = self.pool.model(request.choice)
        if model is None:
            return None
        conversation, settings = self.store.load(key), request.settings
        if answering := key in self.runs:
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

    def _claim(self, key: str, session: str, change: Change) -> Run:
        """Change a conversation and claim its reply, in one step under its lock."""
        run = Run(key, session)

        def change_and_claim(conversation: Conversation) -> Conversation:
            self.runs.require_idle(key)
            after = change(conversation)
            self.runs.claim(run)
            return after

        try:
            run.conversation = self.store.update(key, change_and_claim)
        except BaseException:
            self.runs.abandon(run)
            raise
        return run

    def _change(self, key: str, change: Change) -> Conversation:
        def change_at_rest(conversation: Conversation) -> Conversation:
            self.runs.require_idle(key)
            return change(conversation)

        return self.store.update(key, change_at_rest)
