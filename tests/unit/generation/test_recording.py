"""A recording says all there is to say, survives JSON and replays without a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playground.errors import OptionError
from playground.generation.recording import TokenRecord, record_step, replay, to_json
from playground.generation.scheduler import Scheduler
from playground.generation.settings import SamplingSettings
from tests.support.scripted_engine import ScriptedEngine


@pytest.fixture
def records(tiny_model_folder: Path) -> list[TokenRecord]:
    engine = ScriptedEngine(tiny_model_folder, [])
    ids = engine.tokenizer.encode("The capital of France is Paris 🙂.")
    engine.reply = ids
    settings = SamplingSettings(temperature=0.8, top_k=5, stop=(" is",))
    ticket = Scheduler(engine).submit([1, 2], settings, np.random.default_rng(3))
    return [record_step(step, engine.tokenizer) for step in ticket.steps()]


def test_a_recording_survives_json_and_replays_the_reply(records: list[TokenRecord]) -> None:
    again = replay(json.loads(json.dumps(to_json(records))))
    assert list(again) == records
    assert "".join(record.shown for record in again) == "The capital of France"
    assert again[-1].finish_reason == "stop_string"
    assert [stage.name for stage in again[0].stages] == ["temperature", "top_k", "top_p"]
    first = again[0]
    assert first.alternatives[0].text == first.text
    assert first.alternatives[0].logprob == first.logprob == -first.surprisal_nats
    assert first.rank == 1


def tampered(records: list[TokenRecord], **changes: Any) -> list[dict[str, Any]]:
    return [{**values, **changes} for values in to_json(records)]


def test_what_cannot_be_replayed_is_refused(records: list[TokenRecord]) -> None:
    with pytest.raises(OptionError, match=r"token 0 was drawn by 0\.9.* outside its stretch"):
        replay(tampered(records, uniform=0.9, low=0.2, high=0.3))
    with pytest.raises(OptionError, match=r"0\.rank is not as expected"):
        replay(tampered(records, rank="first"))
