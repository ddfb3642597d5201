"""The window that was asked for rules everywhere: prompt, reply, queue, and text to continue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from playground.errors import ContextOverflow, OptionError
from playground.generation.fitting.window import ContextUsage, reserve_of, window_of
from playground.generation.language_model import LanguageModel
from playground.generation.scheduler import Scheduler
from playground.generation.settings import SamplingSettings
from playground.models.text.tokenizer import Message
from tests.support.scripted_engine import ScriptedEngine

ENDLESS = [5] * 400


@pytest.fixture
def engine(tiny_model_folder: Path) -> ScriptedEngine:
    return ScriptedEngine(tiny_model_folder, ENDLESS)


def settings(**values: object) -> SamplingSettings:
    return SamplingSettings.from_mapping({"temperature": 0, "stop_on_loop": False, **values})


def test_the_models_own_window_is_the_limit() -> None:
    assert window_of(settings(), 512) == 512
    assert window_of(settings(context_window=512), 512) == 512
    assert window_of(settings(context_window=40), 512) == 40
    with pytest.raises(OptionError, match=r"from 32 to 512, the window .* got 1,000"):
        window_of(settings(context_window=1000), 512)


def test_a_reply_ends_where_the_window_does(engine: ScriptedEngine) -> None:
    short = settings(context_window=48, max_new_tokens=400)
    steps = list(Scheduler(engine).submit([1] * 10, short, np.random.default_rng(0)).steps())
    assert len(steps) == 38
    assert steps[-1].finish_reason == "context_full"


def test_what_passes_the_window_is_refused_everywhere(engine: ScriptedEngine) -> None:
    short, long = settings(context_window=48), settings(context_window=4096)
    for asked, refusal, words in (
        (short, ContextOverflow, r"must have 1 to 47 tokens .* got 48"),
        (long, OptionError, "from 32 to 512"),
    ):
        with pytest.raises(refusal, match=words):
            Scheduler(engine).submit([1] * 48, asked, np.random.default_rng(0))
    model = LanguageModel(engine)
    with pytest.raises(ContextOverflow, match="must have 1 to 47 tokens"):
        model.generate("word " * 100, **short.as_dict())
    with pytest.raises(OptionError, match="got 4,096"):
        model.generate([Message("user", "hi")], **long.as_dict())


def test_a_chat_is_brought_into_the_window_that_was_asked_for(engine: ScriptedEngine) -> None:
    messages = [Message(role, "rain " * 20) for role in ("user", "assistant", "user")]
    reply = LanguageModel(engine).generate(
        messages, **settings(context_window=180, overflow="sliding", max_new_tokens=32).as_dict()
    )
    fit = reply.prompt.fit
    assert fit.usage.window == 180
    assert len(reply.prompt.token_ids) == 148
    assert reply.finish_reason == "max_new_tokens"
    told = fit.as_dict()
    assert told["policy"] == "sliding"
    assert told["dropped"] == []
    assert told["cut"]["message"] == 0
    parts = ("system", "history", "prompt", "reserved", "free")
    assert sum(told[part] for part in parts) == told["window"] == 180


def test_a_text_to_continue_is_all_prompt(engine: ScriptedEngine) -> None:
    reply = LanguageModel(engine).generate("The cat sat", **settings(context_window=40).as_dict())
    usage = reply.prompt.fit.usage
    count = len(reply.prompt.token_ids)
    assert usage == ContextUsage(40, 0, 0, count, 40 - count)
    assert reply.finish_reason == "context_full"


def test_the_reserve_is_at_most_half() -> None:
    assert reserve_of(256, 8192) == 256
    assert reserve_of(256, 65) == 32


def test_what_is_free_and_what_is_too_much() -> None:
    usage = ContextUsage(100, 10, 20, 30, 20)
    assert (usage.used, usage.free, usage.excess, usage.filled) == (60, 20, 0, 0.8)
    over = ContextUsage(100, 10, 60, 30, 20)
    assert (over.free, over.excess, over.filled) == (0, 20, 1.0)
