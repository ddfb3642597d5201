"""A reply goes on: where it stopped, or cut at one of its tokens with another put there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from apps.chat.conversations import ASSISTANT, Branch, Conversation, ReplyFacts, Turn
from apps.chat.versions import add_version, replace_turn
from playground.errors import OptionError
from playground.generation.recording import AlternativeRecord, TokenRecord
from playground.generation.settings import OPTIONS, SamplingSettings
from playground.generation.stop_strings import StopStrings
from playground.models.engines.engine import Engine
from playground.models.text.tokenizer import Tokenizer

_MOST_TOKENS = int(OPTIONS["max_new_tokens"].maximum)
_GO_ON = ("max_new_tokens", "cancelled", "failed")


@dataclass(frozen=True)
class ForkPlace:
    """Where a branch is to leave a reply; all places count from 0.

    Parameters
    ----------
    turn : int
        Of the reply in the conversation.
    token : int
        In the reply.
    alternative : int
        Among the token's recorded alternatives.
    """

    turn: int
    token: int
    alternative: int


@dataclass(frozen=True)
class Fork:
    """What a reply goes on from.

    Parameters
    ----------
    turn : int
        Place of the reply in the conversation.
    former : Turn
        The reply that is left or continued.
    facts : ReplyFacts
        Its facts.
    left : TokenRecord or None
        The token that stood at the fork; None for a reply that is continued where it stopped.
    tokens : tuple of TokenRecord
        The reply's tokens up to the fork, then the one that was put there.
    """

    turn: int
    former: Turn
    facts: ReplyFacts
    left: TokenRecord | None
    tokens: tuple[TokenRecord, ...]

    @property
    def branch(self) -> Branch | None:
        """Where it leaves, for the footer."""
        if self.left is None:
            return self.facts.branch
        return Branch(len(self.tokens) - 1, self.left.text, self.tokens[-1].text)

    def describe(self, facts: ReplyFacts) -> ReplyFacts:
        """Return the facts of the whole reply, which say where it goes on."""
        continued = len(self.tokens) if self.left is None else None
        return replace(facts, branch=self.branch, continued=continued)

    def settings(self, asked: SamplingSettings) -> SamplingSettings:
        """Return what to go on with: new tokens are counted from the reply's first.

        A reply that is continued keeps its dice unless others were asked for, so that it becomes
        what it would have been with a higher limit.
        """
        if self.left is not None:
            return asked
        most = min(len(self.tokens) + asked.max_new_tokens, _MOST_TOKENS)
        seed = self.facts.settings.get("seed") if asked.seed is None else asked.seed
        return replace(asked, max_new_tokens=most, seed=seed)

    @property
    def token_ids(self) -> tuple[int, ...]:
        """What the model is to go on from."""
        return tuple(record.token_id for record in self.tokens)

    def ends(self, tokenizer: Tokenizer) -> bool:
        """Tell whether the token that was put there ends the turn."""
        return self.tokens[-1].token_id in tokenizer.end_token_ids

    def require_room(self, engine: Engine, settings: SamplingSettings) -> None:
        """Refuse to go on where the model cannot.

        Raises
        ------
        OptionError
            When another model wrote the reply, or `max_new_tokens` is reached already.
        """
        if self.facts.model != engine.model.title or not self._speaks(engine.tokenizer):
            raise OptionError(
                f"A reply can be continued only by the model that wrote it, {self.facts.model}, "
                f"because each model numbers its tokens differently, got {engine.model.title}; "
                f"choose that model under Model, at any precision."
            )
        if self.left is None and len(self.tokens) >= _MOST_TOKENS:
            raise OptionError(
                f"A reply can be continued up to {_MOST_TOKENS:,} tokens, got "
                f"{len(self.tokens):,}; ask for the rest in a new message."
            )
        if not self.ends(engine.tokenizer) and len(self.tokens) >= settings.max_new_tokens:
            raise OptionError(
                f"`max_new_tokens` must be above {len(self.tokens)} to go on from this token, got "
                f"{settings.max_new_tokens}; raise it, or pick an earlier token."
            )

    def _speaks(self, tokenizer: Tokenizer) -> bool:
        """Tell whether these ids mean these texts to a tokenizer."""
        return all(
            record.token_id < tokenizer.vocab_size
            and tokenizer.piece(record.token_id) == record.text
            for record in self.tokens
        )

    def shown_by(self, tokenizer: Tokenizer, stop: Sequence[str]) -> tuple[TokenRecord, ...]:
        """Return the tokens with what each adds to the reply now.

        The token that was put there may complete a character, or be no part of a stop string that
        held back others.
        """
        stream, gate = tokenizer.stream(), StopStrings(stop)
        return tuple(
            replace(record, shown=gate.push(stream.push(record.token_id))) for record in self.tokens
        )

    def ended(self, tokenizer: Tokenizer) -> tuple[Turn, tuple[TokenRecord, ...]]:
        """Return the reply that ends with the token that was put there; no model runs."""
        *kept, last = self.shown_by(tokenizer, stop=())
        tokens = (*kept, replace(last, shown="", finish_reason="end_of_turn"))
        facts = replace(
            self.facts,
            tokens=len(tokens),
            first_token_seconds=None,
            tokens_per_second=None,
            finish_reason="end_of_turn",
            branch=self.branch,
            kept_tokens=None,
            read_tokens=None,
            continued=None,
        )
        text = "".join(record.shown for record in tokens)
        return Turn(ASSISTANT, text, facts, self.former.notice), tokens

    def applied(self, conversation: Conversation, reply: Turn) -> Conversation:
        """Put the reply in the former one's place; one that was branched stays as a version."""
        put = replace_turn if self.left is None else add_version
        return put(conversation, self.turn, reply)


