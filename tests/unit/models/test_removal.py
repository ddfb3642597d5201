"""Deleting a model: all of it and no more, counted on the disk; never from under a fetch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from playground.errors import ModelInUse, ModelUnavailable
from playground.models.acquire import store
from playground.models.acquire.catalog import find_entry
from playground.models.acquire.progress import Watch
from playground.models.acquire.removal import delete_model, plan_removal
from playground.models.acquire.staging import one_at_a_time
from playground.settings import Settings

ENTRY = find_entry("smollm2-360m-instruct")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(Settings.from_env(), models_dir=tmp_path / "models", hub_cache=tmp_path / "hub")


def put(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def test_all_of_a_model_goes_and_the_bytes_are_those_of_the_disk(settings: Settings) -> None:
    home = settings.models_dir / ENTRY.name
    put(home / "model.safetensors", 1000)
    put(settings.models_dir / ".partial" / ENTRY.name / "a.whl", 20)
    blob = put(settings.hub_cache / "models--HuggingFaceTB--SmolLM2-360M-Instruct/blobs/1", 300)
    (blob.parent / "2").symlink_to(blob)  # as a snapshot leads to its blobs
    other = put(settings.models_dir / "other" / "config.json", 5)
    assert plan_removal(ENTRY, settings).size_bytes == 1320
    assert home.exists()
    assert delete_model(ENTRY, settings).size_bytes == 1320
    assert not home.exists()
    assert not blob.parent.parent.exists()
    assert list((settings.models_dir / ".partial").iterdir()) == []
    assert other.exists()
    with pytest.raises(ModelUnavailable, match="is not on this machine"):
        delete_model(ENTRY, settings)


def test_nothing_outside_of_the_models_folder_is_deleted(
    settings: Settings, tmp_path: Path
) -> None:
    weights = put(tmp_path / "mine" / "model.safetensors", 100)
    settings.models_dir.mkdir()
    (settings.models_dir / ENTRY.name).symlink_to(weights.parent)
    assert delete_model(ENTRY, settings).size_bytes == 0
    home = settings.models_dir / ENTRY.name
    home.mkdir()
    (home / "inner").symlink_to(weights.parent)
    (home / "model.safetensors").symlink_to(weights)
    assert delete_model(ENTRY, settings).size_bytes == 0
    assert not home.exists()
    assert weights.exists()


def test_a_cache_that_other_programs_share_stays_and_is_told(
    settings: Settings, tmp_path: Path
) -> None:
    settings = replace(settings, hub_cache=tmp_path / "elsewhere")
    put(settings.models_dir / ENTRY.name / "playground.json", 10)
    blob = put(settings.hub_cache / "models--HuggingFaceTB--SmolLM2-360M-Instruct/blobs/1", 300)
    removed = delete_model(ENTRY, settings)
    assert (removed.size_bytes, removed.shared_bytes) == (10, 300)
    assert "300 bytes in the hub's cache stay" in removed.size
    assert blob.exists()


def test_a_deletion_that_breaks_off_leaves_nothing_that_looks_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(settings.models_dir / ENTRY.name / "model.safetensors", 10)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    real = store.shutil.rmtree
    monkeypatch.setattr(store.shutil, "rmtree", die)
    with pytest.raises(KeyboardInterrupt):
        delete_model(ENTRY, settings)
    monkeypatch.setattr(store.shutil, "rmtree", real)
    assert not (settings.models_dir / ENTRY.name).exists()
    put(settings.models_dir / ENTRY.name / "model.safetensors", 10)
    delete_model(ENTRY, settings)  # takes what was left, too
    assert list((settings.models_dir / ".partial").iterdir()) == []


def test_nothing_is_deleted_from_under_a_fetch(settings: Settings) -> None:
    put(settings.models_dir / ENTRY.name / "model.safetensors", 10)
    with (
        one_at_a_time(ENTRY.name, settings, Watch()),
        pytest.raises(ModelInUse, match="is being fetched now"),
    ):
        delete_model(ENTRY, settings)
    assert (settings.models_dir / ENTRY.name).exists()
