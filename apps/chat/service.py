"""The chat behind the page: asks, answers, stops; knows nothing of HTML.

The store is the one truth. A question is saved before the model runs, and what a reply had when
it ended, was stopped or failed is saved with it, so that nothing a person wrote or read is lost.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from apps.chat.branching import Fork, find_fork
from apps.chat.conversations import Conversation, ConversationStore, ReplyFacts, Turn
from playground.errors import OptionError
from playground.generation.fitting.outlook import Outlook, foresee
from playground.generation.language_model import LanguageModel, Stream
from playground.generation.recording import TokenRecord, record_step
from playground.generation.reply import Reply
from playground.generation.settings import SamplingSettings
from playground.models.engines.engine import Engine
from playground.models.engines.manager import ModelChoice
from playground.models.text.tokenizer import Message
from playground.serving import Pool


@dataclass(frozen=True)
class Request:
    """What one reply is asked with."""

    choice: ModelChoice
    system: str
    settings: SamplingSettings


@dataclass
class _Run:
    """A reply that is being written."""

    session: str
    stopped: threading.Event = field(default_factory=threading.Event)
    stream: Stream | None = None


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
        self._runs: dict[str, _Run] = {}
        self._guard = threading.Lock()

    def ask(self, key: str, text: str, replace_from: int | None = None) -> Conversation:
        """Append a question, or replace an earlier one and all that followed it.

        Raises
        ------
        OptionError
            When the message is empty or a reply is still being written.
        """
        self.require_idle(key)
        if not text.strip():
            raise OptionError("The message is empty; write something first.")

        def change(conversation: Conversation) -> Conversation:
            kept = conversation if replace_from is None else conversation.cut_to(replace_from)
            return kept.with_turn(Turn("user", text))

        return self.store.update(key, change)

    def drop_reply(self, key: str) -> Conversation:
        """Take the last reply away, so that it can be written again.

        Raises
        ------
        OptionError
            When there is no question to answer, or a reply is still being written.
        """
        self.require_idle(key)
        question = _last_question(self.store.load(key))
        if question is None:
            raise OptionError("There is no message to answer again; write one first.")
        return self.store.update(key, lambda conversation: conversation.cut_to(question + 1))

    def undo(self, key: str) -> tuple[Conversation, str]:
        """Take the last question and its reply away; return the question too.

        Raises
        ------
        OptionError
            When there is nothing to undo, or a reply is still being written.
        """
        self.require_idle(key)
        conversation = self.store.load(key)
        question = _last_question(conversation)
        if question is None:
            raise OptionError("There is nothing to undo; the conversation is empty.")
        text = conversation.turns[question].content
        return self.store.update(key, lambda before: before.cut_to(question)), text

    def clear(self, key: str) -> Conversation:
        """Empty the conversation; `restore` brings it back."""
        self.require_idle(key)
        return self.store.update(key, lambda conversation: conversation.cut_to(0))

    def restore(self, key: str) -> Conversation:
        """Bring back what the last edit, retry, undo or clear took away."""
        self.require_idle(key)
        return self.store.update(key, Conversation.restored)

    def remember_rail(self, key: str, rail: dict[str, Any]) -> None:
        """Keep the run settings for the next visit."""
        self.store.update(key, lambda conversation: replace(conversation, rail=rail))

    def answer(self, key: str, session: str, request: Request) -> Iterator[str]:
        """Write the reply to the last question.

        Parameters
        ----------
        key : str
            The conversation.
        session : str
            The page that asks; `stop` names it.
        request : Request
            Model, system prompt and settings.

        Yields
        ------
        str
            The reply so far; empty until the first token.

        Raises
        ------
        PlaygroundError
            When the model cannot be had or the prompt does not fit; the question stays.
        """
        run = self._begin(key, session)
        with self._ending(key), self.pool.lease(request.choice, run.stopped.is_set) as model:
            yield from self._write(key, model, request, run)

    def branch(
        self, key: str, session: str, request: Request, turn: int, token: int, alternative: int
    ) -> Iterator[str]:
        """Cut the last reply at a token, put an alternative there, and let the model go on.

        The former reply stays until the new one has a token of its own; `restore` brings it back.

        Parameters
        ----------
        key : str
            The conversation.
        session : str
            The page that asks; `stop` names it.
        request : Request
            Model, system prompt and settings. The model must be the one that wrote the reply.
        turn, token, alternative : int
            Places, from 0: of the reply, of a token in it, of one of its recorded alternatives.

        Yields
        ------
        str
            The reply so far; it begins with what was kept.

        Raises
        ------
        OptionError
            When there is no such place, another model wrote the reply, `max_new_tokens` leaves no
            room, or a reply is still being written.
        PlaygroundError
            When the model cannot be had.
        """
        run = self._begin(key, session)
        with self._ending(key):
            fork = find_fork(self.store.load(key), turn, token, alternative)
            with self.pool.lease(request.choice, run.stopped.is_set) as model:
                fork.require_room(model.engine, request.settings)
                if fork.ends(model.tokenizer):
                    yield self._keep(key, fork.ended(model.tokenizer), fork)
                else:
                    yield from self._write(key, model, request, run, fork)

    def stop(self, session: str) -> None:
        """End what a page is having written, within one token."""
        with self._guard:
            runs = [run for run in self._runs.values() if run.session == session]
        for run in runs:
            run.stopped.set()

    def place(self, key: str) -> int:
        """Return the place of a reply in the queue, from 1; 0 when it does not wait there."""
        with self._guard:
            run = self._runs.get(key)
        return run.stream.place if run and run.stream else 0

    def _write(
        self, key: str, model: LanguageModel, request: Request, run: _Run, fork: Fork | None = None
    ) -> Iterator[str]:
        conversation, tokenizer = self.store.load(key), model.engine.tokenizer
        stream = model.stream(
            conversation_messages(
                conversation.cut_to(fork.turn) if fork else conversation, request.system
            ),
            prefix=fork.token_ids if fork else (),
            cancelled=run.stopped.is_set,
            **request.settings.as_dict(),
        )
        run.stream = stream
        text = stream.prefix_text
        tokens: list[TokenRecord] = []
        try:
            yield text
            for step in stream:
                tokens.append(record_step(step, tokenizer))
                text += step.text
                yield text
        finally:
            stream.close()
            kept = fork.shown_by(tokenizer, stream.settings.stop) if fork else ()
            reply = _reply(stream.reply, model.engine, (*kept, *tokens), fork)
            # A branch without a token of its own leaves the former reply where it is.
            if (tokens or not fork) and (reply.content or not run.stopped.is_set()):
                self._keep(key, reply, fork)

    def _keep(self, key: str, reply: Turn, fork: Fork | None) -> str:
        """Save a reply and return its text."""
        self.store.update(
            key,
            lambda before: fork.applied(before, reply) if fork else before.with_turn(reply),
        )
        return reply.content

    def foresee(
        self, key: str, request: Request, draft: str, before: int | None = None
    ) -> Outlook | None:
        """Return what would fill the window if a message were sent now; no model runs.

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
            None while the model is not loaded, or a reply is being written.

        Raises
        ------
        OptionError
            When the window asked for is larger than the model's, or the draft cannot be read.
        """
        model = self.pool.model(request.choice)
        if model is None or key in self._runs:
            return None
        conversation = self.store.load(key)
        kept = conversation if before is None else conversation.cut_to(before)
        messages = [*conversation_messages(kept, request.system), Message("user", draft)]
        return foresee(messages, model.engine, request.settings)

    def require_idle(self, key: str) -> None:
        """Refuse to touch a conversation while a reply is being written.

        Raises
        ------
        OptionError
            When one is.
        """
        with self._guard:
            if key in self._runs:
                raise OptionError("A reply is still being written; stop it or wait for its end.")

    def _begin(self, key: str, session: str) -> _Run:
        run = _Run(session)
        with self._guard:
            if key in self._runs:
                raise OptionError("A reply is still being written; stop it or wait for its end.")
            self._runs[key] = run
        return run

    @contextmanager
    def _ending(self, key: str) -> Iterator[None]:
        """Let the next reply be asked for once the ``with`` block ends."""
        try:
            yield
        finally:
            with self._guard:
                del self._runs[key]


def _last_question(conversation: Conversation) -> int | None:
    """Return the place of the newest message of the person, or None."""
    places = [i for i, turn in enumerate(conversation.turns) if turn.role == "user"]
    return places[-1] if places else None


def conversation_messages(conversation: Conversation, system: str) -> list[Message]:
    """Return what a model is given: the system prompt, if there is one, and the messages."""
    head = [Message("system", system)] if system.strip() else []
    return head + [Message(turn.role, turn.content) for turn in conversation.turns]


def _reply(
    reply: Reply, engine: Engine, tokens: tuple[TokenRecord, ...], fork: Fork | None
) -> Turn:
    return Turn(
        role="assistant",
        content=reply.text,
        notice=reply.prompt.notice,
        facts=ReplyFacts(
            tokens=len(tokens),
            prompt_tokens=len(reply.prompt.token_ids),
            context_length=engine.context_length,
            first_token_seconds=reply.first_token_seconds,
            tokens_per_second=reply.tokens_per_second,
            finish_reason=reply.finish_reason,
            model=engine.model.title,
            precision=engine.precision.name,
            engine=engine.name,
            settings=reply.settings.as_dict(),
            branch=fork.branch if fork else None,
            fit=reply.prompt.fit,
        ),
        tokens=tokens,
    )
