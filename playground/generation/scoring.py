"""How well a model knows a text, and how far it has moved from a reference: measured per token.

The text is read in one pass from its start, so that every engine does what transformers does.
Logarithms are taken in float64: near the reference, KL is smaller than float32's rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import log_softmax
from playground.core.metrics import kl_divergence, perplexity
from playground.errors import OptionError
from playground.models.engines.engine import Engine
from playground.models.text.tokenizer import Tokenizer

# The logits of so many tokens of a 49,152-token vocabulary take 200 MB.
MAX_TOKENS = 1024
_ROWS_AT_ONCE = 32


@dataclass(frozen=True)
class Quality:
    """How a model does on a text.

    Parameters
    ----------
    tokens : int
        Tokens that were predicted: all but the first.
    perplexity : float
        exp of their mean surprisal.
    kl_to_reference_nats : float
        Mean over the tokens of KL(reference || this model).
    top1_agreement : float
        Share of tokens at which both find the same token likeliest, 0 to 1.
    """

    tokens: int
    perplexity: float
    kl_to_reference_nats: float
    top1_agreement: float


def encode_text(
    tokenizer: Tokenizer, text: str, window: int, name: str = "text", most: int = MAX_TOKENS
) -> NDArray[np.int64]:
    """Return the token ids of a text to be scored, cut to `most` and to the model's window.

    The window cuts only the shipped text, which nobody can shorten; see `require_scorable`.

    Raises
    ------
    OptionError
        When there are fewer than two tokens: the first is never predicted.
    """
    return np.array(_whole(tokenizer, text, name)[: min(most, window)], dtype=np.int64)


def require_scorable(
    tokenizer: Tokenizer, text: str, window: int, name: str, most: int = MAX_TOKENS
) -> None:
    """Refuse a text of the person's of which the first `most` tokens cannot be scored.

    Past its window some engines fail, and others give numbers that mean nothing.

    Raises
    ------
    OptionError
        When there are fewer than two tokens, or more of those to be scored than the model's
        window holds.
    """
    count = len(_whole(tokenizer, text, name))
    if min(count, most) > window:
        raise OptionError(
            f"The {name} for perplexity must have at most {window:,} tokens, the window of this "
            f"model, got {count:,}; shorten it, or take a model with a longer window."
        )


def _whole(tokenizer: Tokenizer, text: str, name: str) -> list[int]:
    ids = tokenizer.encode_text_prompt(text) if text.strip() else []
    if len(ids) < 2:
        raise OptionError(
            f"The {name} for perplexity must have at least 2 tokens, because the first is only "
            f"read, got {len(ids)}; write a few sentences."
        )
    return ids


def predict(engine: Engine, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the logits that predict each token but the first: shape (T - 1, V)."""
    return engine.logits_at_each(token_ids)[:-1]


def score(
    logits: NDArray[np.float32], reference: NDArray[np.float32], token_ids: NDArray[np.int64]
) -> Quality:
    """Hold what a model predicted against the text and against a reference.

    Parameters
    ----------
    logits, reference : array of shape (T - 1, V)
        From `predict`, for the same text.
    token_ids : array of shape (T,)
        The text.
    """
    came: list[NDArray[np.floating]] = []
    divergences: list[NDArray[np.floating]] = []
    for rows in _slices(len(logits)):
        own = log_softmax(logits[rows].astype(np.float64))
        others = log_softmax(np.asarray(reference[rows], dtype=np.float64))
        came.append(np.take_along_axis(own, token_ids[1:][rows, None], axis=1)[:, 0])
        divergences.append(kl_divergence(others, own))
    same = logits.argmax(axis=1) == reference.argmax(axis=1)
    return Quality(
        tokens=len(logits),
        perplexity=perplexity(np.concatenate(came)),
        kl_to_reference_nats=float(np.concatenate(divergences).mean()),
        top1_agreement=float(same.mean()),
    )


def _slices(count: int) -> Iterator[slice]:
    """Cut rows into pieces that fit the processor's caches."""
    return (slice(at, at + _ROWS_AT_ONCE) for at in range(0, count, _ROWS_AT_ONCE))
