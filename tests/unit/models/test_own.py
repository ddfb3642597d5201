"""A person's own models: the list, what the check found of a version, and what is left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from playground.errors import StorageFailed
from playground.models.acquire.local import register_path
from playground.models.acquire.own import (
    Checked,
    checked,
    find_own,
    list_own,
    own_models,
    problem,
    remember_checked,
    take_off,
)
from playground.models.acquire.store import MANIFEST, Manifest
from playground.models.file_stamp import stamp_of
from playground.settings import Settings
from tests.support.tiny_llama import save_tiny_llama


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_env({"PLAYGROUND_HOME": str(tmp_path / "home")})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_tiny_llama(tmp_path / "mine", num_hidden_layers=1)


def test_what_was_found_holds_for_one_version_of_the_files(
    settings: Settings, folder: Path
) -> None:
    model = register_path(folder, settings)
    own = list_own(folder, model, settings)
    assert problem(own, settings) == "has changed since it was checked"
    found = Checked(stamp_of(folder), "ok", "They agree.", "Runs right.")
    remember_checked(model, found, settings)
    assert checked(model.origin, settings) == found
    assert problem(own, settings) is None
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    assert checked(model.origin, settings) is None
    assert own_models(settings) == (own,)
    folder.rename(folder.with_name("gone"))
    assert problem(own, settings) == "is no longer there"
    assert find_own(str(folder), settings) == own
    take_off(own, settings)
    assert own_models(settings) == ()


def test_of_a_model_of_the_catalog_nothing_is_kept(settings: Settings, folder: Path) -> None:
    model = replace(register_path(folder, settings), source="hub")
    remember_checked(model, Checked((), "ok", ""), settings)
    assert not settings.own_models_file.exists()


def test_a_conversion_goes_with_its_model_and_the_file_stays(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    gguf = tmp_path / "tiny.gguf"
    gguf.write_bytes(b"GGUF")
    for name, origin in (("tiny-1", str(gguf)), ("tiny-2", "/another.gguf")):
        home = settings.models_dir / name
        home.mkdir(parents=True)
        manifest = Manifest(name, name, "folder", origin, None, "", 1, False)
        (home / MANIFEST).write_text(manifest.to_json())
    model = replace(register_path(folder, settings), origin=str(gguf))
    size = (settings.models_dir / "tiny-1" / MANIFEST).stat().st_size
    assert take_off(list_own(gguf, model, settings), settings) == size
    assert [each.name for each in settings.models_dir.glob("tiny*")] == ["tiny-2"]
    assert gguf.exists()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format_version": 2}', "null"])
def test_a_list_that_cannot_be_read_is_set_aside_and_made_anew(
    settings: Settings, folder: Path, content: str
) -> None:
    settings.own_models_file.parent.mkdir()
    settings.own_models_file.write_text(content)
    assert own_models(settings) == ()
    list_own(folder, register_path(folder, settings), settings)
    assert len(own_models(settings)) == 1
    (aside,) = settings.own_models_file.parent.glob("*.broken-*")
    assert aside.read_text() == content


def test_a_disk_that_refuses_is_one_sentence(settings: Settings, folder: Path) -> None:
    model = register_path(folder, settings)
    settings.own_models_file.mkdir(parents=True)  # nothing can be put in its place
    with pytest.raises(StorageFailed, match="list of your own models cannot be written"):
        list_own(folder, model, settings)
    remember_checked(model, Checked((), "ok", ""), settings)
