"""Where scores that are no numbers began: looked for only when a reply has failed by them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from playground.errors import NotFinite
from playground.models.engines.engine import Engine

# One pass over so many tokens is short for those who share the batch, and what it keeps is small.
MOST_TOKENS = 512


def with_place(error: NotFinite, engine: Engine, token_ids: Sequence[int]) -> NotFinite:
    """Return an error that also says which layer is the first to give what is no number.

    Parameters
    ----------
    error : NotFinite
        As it was raised.
    engine : Engine
        Who computed; it reads the tokens once more, in one pass.
    token_ids : sequence of int
        What had been read when it was raised; the first `MOST_TOKENS` are looked at.

    Returns
    -------
    NotFinite
        The error as it was where no layer can be named: the pass sums in another order, so that
        what overflowed once may not overflow again.
    """
    try:
        place = find_first_fault(engine, token_ids)
    except Exception:  # what it was asked to explain matters more than why it could not
        return error
    return NotFinite(f"{error} {place}") if place else error


def find_first_fault(engine: Engine, token_ids: Sequence[int]) -> str:
    """Return a sentence that names the first place whose output is not finite; empty if none is."""
    ids = np.asarray(token_ids[:MOST_TOKENS], np.int64)
    states = engine.hidden_states(ids)
    faulty = [place for place, state in enumerate(states) if not np.isfinite(state).all()]
    if faulty:
        name = _name(faulty[0], len(states) - 1)
        return f"The first output that is not finite is that of {name}."
    if not np.isfinite(engine.logits_at_each(ids).max(axis=-1)).all():
        return "The output of every layer is finite; that of the head, behind them, is not."
    return ""


def _name(place: int, layers: int) -> str:
    """Name one of the embedding and the layers, of which the last is normalised."""
    if place == 0:
        return "the embedding"
    behind = ", or of the norm behind it" if place == layers else ""
    return f"layer {place} of {layers}{behind}"
