"""The strip's plan, its measures and where columns part."""

from __future__ import annotations

import html
import itertools
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playground.errors import ContextOverflow, OptionError
from playground.experiments.run import Stopped
from playground.generation.divergence import find_parting
from playground.generation.language_model import LanguageModel
from playground.generation.scheduler import Scheduler
from playground.generation.settings import SamplingSettings
from playground.labs.temperature.columns import Written, measure, parts_at, shared_tokens
from playground.labs.temperature.strip import (
    MAX_COLUMNS,
    Strip,
    StripSettings,
    plan_columns,
    run_strip,
    with_seed,
    write_strip,
)
from playground.labs.temperature.strip_view import draw
from playground.models.acquire.local import register_path
from playground.models.engines.core_model import load_core_engine
from playground.models.engines.engine import Engine
from playground.models.engines.precision import Precision
from playground.settings import Settings
from tests.support.runs import run_until
from tests.support.scripted_engine import ScriptedEngine

SEVEN = SamplingSettings(seed=7, max_new_tokens=12, top_p=1)


@pytest.fixture(scope="module")
def engine(tiny_model_folder: Path) -> Engine:
    return load_core_engine(register_path(tiny_model_folder, Settings.from_env()), Precision.FP32)


def write(engine: Engine, temperatures: list[float], coupled: bool = True) -> list[Written]:
    columns = plan_columns(temperatures, 1, SEVEN, coupled)
    return list(write_strip(LanguageModel(engine), [5, 6, 7], columns))[-1]


def test_temperatures_are_read_and_bad_ones_refused() -> None:
    assert StripSettings(temperatures=" 0, 0.7,1.5").temperatures == (0, 0.7, 1.5)
    rule = "`temperatures` must be 1 to 16 numbers from 0 to 2, with commas between, got"
    for bad in ("", " , ", "0.5, -0.1", "2.1", "nan", "warm", ",".join(["1"] * 40)):
        with pytest.raises(OptionError, match=rule):
            StripSettings(temperatures=bad)


def test_coupled_columns_share_the_seeds_of_their_samples() -> None:
    columns = plan_columns([0, 0.7, 1.5], 2, SEVEN)
    assert [c.settings.temperature for c in columns] == [0, 0, 0.7, 0.7, 1.5, 1.5]
    assert [c.settings.seed for c in columns] == [None, None, 7, 8, 7, 8]
    assert [c.sample for c in columns] == [1, 2] * 3
    seeds = [c.settings.seed for c in plan_columns([0.5, 1], 2, SEVEN, coupled=False)]
    assert seeds == [7, 8, 9, 10]


def test_too_many_columns_are_refused_with_the_limit() -> None:
    with pytest.raises(OptionError, match=f"at most {MAX_COLUMNS} columns, got 20 .* 40 columns"):
        plan_columns([1.0] * 20, 2, SEVEN)
    with pytest.raises(OptionError, match="at least one temperature"):
        plan_columns([], 1, SEVEN)


def test_coupled_columns_throw_the_same_numbers(engine: Engine) -> None:
    numbers = [
        [step.choice.uniform for step in each.reply.steps] for each in write(engine, [0.5, 1, 2])
    ]
    shortest = min(map(len, numbers))
    assert shortest > 1
    expected = np.random.default_rng(7).random(shortest).tolist()
    assert [each[:shortest] for each in numbers] == [expected] * 3


def test_the_same_temperature_never_parts_and_another_does(engine: Engine) -> None:
    greedy, same, hot = write(engine, [0, 0, 2])
    assert find_parting(greedy.reply.steps, same.reply.steps) is None
    parting = find_parting(greedy.reply.steps, hot.reply.steps)
    assert parting is not None
    assert greedy.reply.token_ids[: parting.position] == hot.reply.token_ids[: parting.position]
    assert parting.first.token_id == greedy.reply.token_ids[parting.position]
    assert (
        parting.second.token_id == hot.reply.token_ids[parting.position] != parting.first.token_id
    )
    # The same past, so the model said the same; and the hot column threw a number.
    assert parting.first.alternatives[0].token_id == parting.second.alternatives[0].token_id
    assert (parting.first.uniform, parting.second.uniform is not None) == (None, True)


