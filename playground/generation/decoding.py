"""The decode loop: logits in, one token a step out.

One prefill, then one forward pass a token. Each step is yielded as soon as its token is chosen;
closing the generator ends the computation, so a caller that stops reading stops the model.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import FloatArray, log_softmax, softmax
from playground.core.metrics import entropy
from playground.core.sampling import (
    apply_min_p,
    apply_repetition_penalty,
    apply_temperature,
    apply_top_k,
    apply_top_p,
    draw,
)
from playground.errors import ContextOverflow
from playground.generation.settings import SamplingSettings
from playground.generation.stop_strings import StopStrings
from playground.models.engine import Engine, KVCache

FinishReason = Literal["end_of_turn", "max_new_tokens", "stop_string", "context_full", "cancelled"]

# Prefill runs in pieces, so that Stop is heard within one of them.
PREFILL_CHUNK = 256


@dataclass(frozen=True)
class Step:
    """One chosen token.

    Parameters
    ----------
    token_id : int
        The token.
    text : str
        What this step adds to the shown reply; empty while a character or a possible stop string
        is still incomplete.
    logprob : float
        Log-probability of the token in the model's own distribution (T = 1, nothing cut), in nats.
    entropy_nats : float
        Entropy of that distribution.
    finish_reason : str or None
        Why the reply ended, on its last step.
    """

    token_id: int
    text: str
    logprob: float
    entropy_nats: float
    finish_reason: FinishReason | None = None


def next_token_logits(
    logits: FloatArray, token_ids: Sequence[int], settings: SamplingSettings
) -> FloatArray:
    """Run the steps that come before the draw, in transformers' order.

    Parameters
    ----------
    logits : array of shape (V,)
        The model's scores.
    token_ids : sequence of int
        Prompt and reply so far, for the repetition penalty.
    settings : SamplingSettings
        Steps that are off are left out. At temperature 0 only the penalty applies.

    Returns
    -------
    array of shape (V,)
        Scores whose softmax is drawn from.
    """
    if settings.repetition_penalty != 1:
        penalty = settings.repetition_penalty
        logits = apply_repetition_penalty(logits, token_ids, penalty).logits
    if settings.greedy:
        return logits
    if settings.temperature != 1:
        logits = apply_temperature(logits, settings.temperature).logits
    if settings.top_k:
        logits = apply_top_k(logits, settings.top_k).logits
    if settings.top_p < 1:
        logits = apply_top_p(logits, settings.top_p).logits
    if settings.min_p:
        logits = apply_min_p(logits, settings.min_p).logits
    return logits


def choose_token(logits: FloatArray, settings: SamplingSettings, rng: np.random.Generator) -> int:
    """Take the likeliest token at temperature 0, else draw one.

    Parameters
    ----------
    logits : array of shape (V,)
        Scores after all steps.
    settings : SamplingSettings
        Says whether to draw.
    rng : numpy.random.Generator
        Gives one uniform number a draw; untouched at temperature 0.
    """
    if settings.greedy:
        return int(np.argmax(logits))
    return draw(softmax(logits), rng.random())


def generate_steps(
    engine: Engine,
    prompt_ids: Sequence[int],
    settings: SamplingSettings,
    rng: np.random.Generator,
    cancelled: Callable[[], bool] = lambda: False,
) -> Generator[Step, None, None]:
    """Generate a reply token by token.

    Parameters
    ----------
    engine : Engine
        The model.
    prompt_ids : sequence of int
        The prompt; at least one token, and room for one more in the window.
    settings : SamplingSettings
        How to choose and when to stop.
    rng : numpy.random.Generator
        The dice.
    cancelled : callable
        Asked before each forward pass; True ends the reply there.

    Yields
    ------
    Step
        The last one carries `finish_reason`, unless the reply was cancelled.

    Raises
    ------
    ContextOverflow
        When the prompt leaves no room for a reply.
    """
    if not 0 < len(prompt_ids) < engine.context_length:
        raise ContextOverflow(
            f"The prompt must have 1 to {engine.context_length - 1:,} tokens to leave room for a "
            f"reply, got {len(prompt_ids):,}."
        )
    cache = engine.new_cache()
    token_ids = list(prompt_ids)
    stream = engine.tokenizer.stream()
    gate = StopStrings(settings.stop)
    logits = _prefill(engine, token_ids, cache, cancelled)
    for count in range(1, settings.max_new_tokens + 1):
        if logits is None:
            return
        logprobs = log_softmax(logits)
        token_id = choose_token(next_token_logits(logits, token_ids, settings), settings, rng)
        token_ids.append(token_id)
        ends = token_id in engine.tokenizer.end_token_ids
        text = gate.push("" if ends else stream.push(token_id))
        finish = _finish_reason(ends, gate, count, settings, engine, len(token_ids))
        if finish and finish != "stop_string":
            text += gate.flush()
        yield Step(token_id, text, float(logprobs[token_id]), float(entropy(logprobs)), finish)
        if finish:
            return
        logits = _forward(engine, [token_id], cache, cancelled)


def _finish_reason(
    ends: bool,
    gate: StopStrings,
    count: int,
    settings: SamplingSettings,
    engine: Engine,
    length: int,
) -> FinishReason | None:
    if gate.matched is not None:
        return "stop_string"
    if ends:
        return "end_of_turn"
    if count == settings.max_new_tokens:
        return "max_new_tokens"
    if length == engine.context_length:
        return "context_full"
    return None


def _prefill(
    engine: Engine, token_ids: Sequence[int], cache: KVCache, cancelled: Callable[[], bool]
) -> NDArray[np.float32] | None:
    logits = None
    for start in range(0, len(token_ids), PREFILL_CHUNK):
        logits = _forward(engine, token_ids[start : start + PREFILL_CHUNK], cache, cancelled)
        if logits is None:
            return None
    return logits


def _forward(
    engine: Engine, token_ids: Sequence[int], cache: KVCache, cancelled: Callable[[], bool]
) -> NDArray[np.float32] | None:
    """Return the next token's logits of shape (V,), or None when cancelled."""
    if cancelled():
        return None
    logits: NDArray[np.float32] = engine.forward(np.asarray([token_ids], dtype=np.int64), [cache])[
        0
    ]
    return logits
