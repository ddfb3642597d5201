"""What a model is asked for: to read a prompt, and the next scores of all rows, or of a draft."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.errors import ContextOverflow
from playground.generation.fitting.window import window_of
from playground.generation.row import Row
from playground.generation.settings import SamplingSettings, require_in_vocabulary
from playground.models.engines.engine import Engine, KVCache

# Prefill runs in pieces, so that Stop is heard within one of them and a long prompt does not freeze
# those who share the model. Always the same: its size may change the last bits of a row.
PREFILL_CHUNK = 64

# FP32 multiplies longer pieces with less work a token: a third less at 256 than at 64. A model gets
# as many tokens as keep a piece about as short as one of the smallest models.
MOST_PIECE = 256
PIECE_WORK = MOST_PIECE * 150_000_000  # tokens times weights


@dataclass(frozen=True)
class Piece:
    """What there is when a piece of a prompt has been read.

    Parameters
    ----------
    logits : array of shape (V,)
        Scores of the next token.
    tokens : int
        Tokens read so far.
    held_bytes, size_bytes : int
        The cache's arrays: of the tokens held, and with the room that was set aside.
    """

    logits: NDArray[np.float32]
    tokens: int
    held_bytes: int
    size_bytes: int


def require_fit(engine: Engine, prompt_ids: Sequence[int], settings: SamplingSettings) -> None:
    """Refuse what a model cannot run.

    Raises
    ------
    ContextOverflow
        When the prompt is empty or leaves no room for a reply.
    OptionError
        When the settings name a token, or ask for a window, that the model does not have.
    """
    require_in_vocabulary(settings, engine.tokenizer.vocab_size)
    window = window_of(settings, engine.context_length)
    if not 0 < len(prompt_ids) < window:
        raise ContextOverflow(
            f"The prompt must have 1 to {window - 1:,} tokens to leave room for a reply, got "
            f"{len(prompt_ids):,}."
        )


def longer_piece(engine: Engine) -> int:
    """Return how many tokens of a conversation at FP32 are read at once, always the same.

    Nothing is lost by them there, as the next turn takes what was read token by token and not in
    whole pieces (`playground.generation.kept_caches`).
    """
    fitting = PIECE_WORK // max(engine.model.parameters, 1)
    return max(PREFILL_CHUNK, min(MOST_PIECE, fitting // PREFILL_CHUNK * PREFILL_CHUNK))


def prefill(
    engine: Engine, prompt_ids: Sequence[int], cache: KVCache, piece: int = PREFILL_CHUNK
) -> Iterator[NDArray[np.float32]]:
    """Read what a cache does not hold of a prompt, piece by piece; yield the scores after each."""
    for start in range(cache.length, len(prompt_ids), piece):
        ids = np.asarray([prompt_ids[start : start + piece]], np.int64)
        yield engine.forward(ids, [cache])[0]


def decode(engine: Engine, rows: Sequence[Row]) -> NDArray[np.float32]:
    """Run the newest token of each row; return the scores of the next, of shape (rows, V)."""
    newest = np.array([[row.reply_ids[-1]] for row in rows], np.int64)
    return engine.forward(newest, [row.cache for row in rows])


def verify(engine: Engine, row: Row, draft: Sequence[int]) -> NDArray[np.float32]:
    """Run the newest token of a row and a draft of what comes next; return the scores after each.

    They have shape (1 + draft, V) and the bits that each token's would have one by one.
    """
    return engine.verify(np.array([row.reply_ids[-1], *draft], np.int64), row.cache)
