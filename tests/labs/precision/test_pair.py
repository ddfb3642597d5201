"""Two models answer the same message in turn, each as it would alone."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from playground.errors import ContextOverflow, OptionError
from playground.generation.divergence import find_parting
from playground.generation.language_model import LanguageModel
from playground.generation.settings import SamplingSettings
from playground.labs.precision.pair import RUNNERS, PairSettings, Runner, differing, write_pair
from playground.labs.precision.pair_view import draw_sides
from playground.models.acquire.local import register_path
from playground.models.engines.core_model import load_core_engine
from playground.models.engines.engine import Engine
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import load_transformers_engine
from playground.models.text.tokenizer import Message
from playground.settings import Settings

SETTINGS = SamplingSettings(seed=7, temperature=1.5, max_new_tokens=20)
MESSAGES = [Message("user", "the cat and <b>")]


@pytest.fixture(scope="module")
def models(tiny_model_folder: Path) -> list[LanguageModel]:
    model = register_path(tiny_model_folder, Settings.from_env())
    engines: list[Engine] = [
        load_core_engine(model, Precision.FP32),
        load_core_engine(model, Precision.INT8),
        load_transformers_engine(model, Precision.NF4),
    ]
    return list(map(LanguageModel, engines))


@pytest.mark.parametrize("second", [1, 2])
def test_each_side_writes_what_it_writes_alone(models: list[LanguageModel], second: int) -> None:
    pair = [models[0], models[second]]
    sides = list(write_pair(pair, MESSAGES, SETTINGS))[-1]
    for side, model in zip(sides, pair, strict=True):
        alone = model.generate(MESSAGES, **SETTINGS.as_dict())
        assert [step.token_id for step in side.reply.steps] == [
            step.token_id for step in alone.steps
        ]
        assert side.reply.finish_reason == alone.finish_reason
        first = side.reply.first_token_seconds
        assert first is not None
        assert side.reply.seconds > first > 0


def test_both_throw_the_same_dice_and_nothing_differs_between_equals(
    models: list[LanguageModel],
) -> None:
    unseeded = SamplingSettings(temperature=1.5, max_new_tokens=20)
    first, second = list(write_pair([models[0]] * 2, MESSAGES, unseeded))[-1]
    assert find_parting(first.reply.steps, second.reply.steps) is None
    assert differing(first.reply.steps, second.reply.steps) == set()
    assert "They never part" in draw_sides([first, second], models[0].tokenizer, done=True)


def test_what_differs_is_marked_and_escaped(models: list[LanguageModel]) -> None:
    sides = list(write_pair([models[0], models[2]], MESSAGES, SETTINGS))[-1]
    parting = find_parting(sides[0].reply.steps, sides[1].reply.steps)
    assert parting is not None, "the tiny model's NF4 weights choose other tokens"
    assert parting.position in differing(sides[0].reply.steps, sides[1].reply.steps)
    html = draw_sides(sides, models[0].tokenizer, done=True)
    assert f"They part at token {parting.position + 1}" in " ".join(html.split())
    assert html.count('<mark class="parting">') == 2
    assert html.count("<ol>") == 2
    assert "FP32 · core" in html
    assert "NF4 · transformers" in html


def test_cancelling_ends_both(models: list[LanguageModel]) -> None:
    seen = [0]
    for sides in write_pair(models[:2], MESSAGES, SETTINGS, lambda: seen[0] >= 2):
        seen[0] = len(sides[0].reply.steps)
    assert seen == [2]
    assert sides[0].reply.finish_reason == "cancelled"


def test_every_precision_can_be_chosen_on_each_engine_that_runs_it() -> None:
    assert list(RUNNERS) == list(get_args(Runner))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"message": " "}, "The message is empty; write something first"),
        ({"first": "int8/core", "second": "int8/core"}, "Both sides are INT8 · core"),
        ({"first": "nf4/core"}, "`first` must be one of fp32/core, .* got 'nf4/core'"),
        ({"temperature": 3}, "`temperature` must be a number from 0 to 2, got 3"),
    ],
)
def test_what_cannot_be_compared_is_refused(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        PairSettings(**given)


def test_a_message_that_does_not_fit_is_refused(models: list[LanguageModel]) -> None:
    system = Message("system", "word " * 5000)
    with pytest.raises(ContextOverflow):
        list(write_pair(models[:2], [system, *MESSAGES], SETTINGS))
