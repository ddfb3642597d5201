"""The context lab with the real model: its prompts, its bytes, and what it finds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playground.generation.fitting.messages import fit_messages
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.language_model import LanguageModel
from playground.labs.context.canary import CanarySettings, run_canary
from playground.labs.context.cost import CostSettings, weigh
from playground.labs.context.needle import NeedleSettings, run_needles
from playground.labs.context.window import EXAMPLE
from playground.models.acquire.store import InstalledModel
from playground.models.engines.core_model import CoreEngine, load_core_engine
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Message
from tests.support.runs import run_until


@pytest.fixture(scope="module")
def engine(default_model: InstalledModel) -> CoreEngine:
    return load_core_engine(default_model, Precision.INT8)


@pytest.mark.parametrize("policy", [p for p in OverflowPolicy if p is not OverflowPolicy.STOP])
@pytest.mark.parametrize("window", [160, 256, 8192])
def test_what_is_left_is_what_transformers_template_makes_of_it(
    engine: CoreEngine, policy: OverflowPolicy, window: int
) -> None:
    from transformers import AutoTokenizer

    messages = [Message("system", "Be kind."), *EXAMPLE, Message("user", "And then? " * 12)]
    prompt = fit_messages(messages, engine, 40, policy, window)
    cut = prompt.fit.cut
    left = [
        replace(message, content=cut.apply(message.content))
        if cut and cut.message == place
        else message
        for place, message in enumerate(messages)
        if place not in prompt.fit.dropped
    ]
    theirs = AutoTokenizer.from_pretrained(engine.model.path).apply_chat_template(
        [{"role": message.role, "content": message.content} for message in left],
        add_generation_prompt=True,
        return_dict=True,
    )
    assert list(prompt.token_ids) == list(theirs["input_ids"])
    assert len(prompt.token_ids) + 40 <= window


def test_a_token_of_the_cache_weighs_what_its_arrays_do(engine: CoreEngine) -> None:
    found = weigh(LanguageModel(engine), CostSettings())
    # 30 layers of 3 key heads with 64 numbers, keys and values, in four bytes each.
    assert found.size.token_bytes == 2 * 30 * 3 * 64 * 4
    widths = found.widths
    assert widths is not None
    assert widths.head_widths == (9 * 64,) * 30
    assert widths.linear_weights == 106_168_320


def test_the_canary_is_found_while_it_is_in_the_window_and_never_after(engine: CoreEngine) -> None:
    settings = CanarySettings(words=("walnut",), window=256)
    *_, last = run_canary(LanguageModel(engine), settings, run_until())
    assert last.found(True) == (2, 2)
    assert last.found(False) == (0, 2)


def test_a_needle_alone_is_found_at_the_far_end(engine: CoreEngine) -> None:
    settings = NeedleSettings(lengths=(256,), depths=(0,), others=0)
    *_, last = run_needles(LanguageModel(engine), settings, run_until())
    assert [trial.found for trial in last.trials] == [True]
