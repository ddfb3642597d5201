"""What a model takes as a prompt, and what it says of the next token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playground.errors import Cancelled, ContextOverflow, NotFinite, OptionError
from playground.generation.language_model import LanguageModel
from playground.generation.settings import SamplingSettings
from tests.support.scripted_engine import ScriptedEngine


@pytest.fixture
def engine(tiny_model_folder: Path) -> ScriptedEngine:
    return ScriptedEngine(tiny_model_folder, [5, 6])


@pytest.fixture
def model(engine: ScriptedEngine) -> LanguageModel:
    return LanguageModel(engine)


def test_token_ids_of_any_whole_kind_are_a_prompt(model: LanguageModel) -> None:
    for prompt in ([1, 2], (1, 2), np.array([1, 2]), list(np.array([1, 2]))):
        reply = model.generate(prompt, temperature=0)
        assert reply.prompt.token_ids == (1, 2)
        assert reply.token_ids == (5, 6, 0)


BAD: list[tuple[Sequence[Any], type[Exception], str]] = [
    ([], ContextOverflow, "The prompt is empty"),
    ("", ContextOverflow, "The prompt is empty"),
    ([1, -1], OptionError, "whole numbers from 0 to .*, got -1"),
    ([1, 10**9], OptionError, "whole numbers from 0 to .*, got 1000000000"),
    ([1, 2.5], OptionError, "whole numbers from 0 to .*, got 2.5"),
    ([1, True], OptionError, "whole numbers from 0 to .*, got True"),
    ([1, "a"], OptionError, "whole numbers from 0 to .*, got 'a'"),
    ([1] * 512, ContextOverflow, "must have 1 to 511 tokens .* got 512"),
    ([2.5], OptionError, "A message must have .* got 2.5"),
]


@pytest.mark.parametrize(("prompt", "kind", "words"), BAD)
def test_what_is_no_prompt_is_refused(
    model: LanguageModel, engine: ScriptedEngine, prompt: Any, kind: type[Exception], words: str
) -> None:
    for ask in (
        lambda: model.generate(prompt),
        lambda: model.stream_many(prompt, [SamplingSettings()]),
        lambda: model.next_token_logits(prompt),
    ):
        with pytest.raises(kind, match=words):
            ask()
    assert engine.calls == 0


@pytest.mark.parametrize("count", [0, 17])
def test_as_many_columns_as_there_are_rows(model: LanguageModel, count: int) -> None:
    with pytest.raises(OptionError, match=f"`columns` must be 1 to 16 settings, got {count}"):
        model.stream_many([1], [SamplingSettings()] * count)


def test_the_scores_of_the_next_token_are_the_models(
    model: LanguageModel, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert int(model.next_token_logits([1] * 200).argmax()) in (5, 6, 0)
    with pytest.raises(Cancelled):
        model.next_token_logits([1, 2], lambda: True)
    vocab = engine.tokenizer.vocab_size
    monkeypatch.setattr(engine, "forward", lambda *_: np.full((1, vocab), np.nan, np.float32))
    with pytest.raises(NotFinite, match="BF16 or FP32"):
        model.next_token_logits([1, 2])


@pytest.mark.parametrize("wrong", [-1, 10**9, 1.5, True])
def test_what_a_reply_begins_with_must_be_the_models_tokens(
    tiny_model_folder: Path, wrong: Any
) -> None:
    model = LanguageModel(ScriptedEngine(tiny_model_folder, [5]))
    with pytest.raises(OptionError, match="of the beginning of a reply must be whole numbers"):
        model.generate([1], prefix=[wrong])
