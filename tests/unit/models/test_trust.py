"""`auto` takes the core for a person's own files only where the check found that it agrees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from playground.experiments.performing import perform
from playground.labs.models.check import CheckSettings
from playground.labs.models.check_view import CHECK
from playground.models.acquire.local import register_path
from playground.models.acquire.own import Checked, remember_checked
from playground.models.engines.engine_name import EngineName
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.engines.trust import settle_engine
from playground.models.file_stamp import stamp_of
from playground.serving import Pool
from playground.settings import Settings
from tests.support.tiny_llama import save_tiny_llama

AUTO, TRANSFORMERS, FP32 = EngineName.AUTO, EngineName.TRANSFORMERS, Precision.FP32


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    pool = Pool(Settings.from_env({"PLAYGROUND_HOME": str(tmp_path / "home")}))
    yield pool
    pool.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_tiny_llama(tmp_path / "mine", num_hidden_layers=1)


def test_an_own_model_runs_in_the_core_once_the_check_has_agreed(pool: Pool, folder: Path) -> None:
    choice = ModelChoice(str(folder), FP32)

    def loaded() -> tuple[str, str]:
        with pool.lease(choice) as model:
            return model.engine.name, model.engine.report.engine_reason

    name, reason = loaded()
    assert name == "transformers"
    assert reason.startswith("Automatic runs it through transformers: whether the core agrees")
    list(perform(CHECK, CheckSettings(precisions="fp32"), pool, choice))
    assert loaded() == ("core", "")  # the load from before the check was let go
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    assert loaded()[0] == "transformers"


@pytest.mark.parametrize("core", ["failed", "not applicable"])
def test_where_the_check_did_not_agree_the_reason_is_said(
    pool: Pool, folder: Path, core: str
) -> None:
    model = register_path(folder, pool.settings)
    remember_checked(model, Checked(stamp_of(folder), core, "They differ by 3."), pool.settings)
    engine, why = settle_engine(AUTO, model, FP32, pool.settings)
    assert engine is TRANSFORMERS
    assert "They differ by 3." in why


def test_what_is_named_is_taken_and_the_catalog_is_held_by_tests(pool: Pool, folder: Path) -> None:
    model = register_path(folder, pool.settings)
    assert settle_engine(EngineName.CORE, model, FP32, pool.settings) == (EngineName.CORE, "")
    fetched = replace(model, source="hub")
    assert settle_engine(AUTO, fetched, FP32, pool.settings) == (AUTO, "")
    # Where the core would not be taken anyhow there is nothing to explain.
    assert settle_engine(AUTO, model, Precision.NF4, pool.settings) == (AUTO, "")
