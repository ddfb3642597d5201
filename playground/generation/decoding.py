"""The decode loop: one prefill, then one forward pass a token for all rows together.

Each step is yielded as soon as its tokens are chosen; closing the generator ends the computation,
so a caller that stops reading stops the model.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from playground.errors import ContextOverflow
from playground.generation.fitting.window import window_of
from playground.generation.row import Row, Step
from playground.generation.settings import SamplingSettings, require_in_vocabulary
from playground.models.engines.engine import Engine, KVCache

# Prefill runs in pieces, so that Stop is heard within one of them and a long prompt does not freeze
# those who share the model. Always the same: its size may change the last bits of a row.
PREFILL_CHUNK = 64


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


def prefill(
    engine: Engine, prompt_ids: Sequence[int], cache: KVCache
) -> Iterator[NDArray[np.float32]]:
    """Read a prompt piece by piece; yield the scores after each, of shape (V,)."""
    for start in range(0, len(prompt_ids), PREFILL_CHUNK):
        piece = np.asarray([prompt_ids[start : start + PREFILL_CHUNK]], np.int64)
        yield engine.forward(piece, [cache])[0]


def decode(engine: Engine, rows: Sequence[Row]) -> NDArray[np.float32]:
    """Run the newest token of each row; return the scores of the next, of shape (rows, V)."""
    newest = np.array([[row.reply_ids[-1]] for row in rows], np.int64)
    return engine.forward(newest, [row.cache for row in rows])


def generate_rows(
    engine: Engine,
    prompt_ids: Sequence[int],
    columns: Sequence[tuple[SamplingSettings, np.random.Generator]],
    cancelled: Callable[[], bool] = lambda: False,
    prefix: Sequence[int] = (),
) -> Generator[dict[int, Step], None, None]:
    """Continue one prompt in several ways at once.

    Parameters
    ----------
    engine : Engine
        The model.
    prompt_ids : sequence of int
        The prompt; at least one token, and room for one more in the window.
    columns : sequence of (SamplingSettings, numpy.random.Generator)
        One a row. Rows whose generators have the same seed throw the same numbers.
    cancelled : callable
        Asked before each forward pass; True ends all replies there.
    prefix : sequence of int
        Tokens that every reply begins with; they are read and not yielded.

    Yields
    ------
    dict of int to Step
        One token of each row that still runs, by the number of its column. The last step of a row
        carries `finish_reason`, unless the reply was cancelled.

    Raises
    ------
    ContextOverflow
        When the prompt leaves no room for a reply.
    OptionError
        When the settings do not fit the model.
    """
    whole = [*prompt_ids, *prefix]
    for settings, _ in columns:
        require_fit(engine, whole, settings)
    cache = engine.new_cache()
    pieces = list(_until(cancelled, prefill(engine, whole, cache)))
    if cache.length < len(whole):
        return
    rows = {
        column: Row(engine, prompt_ids, settings, rng, cache.copy() if column else cache, prefix)
        for column, (settings, rng) in enumerate(columns)
    }
    scores: Sequence[NDArray[np.float32]] | NDArray[np.float32] = [pieces[-1]] * len(rows)
    while rows:
        steps = {
            column: row.advance(logits)
            for (column, row), logits in zip(rows.items(), scores, strict=True)
        }
        yield steps
        rows = {column: row for column, row in rows.items() if not steps[column].finish_reason}
        if not rows or cancelled():
            return
        scores = decode(engine, list(rows.values()))


def _until(
    cancelled: Callable[[], bool], pieces: Iterator[NDArray[np.float32]]
) -> Iterator[NDArray[np.float32]]:
    while not cancelled() and (piece := next(pieces, None)) is not None:
        yield piece


def generate_steps(
    engine: Engine,
    prompt_ids: Sequence[int],
    settings: SamplingSettings,
    rng: np.random.Generator,
    cancelled: Callable[[], bool] = lambda: False,
    prefix: Sequence[int] = (),
) -> Generator[Step, None, None]:
    """Generate one reply token by token; see `generate_rows`."""
    for steps in generate_rows(engine, prompt_ids, [(settings, rng)], cancelled, prefix):
        yield steps[0]
