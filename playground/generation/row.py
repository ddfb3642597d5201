"""One reply in the making: what it has written, how it chooses, and when it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from playground.core.functional import FloatArray
from playground.errors import NotFinite
from playground.generation.choosing import Choice, Chooser
from playground.generation.first_fault import with_place
from playground.generation.fitting.window import window_of
from playground.generation.loops import find_loop
from playground.generation.prompt_lookup import Drafts
from playground.generation.settings import SamplingSettings
from playground.generation.stop_strings import StopStrings
from playground.models.engines.engine import Engine, KVCache

FinishReason = Literal[
    "end_of_turn",
    "max_new_tokens",
    "stop_string",
    "loop",
    "context_full",
    "cancelled",
    "failed",
    "content_filter",
]


@dataclass(frozen=True)
class Step:
    """One chosen token.

    Parameters
    ----------
    choice : Choice
        The token and how it was chosen.
    text : str
        What this step adds to the shown reply; empty while a character or a possible stop string
        is still incomplete.
    finish_reason : str or None
        Why the reply ended, on its last step.
    drafted : bool
        Whether it came for the row of a draft (`playground.generation.prompt_lookup`) and not for a
        pass of its own.
    """

    choice: Choice
    text: str
    finish_reason: FinishReason | None = None
    drafted: bool = False

    @property
    def token_id(self) -> int:
        """The token."""
        return self.choice.token_id

    @property
    def logprob(self) -> float:
        """Its log-probability in the model's own distribution, in nats."""
        return self.choice.logprob

    @property
    def entropy_nats(self) -> float:
        """Entropy of that distribution."""
        return self.choice.entropy_nats


class Row:
    """A reply in the making.

    Parameters
    ----------
    engine : Engine
        The model; the row asks for its tokenizer and its window.
    prompt_ids : sequence of int
        The prompt.
    settings : SamplingSettings
        How to choose and when to stop.
    rng : numpy.random.Generator
        The dice.
    cache : KVCache
        Of this row alone.
    prefix : sequence of int
        Tokens that the reply begins with; part of it, and read already.
    """

    def __init__(
        self,
        engine: Engine,
        prompt_ids: Sequence[int],
        settings: SamplingSettings,
        rng: np.random.Generator,
        cache: KVCache,
        prefix: Sequence[int] = (),
    ) -> None:
        self.cache = cache
        self._engine, self._prompt_ids = engine, prompt_ids
        self.reply_ids = list(prefix)
        self._settings = settings
        self._chooser = Chooser(settings, prompt_ids, rng)
        self._end_token_ids = engine.tokenizer.end_token_ids
        self._room = window_of(settings, engine.context_length) - len(prompt_ids)
        self._drafts = Drafts(prompt_ids)
        self._stream = engine.tokenizer.stream()
        self._gate = StopStrings(settings.stop)
        for token_id in prefix:
            self._gate.push(self._stream.push(token_id))

    def advance(self, logits: FloatArray, drafted: bool = False) -> Step:
        """Choose the next token from the model's scores, of shape (V,)."""
        choice = self._chooser.choose(logits, self.reply_ids)
        self.reply_ids.append(choice.token_id)
        ends = choice.token_id in self._end_token_ids
        text = self._gate.push("" if ends else self._stream.push(choice.token_id))
        finish = self._finish_reason(ends)
        if finish and finish != "stop_string":
            text += self._gate.push(self._stream.flush()) + self._gate.flush()
        return Step(choice, text, finish, drafted)

    def draft(self, most: int, cost: Callable[[int], float]) -> tuple[int, ...]:
        """Return a guess at its next tokens, of at most so many; see `Drafts.next`."""
        # The last token that it may write is chosen and never run.
        left = min(self._room, self._settings.max_new_tokens) - len(self.reply_ids) - 1
        return self._drafts.next(self.reply_ids, min(most, left), cost)

    def learn(self, drafted: int, held: int) -> None:
        """Take in how much of a draft it has written, too, and forget the rest."""
        self._drafts.learn(drafted, held)
        self.cache.cut(self.cache.length - drafted + held)

    def explain(self, error: BaseException) -> BaseException:
        """Return why it went wrong; scores that are no numbers are followed to their layer."""
        if isinstance(error, NotFinite):
            return with_place(error, self._engine, [*self._prompt_ids, *self.reply_ids])
        return error

    def _finish_reason(self, ends: bool) -> FinishReason | None:
        if self._gate.matched is not None:
            return "stop_string"
        if ends:
            return "end_of_turn"
        if self._settings.stop_on_loop and find_loop(self.reply_ids):
            return "loop"
        if len(self.reply_ids) >= self._settings.max_new_tokens:
            return "max_new_tokens"
        if len(self.reply_ids) >= self._room:
            return "context_full"
        return None
