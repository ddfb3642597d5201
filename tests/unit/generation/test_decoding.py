"""How many tokens of a prompt are read at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from playground.generation.decoding import MOST_PIECE, PREFILL_CHUNK, longer_piece
from playground.generation.language_model import LanguageModel
from playground.models.engines.precision import Precision
from tests.support.scripted_engine import ScriptedEngine


@pytest.mark.parametrize(
    ("parameters", "tokens"),
    [(134_515_008, MOST_PIECE), (200_000_000, 192), (1_711_376_384, PREFILL_CHUNK)],
)
def test_a_small_model_reads_longer_pieces(
    tiny_model_folder: Path, parameters: int, tokens: int
) -> None:
    engine = ScriptedEngine(tiny_model_folder, [5])
    engine.model = replace(engine.model, parameters=parameters)
    assert longer_piece(engine) == tokens


@pytest.mark.parametrize(
    ("precision", "lab", "tokens"),
    [
        (Precision.FP32, False, MOST_PIECE),
        (Precision.FP32, True, PREFILL_CHUNK),  # whose prompts share whole pieces
        (Precision.INT8, False, PREFILL_CHUNK),
    ],
)
def test_a_conversation_at_fp32_is_read_in_longer_pieces(
    tiny_model_folder: Path, precision: Precision, lab: bool, tokens: int
) -> None:
    class Counting(ScriptedEngine):
        def forward(self, token_ids: NDArray[np.int64], caches: Any) -> NDArray[np.float32]:
            read.append(token_ids.shape[1])
            return super().forward(token_ids, caches)

    read: list[int] = []
    engine = Counting(tiny_model_folder, [5], precision=precision)
    engine.model = replace(engine.model, parameters=134_515_008)
    LanguageModel(engine, lab=lab).generate([1] * 300, temperature=0)
    pieces = [size for size in read if size > 1]
    assert pieces == [*[tokens] * (300 // tokens), 300 % tokens]
