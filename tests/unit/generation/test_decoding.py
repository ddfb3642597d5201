"""How many tokens of a prompt are read at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from playground.generation.decoding import MOST_PREFILL_CHUNK, PREFILL_CHUNK, piece_of, prefill
from playground.models.engines.precision import Precision
from tests.support.scripted_engine import ScriptedEngine


@pytest.mark.parametrize(
    ("precision", "parameters", "tokens"),
    [
        (Precision.FP32, 134_515_008, MOST_PREFILL_CHUNK),
        (Precision.FP32, 200_000_000, 192),
        (Precision.FP32, 1_711_376_384, PREFILL_CHUNK),
        (Precision.INT8, 134_515_008, PREFILL_CHUNK),
        (Precision.BF16, 134_515_008, PREFILL_CHUNK),
    ],
)
def test_a_small_model_at_fp32_reads_longer_pieces(
    tiny_model_folder: Path, precision: Precision, parameters: int, tokens: int
) -> None:
    engine = ScriptedEngine(tiny_model_folder, [5], precision=precision)
    engine.model = replace(engine.model, parameters=parameters)
    assert piece_of(engine) == tokens
    cache = engine.new_cache()
    held = [cache.length for _ in prefill(engine, [1] * 300, cache)]
    assert held == [*range(tokens, 300, tokens), 300]
