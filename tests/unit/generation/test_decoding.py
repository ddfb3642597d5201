"""How many tokens of a prompt are read at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from playground.generation.decoding import MOST_TOGETHER, most_together, next_ids
from playground.generation.language_model import LanguageModel
from playground.models.engines.activations import BATCH_ROWS
from playground.models.engines.engine import PREFILL_CHUNK
from playground.models.engines.precision import Precision
from tests.support.scripted_engine import ScriptedEngine


@pytest.mark.parametrize(
    ("parameters", "tokens"),
    [(134_515_008, MOST_TOGETHER), (200_000_000, 192), (1_711_376_384, PREFILL_CHUNK)],
)
def test_a_small_model_reads_more_pieces_together(
    tiny_model_folder: Path, parameters: int, tokens: int
) -> None:
    engine = ScriptedEngine(tiny_model_folder, [5])
    engine.model = replace(engine.model, parameters=parameters)
    assert most_together(engine) == tokens


@pytest.mark.parametrize(
    ("precision", "lab", "alike", "tokens"),
    [
        (Precision.FP32, False, False, MOST_TOGETHER),
        (Precision.FP32, True, False, PREFILL_CHUNK),  # whose prompts share whole pieces
        (Precision.INT8, False, False, PREFILL_CHUNK),
        (Precision.FP32, True, True, MOST_TOGETHER),
        (Precision.INT8, False, True, MOST_TOGETHER),
    ],
)
def test_pieces_are_read_together_where_no_bit_that_is_shared_hangs_on_it(
    tiny_model_folder: Path, precision: Precision, lab: bool, alike: bool, tokens: int
) -> None:
    engine, read = counting(tiny_model_folder)
    engine.precision, engine.reads_alike = precision, alike
    LanguageModel(engine, lab=lab).generate([1] * 300, temperature=0)
    pieces = [size for size in read if size > 1]
    assert pieces == [*[tokens] * (300 // tokens), 300 % tokens]


@pytest.mark.parametrize(
    ("count", "passes"),
    [
        (5, [5]),
        (PREFILL_CHUNK, [PREFILL_CHUNK]),
        (PREFILL_CHUNK + 5, [PREFILL_CHUNK, 5]),
        (2 * PREFILL_CHUNK + BATCH_ROWS, [2 * PREFILL_CHUNK, BATCH_ROWS]),
        (2 * PREFILL_CHUNK + BATCH_ROWS + 1, [2 * PREFILL_CHUNK + BATCH_ROWS + 1]),
        (MOST_TOGETHER + 1, [MOST_TOGETHER, 1]),
    ],
)
def test_what_is_left_over_goes_with_the_pieces_unless_it_is_as_few_rows_as_a_batch(
    count: int, passes: list[int]
) -> None:
    ids, read = np.arange(count), np.arange(0)
    for tokens in passes:
        piece = next_ids(ids.tolist(), len(read), MOST_TOGETHER)
        assert len(piece) == tokens
        read = np.concatenate([read, piece])
    np.testing.assert_array_equal(read, ids)


def counting(folder: Path) -> tuple[ScriptedEngine, list[int]]:
    """Return an engine of a small model, and a list of how many tokens each pass had."""

    class Counting(ScriptedEngine):
        def forward(self, token_ids: NDArray[np.int64], caches: Any) -> NDArray[np.float32]:
            read.append(token_ids.shape[1])
            return super().forward(token_ids, caches)

    read: list[int] = []
    engine = Counting(folder, [5])
    engine.model = replace(engine.model, parameters=134_515_008)
    return engine, read
