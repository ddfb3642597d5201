from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from playground.errors import BrokenCache
from playground.models.acquire.catalog import load_catalog
from playground.models.acquire.staging import fresh_staging, install
from playground.models.acquire.store import (
    CONVERSION,
    MANIFEST,
    Manifest,
    list_models,
    read_installed,
    remove_model,
)
from playground.settings import Settings
from tests.support.fetching import settings_in

ENTRY = load_catalog()[0]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def home(settings: Settings) -> Path:
    """Install a model of two files."""
    staging = fresh_staging(ENTRY.name, settings)
    (staging / "config.json").write_text("{}")
    (staging / "model.safetensors").write_bytes(b"weights")
    manifest = Manifest(
        name=ENTRY.name,
        title=ENTRY.title,
        source="wheel",
        origin="a wheel",
        quantized_origin="Q4_1",
        license=ENTRY.license,
        parameters=ENTRY.parameters,
        chat=True,
        conversion=CONVERSION,
    )
    return install(staging, manifest, settings).path


def _edit(home: Path, **changes: Any) -> None:
    manifest = json.loads((home / MANIFEST).read_text())
    (home / MANIFEST).write_text(json.dumps(manifest | changes))


def test_read_installed_gives_none_for_what_is_not_here(settings: Settings) -> None:
    assert read_installed(ENTRY, settings) is None


def test_read_installed_gives_back_what_was_installed(home: Path, settings: Settings) -> None:
    installed = read_installed(ENTRY, settings)

    assert installed is not None
    assert installed.path == home == settings.models_dir / ENTRY.name
    assert installed.size_bytes == len("{}") + len("weights")
    assert installed.quantized_origin == "Q4_1"
    assert installed.parameters == ENTRY.parameters
    assert list((settings.models_dir / ".partial").iterdir()) == []


def test_read_installed_names_a_missing_file(home: Path, settings: Settings) -> None:
    (home / "config.json").unlink()

    with pytest.raises(BrokenCache, match=rf"config\.json is missing.*pull {ENTRY.name}` mends"):
        read_installed(ENTRY, settings)


def test_read_installed_names_a_file_of_another_size(home: Path, settings: Settings) -> None:
    (home / "model.safetensors").write_bytes(b"weigh")

    with pytest.raises(BrokenCache, match=r"model\.safetensors has 5 bytes and should have 7"):
        read_installed(ENTRY, settings)


def test_read_installed_detects_changed_content_of_the_same_size(
    home: Path, settings: Settings
) -> None:
    (home / "model.safetensors").write_bytes(b"WEIGHTS")
    os.utime(home / "model.safetensors", ns=(1, 1))

    with pytest.raises(BrokenCache, match=r"model\.safetensors was changed"):
        read_installed(ENTRY, settings)


def test_read_installed_hashes_again_only_when_the_time_differs(
    home: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real_open = Path.open

    def watched_open(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.suffix == ".safetensors":
            hashed.append(path.name)
        return real_open(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", watched_open)
    read_installed(ENTRY, settings)
    assert hashed == []
    os.utime(home / "model.safetensors", ns=(1, 1))

    read_installed(ENTRY, settings)
    assert hashed == ["model.safetensors"]
    read_installed(ENTRY, settings)  # the new time was written down
    assert hashed == ["model.safetensors"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"format_version": 2}', '{"format_version": 1, "files": 3}']
)
def test_read_installed_names_an_unreadable_manifest(
    home: Path, settings: Settings, content: str
) -> None:
    (home / MANIFEST).write_text(content)

    with pytest.raises(BrokenCache, match=rf"{MANIFEST} cannot be read"):
        read_installed(ENTRY, settings)


def test_read_installed_follows_the_manifest_to_another_folder(
    home: Path, settings: Settings, tmp_path: Path
) -> None:
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    for name in ("config.json", "model.safetensors"):
        (home / name).rename(snapshot / name)
    _edit(home, folder=str(snapshot))

    installed = read_installed(ENTRY, settings)

    assert installed is not None
    assert installed.path == snapshot


def test_remove_takes_the_model_away_and_may_be_repeated(home: Path, settings: Settings) -> None:
    remove_model(ENTRY.name, settings)

    assert not home.exists()
    assert list((settings.models_dir / ".partial").iterdir()) == []
    remove_model(ENTRY.name, settings)


def test_list_models_tells_what_is_here_and_what_is_broken(home: Path, settings: Settings) -> None:
    here = {listed.entry.name: listed for listed in list_models(settings)}
    assert list(here) == [entry.name for entry in load_catalog()]
    assert here[ENTRY.name].installed == read_installed(ENTRY, settings)
    assert [name for name, listed in here.items() if listed.installed] == [ENTRY.name]

    (home / "config.json").unlink()

    broken = list_models(settings)[0]
    assert broken.installed is None
    assert broken.problem is not None
    assert "config.json is missing" in broken.problem


@pytest.mark.parametrize("earlier", [0, CONVERSION - 1, CONVERSION + 1])
def test_a_conversion_of_another_version_is_made_again(
    home: Path, settings: Settings, earlier: int
) -> None:
    _edit(home, conversion=earlier)
    with pytest.raises(BrokenCache, match=f"playground pull {ENTRY.name}"):
        read_installed(ENTRY, settings)


def test_the_original_weights_need_no_conversion(home: Path, settings: Settings) -> None:
    _edit(home, conversion=0, quantized_origin=None)
    assert read_installed(ENTRY, settings) is not None