def test_measures_equal_their_definitions(engine: Engine) -> None:
    first, hot = write(engine, [0, 2])
    measures = measure(hot, first)
    assert measures is not None
    ids, others = hot.reply.token_ids, first.reply.token_ids
    pairs = list(itertools.pairwise(ids))
    assert measures.distinct_1 == len(set(ids)) / len(ids)
    assert measures.distinct_2 == len(set(pairs)) / len(pairs)
    shorter = min(len(ids), len(others))
    same = sum(a == b for a, b in zip(ids, others, strict=False))
    assert measures.agreement == same / shorter
    assert measures.mean_entropy_nats == pytest.approx(
        sum(step.entropy_nats for step in hot.reply.steps) / len(ids)
    )
    assert measures.tokens_per_second > 0
    itself = measure(first, first)
    assert itself is not None
    assert itself.agreement == 1
    assert measure(Written(first.column, replace(first.reply, steps=())), first) is None


def strip(engine: Engine, stopped: Callable[[], bool] = lambda: False, **given: Any) -> Strip:
    """Run a strip and return its last snapshot."""
    settings = StripSettings(prompt="hello", seed=7, **{"max_new_tokens": 12, **given})
    *_, last = run_strip(LanguageModel(engine), settings, run_until(stopped))
    return last


def test_an_export_holds_what_writes_it_again(engine: Engine) -> None:
    last = strip(engine, temperatures=(0, 1))
    assert last.progress.ended
    document = json.loads(json.dumps(last.to_json()))
    assert document["wall_seconds"] > 0
    for output, each in zip(document["outputs"], last.written, strict=True):
        assert output["text"] == each.reply.text
        assert [token["id"] for token in output["tokens"]] == list(each.reply.token_ids)
        assert set(output["tokens"][0]) >= {"id", "text", "logprob", "entropy_nats"}
        assert SamplingSettings.from_mapping(output["settings"]) == each.column.settings
    assert document["outputs"][0]["seed"] is None


def test_cut_offs_and_the_word_hold_in_every_column(engine: Engine) -> None:
    last = strip(engine, temperatures=(0.5, 2), top_k=3, min_p=0.1, word="the", stop=["x", "y"])
    spellings = {each.token_ids for each in last.settings.variants(engine.tokenizer)}
    for each in last.written:
        settings = each.column.settings
        assert (settings.top_k, settings.min_p, settings.stop) == (3, 0.1, ("x", "y"))
        assert set(settings.banned) == spellings
    biased = strip(engine, temperatures=(1,), word="the", way="bias", amount=3)
    assert set(biased.written[0].column.settings.logit_bias.values()) == {3}


def test_what_was_written_stays_when_it_is_stopped(tiny_model_folder: Path) -> None:
    engine = ScriptedEngine(tiny_model_folder, [5] * 300)
    found: list[Strip] = []
    settings = StripSettings(prompt="hello", seed=7, max_new_tokens=200, temperatures=(0, 1))
    running = run_strip(LanguageModel(engine), settings, run_until(lambda: len(found) >= 2))
    with pytest.raises(Stopped):
        found.extend(running)
    assert found[-1].closed
    assert not found[-1].progress.ended
    assert "stopped by you" in draw(found[-1])
    assert "writing…" in draw(found[0])


def test_both_marks_are_drawn_and_all_text_is_escaped(engine: Engine) -> None:
    last = strip(engine, temperatures=(0, 2))
    picture = draw(last)
    for words in ("by-parting", "by-difference", 'class="tok parting"', "<ins>", "Parts at token"):
        assert words in picture
    assert 'value="parting" checked' in picture
    assert '<span class="prompt muted">hello</span>' in picture
    first, other = last.written
    steps = tuple(replace(step, text="<img src=x> & <b>") for step in other.reply.steps)
    told = replace(other.reply, text="<img src=x> & <b>", steps=steps)
    evil = replace(last, written=(first, replace(other, reply=told)))
    assert "<img" not in draw(evil)
    assert "&lt;img" in draw(evil)


