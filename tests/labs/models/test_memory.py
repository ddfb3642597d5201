"""Memory: estimates are called so, what would happen is said, what is loaded can be freed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from playground.drawing.markup import tag
from playground.errors import ModelNotFound, OptionError
from playground.experiments.performing import perform
from playground.labs.models.memory import (
    Forecast,
    MemorySettings,
    MemoryUse,
    Planned,
    spell_choice,
)
from playground.labs.models.memory_view import MEMORY, draw
from playground.models.acquire.store import InstalledModel
from playground.models.engines.manager import ModelChoice, Residence
from playground.models.engines.memory import Memory, Resident, plan_load
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings
from tests.support.markup import seen

GB = 10**9
OLD = Resident("old <model> at FP32", 3 * GB)
NOTHING = MemoryUse(Memory(6 * GB, 10 * GB), (), 0, Planned("a model", problem="Not here."))


def forecast(needed: float, available: float, loaded: bool = False) -> str:
    plan = plan_load(int(needed * GB), Memory(int(available * GB), 10 * GB), [OLD])
    planned = Planned("A <b>model", (Forecast(Precision.NF4, GB, plan, loaded),))
    memory = Memory(int(available * GB), 10 * GB)
    return seen(draw(replace(NOTHING, memory=memory, planned=planned))).text


def test_what_a_load_would_do_is_said_with_numbers() -> None:
    assert "fits, 4.0 GB to spare" in forecast(1, 5)
    assert "frees old <model> at FP32; fits, 2.5 GB to spare" in forecast(1, 0.5)
    assert "frees old <model> at FP32; tight: 0.5 GB to spare" in forecast(3, 0.5)
    assert "refused: 1.5 GB too few" in forecast(5, 0.5)
    assert "is loaded" in forecast(5, 0.5, loaded=True)
    told = forecast(1, 5)
    assert "A <b>model" in told
    assert "Sizes are estimated" in told
    assert "5.0 GB are free now (measured)" in told


def test_what_is_loaded_can_be_freed_unless_a_reply_runs() -> None:
    idle = Residence(
        ModelChoice("m", Precision.INT8), "A <b>model", "core", 220 * 10**6, False, 240
    )
    busy = Residence(ModelChoice("m", Precision.FP32), "Other", "core", 538 * 10**6, True, 0)
    html = draw(replace(NOTHING, residents=(busy, idle), idle_minutes=30))
    told = seen(html).text
    assert "4.0 GB of 10.0 GB" in told
    assert told.index("a reply runs") < told.index("idle for 4 min")
    assert html.count(tag("button", "Free")[len("<button>") :]) == 1
    assert "A <b>model" in told
    assert "goes after 30 minutes" in told
    nothing = seen(draw(NOTHING)).text
    assert "No model is loaded now" in nothing
    assert "what nobody uses stays" in nothing
    assert "Not here." in nothing


@pytest.fixture
def pool(settings: Settings) -> Iterator[Pool]:
    pool = Pool(settings)
    yield pool
    pool.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings with which nothing is here."""
    return replace(Settings.from_env(), models_dir=tmp_path)


def looked(pool: Pool, reference: str) -> MemoryUse:
    *_, last = perform(MEMORY, MemorySettings(), pool, ModelChoice(reference, Precision.FP32))
    assert isinstance(last.snapshot, MemoryUse)
    return last.snapshot


def test_the_newest_stands_first_and_every_precision_is_foreseen(
    default_model: InstalledModel,
) -> None:
    pool = Pool(Settings.from_env())
    for precision in (Precision.FP32, Precision.BF16):
        pool.preload(ModelChoice(default_model.name, precision))
    told = looked(pool, default_model.name).to_json()
    pool.close()
    assert [each["precision"] for each in told["loaded"]] == ["bf16", "fp32"]
    assert told["loaded"][0]["model"] == default_model.name
    assert not told["loaded"][0]["in_use"]
    planned = {each["precision"]: each for each in told["planned"]["forecasts"]}
    assert list(planned) == [each.value for each in Precision]
    assert [name for name, each in planned.items() if each["loaded"]] == ["fp32", "bf16"]
    assert planned["bf16"]["weight_bytes"] < planned["fp32"]["weight_bytes"]
    assert told["planned"]["problem"] is None


def test_a_model_that_is_not_here_is_no_error_and_one_that_is_none_is(pool: Pool) -> None:
    planned = looked(pool, "smollm2-135m-instruct").to_json()["planned"]
    assert planned["problem"] == "smollm2-135m-instruct is not here yet; fetch it first."
    assert not planned["forecasts"]
    with pytest.raises(ModelNotFound, match="no model named 'smollm3'"):
        looked(pool, "smollm3")
    with pytest.raises(OptionError, match="turns sentences into vectors"):
        looked(pool, "all-minilm-l6-v2")


def test_the_line_of_a_picture_says_the_title(pool: Pool, tiny_model_folder: Path) -> None:
    named = {"smollm2-135m-instruct": "SmolLM2 135M Instruct"}  # it is not here
    for reference, title in {**named, str(tiny_model_folder): tiny_model_folder.name}.items():
        choice = ModelChoice(reference, Precision.FP32)
        *_, last = perform(MEMORY, MemorySettings(), pool, choice)
        assert last.subject.words == title


def test_a_broken_copy_is_said(pool: Pool, settings: Settings) -> None:
    broken = settings.models_dir / "smollm2-135m-instruct"
    broken.mkdir()
    (broken / "playground.json").write_text("{}")
    assert "mends it" in looked(pool, broken.name).planned.problem


def test_a_choice_is_named_by_all_that_tells_it_from_others() -> None:
    assert spell_choice(ModelChoice("a/b", Precision.NF4)) == "nf4 auto a/b"
