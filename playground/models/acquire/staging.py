"""Where a model is built before it is moved into its place, in one step, by one process."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from playground.models.acquire.folder import model_files
from playground.models.acquire.progress import Watch
from playground.models.acquire.store import (
    MANIFEST,
    InstalledModel,
    Manifest,
    record_file,
    remove_model,
)
from playground.settings import Settings

_POLL_SECONDS = 0.2


@contextlib.contextmanager
def one_at_a_time(name: str, settings: Settings, watch: Watch) -> Iterator[None]:
    """Wait until no other thread or process fetches this model; it may then be here already."""
    path = settings.models_dir / ".locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=_POLL_SECONDS)
            break
        except Timeout:
            watch.report("waiting for another fetch of this model")
    try:
        yield
    finally:
        lock.release()


def partial_folder(name: str, settings: Settings) -> Path:
    """Return where a fetch under way keeps what it has."""
    return settings.models_dir / ".partial" / name


def fresh_staging(name: str, settings: Settings) -> Path:
    """Return an empty folder that `install` will move; what an earlier try left is wiped."""
    staging = partial_folder(name, settings) / "model"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    return staging


def install(staging: Path, manifest: Manifest, settings: Settings) -> InstalledModel:
    """Move a finished staging folder into its place, in one step.

    Parameters
    ----------
    staging : Path
        Holds the files, unless the manifest names another folder.
    manifest : Manifest
        Its files are recorded here; it is written last, when all else has reached the disk.
    """
    home = settings.models_dir / manifest.name
    for path in staging.iterdir():
        _sync(path)
    manifest = replace(
        manifest,
        files={path.name: record_file(path) for path in model_files(staging / manifest.folder)},
        fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    (staging / MANIFEST).write_text(manifest.to_json(), "utf-8")
    _sync(staging / MANIFEST)
    remove_model(manifest.name, settings)  # a broken copy stayed until its successor was ready
    staging.replace(home)
    _sync(home.parent)
    shutil.rmtree(partial_folder(manifest.name, settings), ignore_errors=True)
    return manifest.installed_in(home)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, have reached the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows has no way to sync a folder
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
