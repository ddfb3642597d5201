"""Conversations as plain values: messages, what stands under a reply, what a cut took away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from apps.chat.confidence import Confidence
from playground.generation.fitting.prompt import Fit
from playground.generation.fitting.system_prompt import with_system
from playground.generation.reply import Reply
from playground.models.engines.engine import Engine
from playground.models.text.tokenizer import Message

USER: Literal["user"] = "user"
ASSISTANT: Literal["assistant"] = "assistant"
FILTER: Literal["content_filter"] = "content_filter"


@dataclass(frozen=True)
class Branch:
    """Where a reply left an earlier one.

    Parameters
    ----------
    token : int
        Place of the token that was exchanged, from 0.
    before, after : str
        The token that stood there, and the one that a person put in its place.
    """

    token: int
    before: str
    after: str


@dataclass(frozen=True)
class ReplyFacts:
    """What stands under a reply.

    It is shown as it was written: nothing here is held to the rules of today's options.

    Parameters
    ----------
    tokens : int
        Tokens generated.
    prompt_tokens : int
        Tokens the model received.
    context_length : int
        Tokens the model can hold.
    first_token_seconds, tokens_per_second : float or None
        Measured; None where there were too few tokens.
    finish_reason : str
        Why it ended; another version may have reasons that this one does not know.
    model, precision, engine : str
        What ran.
    settings : dict
        The sampling settings that were really used.
    branch : Branch or None
        Where it left the reply before it, if it did; the tokens up to there are that reply's.
    fit : Fit or None
        What of the conversation the model received; None for replies from before it was kept.
    moderation : dict or None
        Whether the content filter was on, and what it found and withheld; None for replies from
        before there was one.
    kept_tokens, read_tokens : int or None
        Of the prompt and what a branch kept: read for an earlier reply, and for this one; None
        for replies from before that was counted.
    continued : int or None
        Tokens that it had when it was last continued, which what was measured leaves out.
    others : float or None
        Processors that other programs took meanwhile, where that was enough to slow it; measured.
    drafted : int or None
        Tokens that were guessed from the text before them and held; None for replies from before
        there were drafts.
    confidence : Confidence or None
        How sure the model was; None for replies without a word, or from before it was kept.
    unread : mapping
        What was stored beside these by another version; written back as it stood.
    """

    tokens: int
    prompt_tokens: int
    context_length: int
    first_token_seconds: float | None
    tokens_per_second: float | None
    finish_reason: str
    model: str
    precision: str
    engine: str
    settings: dict[str, Any]
    branch: Branch | None = None
    fit: Fit | None = None
    moderation: dict[str, Any] | None = None
    kept_tokens: int | None = None
    read_tokens: int | None = None
    continued: int | None = None
    confidence: Confidence | None = None
    others: float | None = None
    drafted: int | None = None
    unread: Mapping[str, Any] = field(default_factory=dict)


def facts_of(reply: Reply, engine: Engine, tokens: int) -> ReplyFacts:
    """Return what stands under a reply.

    Parameters
    ----------
    reply : Reply
        The record of it.
    engine : Engine
        What ran.
    tokens : int
        Tokens in all; a branch has those from before it too.
    """
    return ReplyFacts(
        tokens=tokens,
        prompt_tokens=len(reply.prompt.token_ids),
        context_length=engine.context_length,
        first_token_seconds=reply.first_token_seconds,
        tokens_per_second=reply.tokens_per_second,
        finish_reason=reply.finish_reason,
        model=engine.model.title,
        precision=engine.precision.label,
        engine=engine.name,
        settings=reply.settings.as_dict(),
        fit=reply.prompt.fit,
        moderation=reply.moderation,
        kept_tokens=reply.reading.kept,
        read_tokens=reply.reading.anew,
        others=beside.others if (beside := reply.beside) and beside.crowded else None,
        drafted=sum(step.drafted for step in reply.steps),
    )


@dataclass(frozen=True)
class Turn:
    """One message.

    Parameters
    ----------
    role : str
        "user" or "assistant", or "content_filter" for what explains why a message was not passed
        on; a role that another version wrote is shown. No model gets any but the first two.
    content : str
        The text.
    facts, notice : ReplyFacts, str or None
        Of replies: what stands under it, and what was cut to fit.
    recording : str or None
        Of replies: the name under which the store keeps its token records.
    refused : dict or None
        Of messages of the person: what the content filter found in one that it did not pass on.
    earlier, later : tuple of tuple of Turn
        Its other versions, oldest first: each the message and all that followed it there; see
        `apps.chat.versions`.
    unread : mapping
        What was stored beside these by another version; written back as it stood.
    """

    role: str
    content: str
    facts: ReplyFacts | None = None
    notice: str | None = None
    recording: str | None = None
    refused: dict[str, Any] | None = None
    earlier: tuple[Tail, ...] = ()
    later: tuple[Tail, ...] = ()
    unread: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sent(self) -> bool:
        """Whether models are given it: only what a person or a model said and may say."""
        return self.role in (USER, ASSISTANT) and not self.refused


# A message and all that follows it.
Tail = tuple[Turn, ...]


@dataclass(frozen=True)
class Conversation:
    """What one browser is talking about.

    Parameters
    ----------
    turns : tuple of Turn
        The messages, oldest first.
    previous : tuple of Turn
        The messages before the last step that took some away, so that it can be taken back.
    title : str or None
        What the person calls it; None until they do.
    unread : mapping
        What was stored beside these by another version; written back as it stood.
    """

    turns: tuple[Turn, ...] = ()
    previous: tuple[Turn, ...] = ()
    title: str | None = None
    unread: Mapping[str, Any] = field(default_factory=dict)

    def with_turn(self, turn: Turn) -> Conversation:
        """Append a message."""
        return replace(self, turns=(*self.turns, turn))

    def with_refused(self, found: dict[str, Any], why: str) -> Conversation:
        """Mark the newest message as one that no model gets, and answer it with the reason."""
        *before, question = self.turns
        turns = (*before, replace(question, refused=found), Turn(FILTER, why))
        return replace(self, turns=turns)

    def asked_again(self) -> Conversation:
        """Take the mark off the newest message, for it to be checked anew."""
        *before, question = self.turns
        return replace(self, turns=(*before, replace(question, refused=None)))

    def cut_to(self, count: int) -> Conversation:
        """Keep the first messages; the others can be brought back."""
        if count >= len(self.turns):
            return self
        return replace(self, turns=self.turns[:count], previous=self.turns)

    def restored(self) -> Conversation:
        """Bring back what the last cut took; what stood there meanwhile can be brought back too."""
        return replace(self, turns=self.previous, previous=self.turns) if self.previous else self

    @property
    def last_question(self) -> int | None:
        """The place of the newest message of the person, or None."""
        places = [place for place, turn in enumerate(self.turns) if turn.role == USER]
        return places[-1] if places else None

    @property
    def last_facts(self) -> ReplyFacts | None:
        """What stands under the newest message, if it is a reply."""
        return self.turns[-1].facts if self.turns else None

    @property
    def recordings(self) -> frozenset[str]:
        """Names of the token records that a message refers to, those of other versions too."""
        return frozenset(_recordings((*self.turns, *self.previous)))


def _recordings(turns: Iterable[Turn]) -> Iterator[str]:
    for turn in turns:
        if turn.recording:
            yield turn.recording
        for tail in (*turn.earlier, *turn.later):
            yield from _recordings(tail)


def conversation_messages(conversation: Conversation, system: str) -> list[Message]:
    """Return what a model is given: the system prompt, if there is one, and the messages.

    Messages of a role that only another version knows are shown, but not given to a model: what
    its chat template would make of them is not known.
    """
    sent = [turn for turn in conversation.turns if turn.sent]
    return with_system(
        system,
        [Message(USER if turn.role == USER else ASSISTANT, turn.content) for turn in sent],
    )
