"""The chat behind the page: asks, answers, stops; knows nothing of HTML.

The store is the one truth. A question is checked, saved and claimed for its reply in one step, so
that of two pages only one asks. What a reply had when it ended, was stopped or failed is saved, so
that nothing a person wrote or read is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from apps.chat.branching import Fork, ForkPlace, find_end, find_fork
from apps.chat.changes import add_question, ask_again, bring_back, take_back, up_to_question
from apps.chat.confidence import confidence_of
from apps.chat.conversations import (
    ASSISTANT,
    USER,
    Conversation,
    Turn,
    conversation_messages,
    facts_of,
)
from apps.chat.foresight import Foresight
from apps.chat.message_rules import require_message
from apps.chat.places import Question, find_question
from apps.chat.request import Request, guard_for, refuse
from apps.chat.runs import Run, Runs
from apps.chat.seen import require_seen
from apps.chat.store import ConversationStore
from apps.chat.versions import choose_version, require_room
from playground.generation.fitting.outlook import Outlook
from playground.generation.language_model import LanguageModel
from playground.generation.recording import TokenRecord
from playground.generation.reply import Reply
from playground.models.engines.engine import Engine
from playground.moderation.guard import RailGuard
from playground.serving import Pool

Change = Callable[[Conversation], Conversation]


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
        self._foresight = Foresight(pool, store)

    def ask(
        self,
        key: str,
        session: str,
        text: str,
        replaces: Question | None = None,
        seen: str = "",
    ) -> Run:
        """Append a question, or put it in the place of an earlier one, which stays as a version.

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
        seen : str
            The state of the chat that the page shows (`apps.chat.seen`); empty asks in any case.

        Returns
        -------
        Run
            Holds the conversation until `answer` has run to its end, or `runs.abandon` is called.

        Raises
        ------
        OptionError
            When the message is empty or too long, the one that it replaces is gone, another page
            went on with the chat, or a reply is still being written.
        """
        question = Turn(USER, require_message(text))

        def change(conversation: Conversation) -> Conversation:
            after = add_question(conversation, question, replaces)
            require_seen(conversation, seen)
            return after

        return self._claim(key, session, change)

    def retry(self, key: str, session: str, place: int) -> Run:
        """Have the last question answered again; a reply that it has stays as a version.

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
        run = self._claim(key, session, lambda there: ask_again(there, place))
        run.conversation = up_to_question(run.conversation)
        return run

    def branch(self, key: str, session: str, place: ForkPlace) -> Run:
        """Cut the last reply at a token and put an alternative there; `answer` goes on from it.

        The former reply stays as a version once the new one has a token of its own.

        Raises
        ------
        OptionError
            When there is no such place, or a reply is still being written.
        """

        def find(conversation: Conversation) -> Fork:
            require_room(conversation)
            return find_fork(conversation, place, partial(self.store.recording, key))

        return self._go_on(key, session, find)

    def resume(self, key: str, session: str, place: int) -> Run:
        """Go on with the last reply where it stopped.

        Raises
        ------
        OptionError
            When it ended by itself, is not the last any more, or a reply is still being written.
        """
        recording = partial(self.store.recording, key)
        return self._go_on(key, session, lambda there: find_end(there, place, recording))

    def _go_on(self, key: str, session: str, find: Callable[[Conversation], Fork]) -> Run:
        forks: list[Fork] = []

        def change(conversation: Conversation) -> Conversation:
            forks.append(find(conversation))
            return conversation

        run = self._claim(key, session, change)
        run.goes_on_from(forks[0])
        return run

    def show_version(self, key: str, place: int, number: int) -> Conversation:
        """Show another version of a message, by its number from 1, and what followed it.

        Raises
        ------
        OptionError
            When there is none, or a reply is still being written.
        """
        return self._change(key, lambda there: choose_version(there, place, number))

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
            after, question = take_back(conversation, place)
            taken.append(question)
            return after

        return self._change(key, change), taken[0]

    def clear(self, key: str) -> Conversation:
        """Empty the conversation; `restore` brings it back."""
        return self._change(key, lambda conversation: conversation.cut_to(0))

    def restore(self, key: str) -> Conversation:
        """Bring back what the last undo or clear took away.

        Raises
        ------
        OptionError
            When nothing was, or a reply is still being written.
        """
        return self._change(key, bring_back)

    def remove(self, key: str) -> None:
        """Remove a conversation for good.

        Raises
        ------
        OptionError
            When a reply is still being written.
        """
        self.runs.require_idle(key)
        self.store.remove(key)

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
            From `ask`, `retry`, `branch` or `resume`.
        request : Request
            Model, system prompt and settings. Only the model that wrote a reply can go on with it.

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
                request = replace(request, settings=run.fork.settings(request.settings))
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
        facts = facts_of(reply, engine, len(records))
        facts = fork.describe(facts) if fork else facts
        self._keep(run, Turn(ASSISTANT, reply.text, facts, reply.notice), records)

    def _keep(self, run: Run, reply: Turn, records: tuple[TokenRecord, ...]) -> str:
        """Save a reply and return its text."""
        facts = replace(reply.facts, confidence=confidence_of(records)) if reply.facts else None
        recording = self.store.keep_recording(run.key, records)
        kept = replace(reply, facts=facts, recording=recording)
        self.store.update(run.key, lambda before: run.put(before, kept))
        return reply.content

    def foresee(
        self, key: str, request: Request, draft: str, before: int | None = None
    ) -> Outlook | None:
        """Return what would fill the window if a message were sent now; see `Foresight.foresee`."""
        return self._foresight.foresee(key, request, draft, before, answering=key in self.runs)

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
