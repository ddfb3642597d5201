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
from playground.models.engines.activations import BATCH_ROWS
from playground.models.engines.engine import PREFILL_CHUNK, Engine, KVCache

# Pieces that are read together take less work a token: half as much, where four are. But Stop is
# heard after them, and those who share the model wait: a model gets as many tokens as take about as
# long as with one of the smallest.
MOST_TOGETHER = 256
TOGETHER_WORK = MOST_TOGETHER * 150_000_000  # tokens times weights


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


def most_together(engine: Engine) -> int:
    """Return how many tokens of a prompt are read in one pass at most: whole pieces."""
    fitting = TOGETHER_WORK // max(engine.model.parameters, 1)
    return max(PREFILL_CHUNK, min(MOST_TOGETHER, fitting // PREFILL_CHUNK * PREFILL_CHUNK))


def prefill(
    engine: Engine, prompt_ids: Sequence[int], cache: KVCache
) -> Iterator[NDArray[np.float32]]:
    """Read what a cache does not hold of a prompt, piece by piece; yield the scores after each."""
    for start in range(cache.length, len(prompt_ids), PREFILL_CHUNK):
        ids = np.asarray([prompt_ids[start : start + PREFILL_CHUNK]], np.int64)
        yield engine.forward(ids, [cache])[0]


def next_ids(prompt_ids: Sequence[int], start: int, most: int) -> NDArray[np.int64]:
    """Return the tokens of a prompt that are read next, of shape (T,).

    Parameters
    ----------
    prompt_ids : sequence of int
        The prompt.
    start : int
        How many tokens of it have been read.
    most : int
        Tokens at once, whole pieces. What is left over at the end goes with them, unless it is so
        little that it is computed otherwise, as a batch of few rows is.
    """
    stop = min(start + most, len(prompt_ids))
    left_over = (stop - start) % PREFILL_CHUNK
    if left_over <= BATCH_ROWS and stop - start > PREFILL_CHUNK:
        stop -= left_over
    return np.asarray(prompt_ids[start:stop], np.int64)


def read(
    engine: Engine, pieces: Sequence[NDArray[np.int64]], caches: Sequence[KVCache]
) -> list[NDArray[np.float32] | Exception]:
    """Run a piece of each of several prompts; return the scores after each, or what it raised."""
    if len(pieces) == 1:
        return [engine.forward(pieces[0][None], caches)[0]]
    return engine.forward_each(pieces, caches)


def decode(engine: Engine, rows: Sequence[Row]) -> NDArray[np.float32]:
    """Run the newest token of each row; return the scores of the next, of shape (rows, V)."""
    newest = np.array([[row.reply_ids[-1]] for row in rows], np.int64)
    return engine.forward(newest, [row.cache for row in rows])


def verify(engine: Engine, row: Row, draft: Sequence[int]) -> NDArray[np.float32]:
    """Run the newest token of a row and a draft of what comes next; return the scores after each.

    They have shape (1 + draft, V) and the bits that each token's would have one by one.
    """
    return engine.verify(np.array([row.reply_ids[-1], *draft], np.int64), row.cache)