def find_end(
    conversation: Conversation,
    turn: int,
    recording: Callable[[Turn], tuple[TokenRecord, ...]],
) -> Fork:
    """Return what the last reply is continued from: all of it.

    Parameters
    ----------
    conversation : Conversation
        Its last message must be the reply.
    turn : int
        The reply's place.
    recording : callable
        Gives the token records of a reply.

    Raises
    ------
    OptionError
        When there is no such reply, or it ended by itself.
    """
    reply = _last_reply(conversation, turn)
    records = recording(reply)
    if not reply.facts or not records:
        raise OptionError("This reply was kept without its tokens; retry it to have them.")
    if not can_go_on(reply):
        raise OptionError(
            "Only a reply that was stopped, or that reached its limit, can be continued; this one "
            "ended by itself; ask a new question."
        )
    *kept, last = records
    return Fork(turn, reply, reply.facts, None, (*kept, replace(last, finish_reason=None)))


def can_go_on(reply: Turn) -> bool:
    """Tell whether a reply was ended by a limit, a person or a fault, rather than by the model."""
    return bool(reply.recording and reply.facts and reply.facts.finish_reason in _GO_ON)


def find_fork(
    conversation: Conversation,
    place: ForkPlace,
    recording: Callable[[Turn], tuple[TokenRecord, ...]],
) -> Fork:
    """Return what a branch begins with.

    Parameters
    ----------
    conversation : Conversation
        Its last message must be the reply.
    place : ForkPlace
        Where to leave it.
    recording : callable
        Gives the token records of a reply.

    Raises
    ------
    OptionError
        When there is no such reply, token or alternative.
    """
    reply = _last_reply(conversation, place.turn)
    records = recording(reply)
    if not reply.facts or not records:
        raise OptionError("This reply was kept without its tokens; retry it to have them.")
    if not 0 <= place.token < len(records):
        raise OptionError(
            f"`token` must be 0 to {len(records) - 1} in this reply, got {place.token}; pick one."
        )
    left = records[place.token]
    if not 0 <= place.alternative < len(left.alternatives):
        raise OptionError(
            f"`alternative` must be 0 to {len(left.alternatives) - 1} for this token, got "
            f"{place.alternative}; pick another."
        )
    put = _put(left, left.alternatives[place.alternative])
    return Fork(place.turn, reply, reply.facts, left, (*records[: place.token], put))


def _last_reply(conversation: Conversation, turn: int) -> Turn:
    last = len(conversation.turns) - 1
    if turn != last or last < 0 or conversation.turns[last].role != ASSISTANT:
        raise OptionError(
            "Only the last reply can be continued from one of its tokens; undo what follows first."
        )
    return conversation.turns[last]


def _put(record: TokenRecord, other: AlternativeRecord) -> TokenRecord:
    """Return the record of a token that a person put in the place of the one that was drawn."""
    if other.token_id == record.token_id:
        return replace(record, finish_reason=None)
    better = sum(each.logprob > other.logprob for each in record.alternatives)
    # No number was thrown for it: its stretch is empty.
    return replace(
        record,
        token_id=other.token_id,
        text=other.text,
        shown="",
        logprob=other.logprob,
        rank=1 + better,
        uniform=None,
        low=0.0,
        high=0.0,
        stages=(),
        finish_reason=None,
    )
