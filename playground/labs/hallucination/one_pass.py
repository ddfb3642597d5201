"""An answer read again, prompt and all, in one pass: what its numbers are taken from.

In a batch at FP32 the last bits of a score depend on how many rows are computed together. Read
alone they do not, so that the same answer has the same numbers each time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from playground.generation.choosing import Chooser
from playground.generation.language_model import LanguageModel
from playground.generation.recording import TokenRecord, record_step
from playground.generation.row import Step
from playground.generation.settings import SamplingSettings


def read_again(
    model: LanguageModel, prompt_ids: Sequence[int], tokens: Sequence[TokenRecord]
) -> tuple[TokenRecord, ...]:
    """Return the records of a greedy answer from one pass over prompt and answer.

    Parameters
    ----------
    model : LanguageModel
        Who wrote it.
    prompt_ids : sequence of int
        What it was given.
    tokens : sequence of TokenRecord
        What it wrote at temperature 0.

    Raises
    ------
    NotFinite
        When a score is NaN or infinite.
    """
    written = [each.token_id for each in tokens]
    logits = model.engine.logits_at_each(np.array([*prompt_ids, *written[:-1]], np.int64))
    chooser = Chooser(SamplingSettings(temperature=0), prompt_ids, np.random.default_rng(0))
    found = []
    for place, record in enumerate(tokens):
        choice = chooser.choose(logits[len(prompt_ids) - 1 + place], written[:place])
        again = record_step(Step(choice, record.shown, record.finish_reason), model.tokenizer)
        # Two tokens within a rounding of each other may change places: then the first word stands.
        found.append(again if again.token_id == record.token_id else record)
    return tuple(found)


def last_state(
    model: LanguageModel, prompt_ids: Sequence[int], tokens: Sequence[TokenRecord]
) -> NDArray[np.float32]:
    """Return the vectors of an answer's last token after every block, shape (L + 1, C)."""
    ids = np.array([*prompt_ids, *(each.token_id for each in tokens)], np.int64)
    states: NDArray[np.float32] = model.engine.hidden_states(ids)[:, -1]
    return states
