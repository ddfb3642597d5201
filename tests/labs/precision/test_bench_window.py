"""Texts against a small window: refused before anything is loaded, or cut alike by every engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from playground.data import shipped_text
from playground.errors import OptionError
from playground.generation.measuring import Order, measure
from playground.generation.scoring import MAX_TOKENS, encode_text, require_scorable
from playground.labs.embeddings.journey import follow
from playground.labs.precision.bench import BenchSettings, run_bench
from playground.labs.precision.bench_row import SHIPPED_TEXT
from playground.models.acquire.local import register_path
from playground.models.acquire.store import InstalledModel
from playground.models.engines.core_model import load_core_engine
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Tokenizer
from playground.settings import Settings
from tests.support.runs import run_until
from tests.support.tiny_llama import save_tiny_llama

WINDOW = 32


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> InstalledModel:
    folder = save_tiny_llama(tmp_path_factory.mktemp("narrow"), max_position_embeddings=WINDOW)
    return register_path(folder, Settings.from_env())


@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16", "int8", "nf4"])
@pytest.mark.parametrize("engine", ["core", "transformers"])
@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"prompt": "a b", "own_text": "1" * 33},
            "The own text for perplexity must have at most 32 tokens, the window of this model, "
            "got 33; shorten it",
        ),
        ({"prompt": "1" * 32}, "The text to continue must have at most 31 tokens, .* got 32"),
    ],
)
def test_what_is_longer_than_the_window_is_refused_before_anything_else(
    model: InstalledModel, precision: str, engine: str, asked: dict[str, object], sentence: str
) -> None:
    choice = ModelChoice(str(model.path), Precision.FP32)
    given: dict[str, Any] = {"precisions": precision, "engines": engine, **asked}
    settings = BenchSettings(**given)
    with pytest.raises(OptionError, match=sentence):
        next(run_bench(choice, settings, run_until()))


def test_a_text_that_just_fits_is_taken(model: InstalledModel) -> None:
    choice = ModelChoice(str(model.path), Precision.FP32)
    settings = BenchSettings(prompt="1" * 31, own_text="1" * 32)
    assert next(run_bench(choice, settings, run_until())).stage == "starting"


@pytest.mark.parametrize("engine", ["core", "transformers"])
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_every_engine_scores_as_much_of_the_shipped_text_as_the_window_holds(
    model: InstalledModel, tmp_path: Path, engine: str, precision: str
) -> None:
    texts = {SHIPPED_TEXT: shipped_text()}
    order = Order(str(model.path), precision, engine, "a b", 2, 1, MAX_TOKENS, texts, str(tmp_path))
    assert measure(model, order).quality[SHIPPED_TEXT].tokens == WINDOW - 1


def test_fewer_tokens_are_scored_where_that_is_asked_for(
    model: InstalledModel, tmp_path: Path
) -> None:
    texts = {SHIPPED_TEXT: shipped_text()}
    order = Order(str(model.path), "fp32", "core", "a b", 2, 1, 16, texts, str(tmp_path))
    assert measure(model, order).quality[SHIPPED_TEXT].tokens == 16 - 1
    settings = BenchSettings(prompt="1", own_text="1" * 5_000, score_tokens=16)
    choice = ModelChoice(str(model.path), Precision.FP32)
    assert next(run_bench(choice, settings, run_until())).stage == "starting"


def test_a_long_text_is_cut_to_what_is_scored_where_the_window_holds_that(
    model: InstalledModel,
) -> None:
    tokenizer = Tokenizer.load(model.path, [0])
    require_scorable(tokenizer, "1" * 5_000, MAX_TOKENS, "own text")
    assert len(encode_text(tokenizer, "1" * 5_000, 2 * MAX_TOKENS)) == MAX_TOKENS


def test_a_line_to_follow_a_word_through_fits_the_window(model: InstalledModel) -> None:
    engine = load_core_engine(model, Precision.FP32)
    with pytest.raises(OptionError, match=r"Line 2 has .* tokens; up to 32 can be read here"):
        follow(engine, "fox", "a fox\n" + "1" * 33 + " fox")
