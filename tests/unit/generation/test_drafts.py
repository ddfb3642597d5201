"""A reply of which parts are drafted is the same as one written token by token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.kv_cache import FIRST_CAPACITY
from playground.generation.language_model import LanguageModel
from playground.generation.reply import Reply
from playground.generation.scheduler import Scheduler
from playground.models.acquire.local import register_path
from playground.models.engines.choice import load_engine
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from playground.settings import Settings
from tests.support.scripted_engine import ScriptedEngine

_ENGINES: list[Engine] = []


@pytest.fixture(scope="module", autouse=True)
def engine(tiny_model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Load the tiny model once; hypothesis takes no fixtures of wider scope."""
    home = Settings.from_env({"PLAYGROUND_HOME": str(tmp_path_factory.mktemp("home"))})
    model = register_path(tiny_model_folder, home)
    _ENGINES[:] = [load_engine(model, Precision.INT8, EngineName.CORE)]
    return _ENGINES[0]


def write(lab: bool, prompt: list[int], **settings: Any) -> Reply:
    """Write a reply; a lab's is not drafted."""
    return LanguageModel(_ENGINES[0], lab=lab).generate(prompt, seed=3, **settings)


def drafted(reply: Reply) -> int:
    return sum(step.drafted for step in reply.steps)


@settings(max_examples=40)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=4),
    st.integers(1, 12),
    st.sampled_from([0, 0.3, 1]),
    st.integers(1, 40),
    st.sampled_from([[], ["a"], ["the", "e"]]),
    st.booleans(),
)
def test_the_same_reply_comes_token_by_token(
    repeated: list[int], times: int, temperature: float, tokens: int, stop: list[str], loops: bool
) -> None:
    asked = {
        "temperature": temperature,
        "max_new_tokens": tokens,
        "stop": stop,
        "stop_on_loop": loops,
        # What was said likely comes again, so that drafts hold.
        "logit_bias": {str(token_id): 30 for token_id in repeated} if times > 4 else {},
        "frequency_penalty": 0.5 if times > 8 else 0,
    }
    reply, expected = (write(lab, repeated * times, **asked) for lab in (False, True))
    assert [step.choice for step in reply.steps] == [step.choice for step in expected.steps]
    assert [step.text for step in reply.steps] == [step.text for step in expected.steps]
    assert reply.finish_reason == expected.finish_reason
    assert not drafted(expected)


def test_a_loop_is_drafted_to_the_limit() -> None:
    asked = {"temperature": 0, "max_new_tokens": 60, "stop_on_loop": False}
    reply = write(False, [5, 6, 7], logit_bias={"9": 100}, **asked)
    assert reply.token_ids == (9,) * 60
    assert drafted(reply) > 30
    assert reply.finish_reason == "max_new_tokens"


def test_a_draft_that_cannot_be_run_fails_its_reply_alone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("no room")

    batch = Scheduler(engine)
    monkeypatch.setattr(type(engine), "verify", fail)
    asked = {"temperature": 0, "stop_on_loop": False, "max_new_tokens": 9}
    with pytest.raises(MemoryError, match="no room"):
        LanguageModel(engine, batch).generate([5, 6, 7] * 9, logit_bias={"9": 100}, **asked)
    assert LanguageModel(engine, batch, lab=True).generate([5, 6, 7] * 9, **asked).steps


def test_an_engine_without_passes_of_several_tokens_is_never_asked(
    tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedEngine, "verify", lambda *_: pytest.fail("it was asked"))
    scripted = ScriptedEngine(tiny_model_folder, [5, 6] * 20)
    reply = LanguageModel(scripted).generate([5, 6] * 9, temperature=0, stop_on_loop=False)
    assert reply.token_ids == (5, 6) * 20 + (0,)


def test_rows_behind_one_another_share_one_memory(engine: Engine) -> None:
    """What one writes the next reads; the cache itself counts them when it is told to."""
    cache: Any = engine.new_cache()
    behind = cache.staggered(FIRST_CAPACITY + 1)
    assert [each.length for each in behind] == list(range(FIRST_CAPACITY + 1))
    keys = np.ones((1, *cache.keys.shape[1::2]), np.float32)
    behind[1].write(0, keys, 2 * keys)
    assert (cache.keys[0, :, 1] == 1).all()
    assert (cache.values[0, :, 1] == 2).all()
    assert cache.length == 0