def test_what_columns_share_is_muted_and_each_has_its_line_of_entropy(engine: Engine) -> None:
    last = strip(engine, temperatures=(0, 0, 2))
    first, same, hot = last.written
    place = parts_at(hot, first)
    assert place is not None
    assert (parts_at(same, first), shared_tokens(first, [same, hot])) == (None, 12)
    picture = draw(last)
    columns = [each.partition("by-difference")[0] for each in picture.split("<section")[1:]]
    told = sum(bool(step.text) for step in first.reply.steps)  # half a character adds no text
    assert [each.count('class="tok muted"') for each in columns[:2]] == [told, told]
    assert [each.count("parting") for each in columns] == [1, 1, 2]  # the class of the text itself
    assert picture.count("<polyline") == 3
    assert "distinct-1" in picture.partition("the share that is no repeat (")[2]
    assert picture.count("distinct-1") == 1


def test_every_token_can_be_opened_once_all_is_written(engine: Engine) -> None:
    last = strip(engine, temperatures=(0, 1))
    assert "data-tokens" not in draw(replace(last, closed=False))
    (column, _) = re.findall(r'data-tokens="([^"]*)"', draw(last))
    tokens = json.loads(html.unescape(column))
    assert [each["id"] for each in tokens] == list(last.written[0].reply.token_ids)
    assert all(len(each["others"]) == 10 for each in tokens)
    assert tokens[0]["rank"] == 1
    assert tokens[0]["dice"] is None


def test_a_branch_begins_with_its_tokens_and_goes_on_with_the_same_dice(engine: Engine) -> None:
    plain = strip(engine, temperatures=(0, 1))
    hot = plain.written[1]
    begun = hot.reply.token_ids[:4]
    same = strip(
        engine, temperatures=(0, 1), branch=begun, branch_temperature=1, branch_seed=7
    ).written[2]
    assert same.token_ids == hot.reply.token_ids  # the very tokens again, from the same numbers
    assert same.reply.text == hot.reply.text
    other = next(
        each.token_id
        for each in hot.reply.steps[4].choice.alternatives
        if each.token_id != hot.reply.token_ids[4]
    )
    last = strip(
        engine, temperatures=(0, 1), branch=(*begun, other), branch_temperature=1, branch_seed=7
    )
    branch = last.written[2]
    assert last.progress.ended
    assert parts_at(branch, hot) == 4
    assert len(branch.token_ids) <= 12
    assert last.to_json()["outputs"][2]["begins_with"] == [*begun, other]
    picture = draw(last)
    assert "Take the branch away" in picture
    assert "branch, seed 7" in picture
    with pytest.raises(OptionError, match="branch anew from a column of this model"):
        strip(engine, temperatures=(0, 1), branch=(10**6,))


def test_a_strip_is_cancelled_within_one_token(tiny_model_folder: Path) -> None:
    engine = ScriptedEngine(tiny_model_folder, [5] * 300, hold_at=4)
    stopped = threading.Event()
    columns = plan_columns([0, 1], 1, SEVEN)
    scheduler = Scheduler(engine)
    model = LanguageModel(engine, scheduler)
    strip = write_strip(model, [5, 6], columns, stopped.is_set)
    assert [len(each.reply.steps) for each in next(strip)] == [1, 1]
    assert engine.holding.wait(10)
    stopped.set()
    engine.released.set()
    for last in strip:
        assert [each.reply.finish_reason for each in last] == ["cancelled", "cancelled"]
    limit = time.monotonic() + 10
    while not scheduler.idle:
        assert time.monotonic() < limit
        time.sleep(0.002)
    assert engine.calls == 5  # the one that was running, and none after it


def test_a_prompt_that_does_not_fit_is_refused(engine: Engine) -> None:
    with pytest.raises(ContextOverflow, match="leave room for a reply"):
        list(
            write_strip(
                LanguageModel(engine), [5] * engine.context_length, plan_columns([1], 1, SEVEN)
            )
        )


@pytest.mark.parametrize("value", [None, 0, 17, 1.5, "two", float("nan"), float("inf")])
def test_samples_that_are_no_small_whole_number_are_refused(value: object) -> None:
    with pytest.raises(OptionError, match="`samples` must be a whole number from 1 to 16"):
        StripSettings(samples=value)


def test_too_many_columns_are_refused_before_a_model_is_loaded() -> None:
    with pytest.raises(OptionError, match="at most 16 columns, got 4 temperatures times 5 samples"):
        StripSettings(samples=5)


def test_a_seed_is_drawn_only_where_none_was_given() -> None:
    assert with_seed(SEVEN) == SEVEN
    assert isinstance(with_seed(SamplingSettings()).seed, int)
