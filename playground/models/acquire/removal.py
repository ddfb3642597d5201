"""Deleting a fetched model: measured first, moved away in one step, then deleted.

Only what lies in the models folder goes, and in the playground's own cache of the hub. A cache
that the environment names (``HF_HOME``, ``HF_HUB_CACHE``) belongs to other programs too and stays;
a link goes, and what it leads to stays.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playground.errors import FetchCancelled, ModelInUse, ModelUnavailable
from playground.models.acquire.catalog import CatalogEntry
from playground.models.acquire.disk import writing_to
from playground.models.acquire.progress import Watch, ignore
from playground.models.acquire.staging import one_at_a_time, partial_folder
from playground.models.acquire.store import throw_away
from playground.settings import Settings
from playground.sizes import spell_size


@dataclass(frozen=True)
class Removal:
    """What deleting a model takes away.

    Parameters
    ----------
    name, title : str
        What one types, and what one reads.
    size_bytes : int
        Of the files that go, measured on the disk.
    shared_bytes : int
        Of its files in a hub's cache that other programs share, which stay.
    """

    name: str
    title: str
    size_bytes: int
    shared_bytes: int = 0

    @property
    def size(self) -> str:
        """The bytes in words, with what stays."""
        size = spell_bytes(self.size_bytes)
        if not self.shared_bytes:
            return size
        shared = spell_bytes(self.shared_bytes)
        return f"{size}; {shared} in the hub's cache stay, which other programs share"

    def to_json(self) -> dict[str, Any]:
        """Return name and bytes."""
        return {
            "model": self.name,
            "freed_bytes": self.size_bytes,
            "shared_bytes": self.shared_bytes,
        }


def spell_bytes(size: int) -> str:
    """Return a number of bytes as one reads it: "538 MB (538,060,032 bytes)"."""
    return f"{spell_size(size)} ({size:,} bytes)" if size >= 1e6 else f"{size:,} bytes"


def plan_removal(entry: CatalogEntry, settings: Settings) -> Removal:
    """Return what deleting a model would free; nothing is changed.

    Raises
    ------
    ModelUnavailable
        When nothing of it is here.
    """
    places = _places(entry, settings)
    if not any(map(os.path.lexists, places)):
        raise ModelUnavailable(
            f"{entry.title} is not on this machine, so there is nothing to delete; "
            "`playground models` lists what is here."
        )
    size = sum(map(bytes_on_disk, places))
    shared = 0 if _hub_is_own(settings) else sum(map(bytes_on_disk, _of_hub(entry, settings)))
    return Removal(entry.name, entry.title, size, shared)


def delete_model(entry: CatalogEntry, settings: Settings) -> Removal:
    """Delete a model and what a fetch of it left; return what that freed.

    Each folder is moved away in one step before it is deleted, the model itself first: whatever
    interrupts this, no half of a model is found later.

    Raises
    ------
    ModelUnavailable
        When nothing of it is here, or the disk refuses.
    ModelInUse
        When it is being fetched now.
    """
    planned = plan_removal(entry, settings)
    try:
        # Whoever fetches it holds the lock: not waited for, and nothing is taken from under it.
        unwaiting = Watch(ignore, lambda: True)
        with writing_to(settings.models_dir, 0), one_at_a_time(entry.name, settings, unwaiting):
            for place in _places(entry, settings):
                throw_away(place, settings)
    except FetchCancelled as error:
        raise ModelInUse(
            f"{entry.title} is being fetched now and cannot be deleted; cancel the fetch or wait "
            "for its end, then try again."
        ) from error
    return planned


def bytes_on_disk(path: Path) -> int:
    """Return the bytes of all files below a folder; links count nothing and are not followed."""
    found: dict[tuple[int, int], int] = {}
    if path.is_symlink():
        return 0
    for folder, _, names in os.walk(path):
        for name in names:
            status = (Path(folder) / name).lstat()
            if stat.S_ISREG(status.st_mode):
                found[status.st_dev, status.st_ino] = status.st_size
    return sum(found.values())


def _places(entry: CatalogEntry, settings: Settings) -> list[Path]:
    places = [settings.models_dir / entry.name, partial_folder(entry.name, settings)]
    return places + (_of_hub(entry, settings) if _hub_is_own(settings) else [])


def _of_hub(entry: CatalogEntry, settings: Settings) -> list[Path]:
    if entry.hub is None:
        return []
    return [settings.hub_cache / f"models--{entry.hub.repo.replace('/', '--')}"]


def _hub_is_own(settings: Settings) -> bool:
    """Tell the playground's own cache of the hub from one that other programs share."""
    return settings.hub_cache == settings.models_dir.with_name("hub")
