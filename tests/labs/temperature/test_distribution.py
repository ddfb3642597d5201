"""The slider: what is drawn is what a chat would draw, and the page redraws without the model."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.ui.distribution_section import DistributionSection, redrawn
from apps.ui.lab_panel import Parts
from apps.ui.rail import build_rail
from playground.errors import ContextOverflow, OptionError
from playground.experiments.result import Result, Subject
from playground.experiments.run import Stopped
from playground.generation.language_model import LanguageModel
from playground.labs import find_experiment
from playground.labs.temperature.distribution import (
    DistributionSettings,
    Look,
    look,
    read_prompt,
    run_distribution,
)
from playground.labs.temperature.distribution_view import draw
from playground.models.acquire.local import register_path
from playground.models.engines.core_model import load_core_engine
from playground.models.engines.precision import Precision
from playground.serving import shared_pool
from playground.settings import Settings
from tests.support.runs import run_until

EXPERIMENT = find_experiment("temperature/distribution")


@pytest.fixture(scope="module")
def model(tiny_model_folder: Path) -> LanguageModel:
    folder = register_path(tiny_model_folder, Settings.from_env())
    return LanguageModel(load_core_engine(folder, Precision.FP32))


def seen(model: LanguageModel, **given: Any) -> Look:
    (found,) = run_distribution(model, DistributionSettings(**given), run_until())
    return found


@pytest.mark.parametrize("temperature", [0, 0.7, 2])
def test_the_dice_hit_what_a_chat_with_this_seed_writes_first(
    model: LanguageModel, temperature: float
) -> None:
    settings = {"temperature": temperature, "top_k": 40, "top_p": 0.95, "min_p": 0.01}
    for seed in range(5):
        found = seen(model, prompt="the cat", seed=seed, **settings)
        reply = model.generate("the cat", seed=seed, max_new_tokens=1, **settings)
        assert found.drawn is not None
        assert found.drawn.token_id == reply.token_ids[0]
    assert seen(model, prompt="the cat").drawn is None


def test_many_draws_are_counted_and_begin_with_what_a_chat_throws(model: LanguageModel) -> None:
    for seed in range(20):
        once = seen(model, prompt="the cat", seed=seed).drawn
        several = seen(model, prompt="the cat", seed=seed, draws=2)
        assert once is not None
        assert several.tally is not None
        shown = [bar.token_id for bar in several.shown.bars]
        first = several.tally.newest[0]
        assert (shown[first] if first < len(shown) else None) in (once.token_id, None)
        assert several.drawn is None
    found = seen(model, prompt="the cat", seed=3, draws=10_000)
    tally = found.tally
    assert tally is not None
    assert (tally.draws, len(tally.newest)) == (10_000, 100)
    for bar, count in zip(found.shown.bars, tally.counts, strict=True):
        assert count / tally.draws == pytest.approx(bar.probability, abs=0.02)
    cold = seen(model, prompt="the cat", seed=3, draws=100, temperature=0).tally
    assert cold is not None
    assert cold.counts[0] == 100
    assert json.loads(json.dumps(found.to_json()))["draws"]["rest_count"] == tally.rest


def test_the_text_grows_by_the_token_that_was_drawn(model: LanguageModel) -> None:
    # Of this small vocabulary many tokens are bytes that are no character.
    throws = (seen(model, prompt="the cat", seed=seed) for seed in range(50))
    first = next(each for each in throws if "Add it" in draw(each))
    assert first.drawn is not None
    added = first.piece(first.drawn.token_id)
    grown = seen(model, prompt="the cat", added=added, seed=2)
    assert grown.reading.next_token.prompt_ids == tuple(
        model.tokenizer.encode_text_prompt("the cat" + added)
    )
    assert "Begin again" in draw(grown)
    asked = seen(model, prompt="the cat", added=" sat", as_chat=True)
    plain = seen(model, prompt="the cat", as_chat=True)
    ids = plain.reading.next_token.prompt_ids
    assert asked.reading.next_token.prompt_ids[: len(ids)] == ids
    assert "First token of the reply to “the cat”" in draw(plain)
    assert "Asked as a chat message, through the model&#39;s template" in draw(plain)
    assert "Next token after “ sat”" in draw(asked)
    assert "Next token after “the cat”" in draw(first)


def test_rows_keep_their_places_and_their_scale_whatever_the_temperature(
    model: LanguageModel,
) -> None:
    def ticks(temperature: float) -> list[tuple[str, str]]:
        picture = draw(seen(model, prompt="the cat", temperature=temperature, top_p=1))
        named = re.findall(r'class="token" title="([^"]*)"', picture)
        at_one = re.findall(r'class="tick" style="left:([^"]*)"', picture)
        return list(zip(named, at_one, strict=True))

    assert ticks(0.3) == ticks(1) == ticks(2)
    cold = seen(model, prompt="the cat", temperature=0)
    assert 'class="now" style="width:100.00%"' in draw(cold)
    found = seen(model, prompt="the cat", top_p=1)
    highest = f"{100 * found.shown.bars[0].probability:.2f}%"
    assert f'class="now" style="width:{highest}"' in draw(found)


def test_json_names_each_token_and_adds_up(model: LanguageModel) -> None:
    found = seen(model, prompt="the cat", word="the", seed=1)
    document = json.loads(json.dumps(found.to_json()))
    total = sum(each["probability"] for each in document["tokens"])
    assert total + document["rest_probability"] == pytest.approx(1, abs=1e-5)
    assert document["drawn"]["low"] <= document["drawn"]["uniform"] < document["drawn"]["high"]
    assert {"text": " the", "token_ids": list(model.tokenizer.encode(" the"))} in document[
        "variants"
    ]
    assert all(each["after"] > each["before"] for each in document["gains"])


def test_what_is_kept_is_the_scores_of_one_token(model: LanguageModel) -> None:
    reading = read_prompt(model, DistributionSettings(prompt="the cat sat on"), run_until())
    assert reading.next_token.logits.base is None
    assert reading.next_token.logits.shape == (model.tokenizer.vocab_size,)


def test_a_prompt_that_is_empty_or_stopped_is_told(model: LanguageModel) -> None:
    with pytest.raises(ContextOverflow, match="The prompt is empty"):
        seen(model, prompt="")
    with pytest.raises(Stopped):
        next(run_distribution(model, DistributionSettings(), run_until(lambda: True)))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"temperature": 2.1}, "`temperature` must be a number from 0 to 2, got 2.1"),
        ({"top_p": 0}, "`top_p` must be a number above 0 and up to 1, got 0"),
        ({"word": "a" * 41}, "`word` must be a text of at most 40 characters"),
        ({"way": "burn"}, "`way` must be one of ban, bias, got 'burn'"),
        ({"amount": 21}, "`amount` must be a number from -20 to 20, got 21"),
        ({"seed": -1}, "`seed` must be a whole number from 0 to"),
    ],
)
def test_bad_settings_get_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        DistributionSettings(**given)


def test_the_picture_says_what_was_done(model: LanguageModel) -> None:
    found = seen(model, prompt="the cat", temperature=0, seed=3, word="a")
    picture = draw(found)
    for words in ("a seed plays no part", "T 0 throws no dice", "banned", "Step by step"):
        assert words in picture
    assert "{&#34;seed&#34;: &#34;4&#34;, &#34;draws&#34;: &#34;1&#34;}" in picture
    cut = draw(seen(model, prompt="the cat", top_k=3, word="a", way="bias", amount=4))
    assert "cut by top-k" in cut
    assert "biased" in cut
    assert "left alone: other words share its pieces" in draw(
        seen(model, prompt="the cat", word="lighthouse", way="bias")
    )


def test_all_text_of_the_model_is_escaped(model: LanguageModel) -> None:
    class Evil:
        def piece(self, token_id: int) -> str:
            return f"<img src=x>{token_id}"

        def decode(self, token_ids: list[int]) -> str:
            return f"<img src=x>{token_ids}"

        def is_control(self, token_id: int) -> bool:
            return False

    found = seen(model, prompt="the cat", seed=0, word="a")
    object.__setattr__(found.reading, "tokenizer", Evil())
    assert "<img" not in draw(found)
    assert "&lt;img" in draw(found)


@pytest.fixture
def section(tmp_path: Path) -> Iterator[DistributionSection]:
    pool, choice = shared_pool(), run_until().choice
    with gr.Blocks():
        rail = build_rail([(choice.reference, choice.reference)], choice)
        service = ChatService(pool, ConversationStore(tmp_path))
        made = DistributionSection(EXPERIMENT, Parts(service, pool, rail, gr.Textbox()))
        made.wire()
    yield made
    del made, rail, service
    gc.collect()  # while the warning is still expected


def on_page(section: DistributionSection, kept: Result | None, **given: Any) -> dict[Any, Any]:
    settings = DistributionSettings(**given)
    rail = {name: getattr(settings, name) for name in section.form.shared}
    data = {each: each.value for each in section._rail.components}
    data |= {section._rail.fields[name]: value for name, value in rail.items()}
    data |= section.form.values(settings) | {section._kept: kept}
    return section._on_slide(data)


def test_the_page_redraws_what_was_read_and_says_when_it_is_old(
    section: DistributionSection, model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Press Read first" in on_page(section, None)[section.notice]
    settings = DistributionSettings(prompt="the cat")
    first = look(read_prompt(model, settings, run_until()), settings)
    kept = Result(EXPERIMENT, settings, Subject("tiny"), first)
    monkeypatch.setattr(type(model.engine), "forward", None)  # it must not be asked again
    moved = on_page(section, kept, prompt="the cat", temperature=0.5)
    assert moved[section.notice] == ""
    now = redrawn(kept, DistributionSettings(prompt="the cat", temperature=0.5)).framed()
    assert moved[section._view].endswith(str(now))
    assert set(section.form.shared) == {"temperature", "top_k", "top_p", "min_p"}
    assert section._rail.fields["temperature"] in section.followed
    other = on_page(section, kept, prompt="the dog", temperature=0.5)
    assert "press Read." in other[section._view]  # the page's script shows it
    assert "the dog" not in other[section._view]
    assert other[section._view] == moved[section._view]
    assert "the dog" not in other[section._code]
    data = {each: each.value for each in section._rail.components}
    data |= section.form.values(DistributionSettings(prompt="the dog")) | {section._kept: kept}
    files = section._on_kept_export(data)
    (path,) = (files[each]["value"] for each in section._files if "json" in files[each]["value"])
    saved = json.loads(Path(path).read_text(encoding="utf-8"))
    assert (saved["settings"]["prompt"], saved["model"]) == ("the cat", "tiny")


def test_arrays_are_of_single_precision(model: LanguageModel) -> None:
    reading = read_prompt(model, DistributionSettings(), run_until())
    assert reading.next_token.logits.dtype == np.float32
