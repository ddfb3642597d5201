"""The catalog: what is here is told from what can be fetched, and all text is escaped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from playground.experiments.performing import perform
from playground.labs.models.catalog import Catalog, CatalogSettings
from playground.labs.models.catalog_view import CATALOG, draw
from playground.labs.models.own import OwnState
from playground.models.acquire.catalog import load_catalog
from playground.models.acquire.own import OwnModel
from playground.models.acquire.records import listed_record
from playground.models.acquire.store import InstalledModel, ListedModel, list_models
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings
from tests.support.markup import seen

ENTRY = load_catalog()[0]
HERE = InstalledModel(
    ENTRY.name, ENTRY.title, Path("/a/secret"), "wheel", "w 1", "Q4_1", "MIT", 538 * 10**6, 1, True
)


def listed(settings: Settings, **given: str) -> Catalog:
    choice = ModelChoice(ENTRY.name, Precision.FP32)
    *_, last = perform(CATALOG, CatalogSettings(**given), Pool(settings), choice)
    assert isinstance(last.snapshot, Catalog)
    return last.snapshot


def test_it_lists_what_the_command_lists_without_paths(tmp_path: Path) -> None:
    settings = replace(Settings.from_env(), models_dir=tmp_path)
    told = listed(settings).to_json()["models"]
    assert [{**each, "path": None} for each in told] == [
        listed_record(model) for model in list_models(settings)
    ]
    assert "path" not in Catalog((ListedModel(ENTRY, HERE, None),)).to_json()["models"][0]


def test_one_kind_can_be_listed_alone(tmp_path: Path) -> None:
    settings = replace(Settings.from_env(), models_dir=tmp_path)
    kinds = {each["kind"] for each in listed(settings, kind="embedding").to_json()["models"]}
    assert kinds == {"embedding"}
    assert len(listed(settings).models) == len(load_catalog())


def test_what_is_here_what_is_not_and_what_is_broken_are_told_apart() -> None:
    here = draw(Catalog((ListedModel(ENTRY, HERE, None),)))
    assert "Came through Q4_1; kept at full precision after conversion." in seen(here).text
    assert "538 MB Delete" in seen(here).text
    assert "Delete" in seen(here).text
    assert "Fetch" not in seen(here).text
    absent = draw(Catalog((ListedModel(ENTRY, None, None),)))
    assert "Fetch" in seen(absent).text
    assert ENTRY.name in absent[absent.index("data-do") :]
    broken = draw(Catalog((ListedModel(ENTRY, None, "a <file> is gone."),)))
    assert "a <file> is gone. Mend" in seen(broken).text
    assert "secret" not in here + absent + broken


def test_an_own_model_is_drawn_with_how_it_stands_and_without_its_path() -> None:
    own = OwnModel("/a/secret", "/a/secret", "mine <b>", 2_000_000, 3_000_000, chat=False)
    drawn = draw(Catalog((), (OwnState(own, None, "Runs right."),)))
    assert "mine <b>base: continues text3.02.0Runs right. Take off the list" in seen(drawn).text
    small = replace(own, size_bytes=420_000, parameters=105_352)
    drawn_small = seen(draw(Catalog((), (OwnState(small, None, ""),)))).text
    assert "continues text0.110.42" in drawn_small
    changed = Catalog((), (OwnState(own, "has changed since it was checked", ""),))
    assert "It has changed since it was checked; add it again." in seen(draw(changed)).text
    assert "secret" not in drawn + json.dumps(changed.to_json())


def test_the_size_of_a_fetch_is_that_of_what_is_tried_first() -> None:
    hub = replace(ENTRY, wheel=None)
    assert ENTRY.hub is not None
    assert ENTRY.wheel is not None
    assert listed_record(ListedModel(hub, None, None))["size_bytes"] == ENTRY.hub.size_bytes
    wheel = replace(ENTRY, hub=None)
    wheels = sum(package.size_bytes for package in ENTRY.wheel.packages)
    assert listed_record(ListedModel(wheel, None, None))["size_bytes"] == wheels
    nowhere = replace(ENTRY, hub=None, wheel=None)
    assert listed_record(ListedModel(nowhere, None, None))["size_bytes"] is None


def test_two_models_of_one_title_are_told_apart_without_their_paths() -> None:
    first, second = (
        OwnModel(f"/a/secret/{name}/model", "/x", "mine", 2_000_000, 3_000_000, chat=False)
        for name in ("north", "south")
    )
    drawn = draw(Catalog((), tuple(OwnState(each, None, "") for each in (first, second))))
    assert "<b>mine (north/model)</b>" in drawn
    assert "<b>mine (south/model)</b>" in drawn
    assert "secret" not in drawn
