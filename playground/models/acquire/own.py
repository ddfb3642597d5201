"""A person's own models: which are listed, and what the check found of each version of their files.

One small file of JSON beside the conversations, replaced whole. The models' own files stay where
they are and are never touched; only what was converted from a GGUF file is the playground's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from playground.errors import ModelNotFound, OptionError, StorageFailed
from playground.models.acquire.removal import bytes_on_disk
from playground.models.acquire.store import MANIFEST, InstalledModel, throw_away
from playground.models.file_stamp import Stamp, stamp_of
from playground.number_rules import shown
from playground.settings import Settings

FORMAT_VERSION = 1
# Of models that were checked and are not listed; the oldest go first.
KEPT_VERDICTS = 200
GONE = "is no longer there"
_LONGEST_PATH = 4096


@dataclass(frozen=True)
class OwnModel:
    """A model of a person's own that is listed.

    Parameters
    ----------
    path : str
        What was given: a folder or a GGUF file.
    origin : str
        The folder or GGUF file that it is read from.
    title : str
        What one reads.
    size_bytes, parameters, chat, quantized_origin
        As in `InstalledModel`, when it was listed.
    """

    path: str
    origin: str
    title: str
    size_bytes: int
    parameters: int
    chat: bool
    quantized_origin: str | None = None

    @property
    def key(self) -> str:
        """What a button names it by; a picture that is exported holds no path of this machine."""
        return hashlib.sha256(self.path.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Checked:
    """What the check found of one version of some files.

    Parameters
    ----------
    stamp : Stamp
        Of the files, before they were read.
    core : str
        The answer to whether core and transformers agree: "ok", "failed" or "not applicable".
    why : str
        The same in a sentence.
    verdict : str
        On the whole; empty where the check did not come to its end.
    """

    stamp: Stamp
    core: str
    why: str
    verdict: str = ""


@dataclass(frozen=True)
class _Kept:
    """The file's content."""

    listed: dict[str, OwnModel] = field(default_factory=dict)
    checked: dict[str, Checked] = field(default_factory=dict)  # by origin


def require_own_path(text: str) -> Path:
    """Read a path that was typed into a page.

    What is not there, what may not be read and what is no model are told alike: a page gives no
    news of a machine's other files.

    Raises
    ------
    OptionError
        When it does not begin at the root or in the person's own folder.
    ModelNotFound
        When there is no model.
    """
    typed = text.strip()[:_LONGEST_PATH]
    path = Path(os.path.normpath(os.path.expanduser(typed)))  # noqa: PTH111 - raises nothing
    if not path.is_absolute():
        raise OptionError(
            "`path` must be a whole path, from / or ~ on, to a folder or GGUF file on the machine "
            f"that serves this page, got {shown(typed)}."
        )
    if not _holds_model(path):
        raise ModelNotFound(
            "`path` must lead to a folder with config.json and safetensors, or to a GGUF file, "
            f"which this server may read, got {shown(typed)}; look for a slip in it."
        )
    return path


def own_models(settings: Settings) -> tuple[OwnModel, ...]:
    """Return the models that are listed, in the order in which they came."""
    return tuple(_read(settings).listed.values())


def find_own(given: str, settings: Settings) -> OwnModel | None:
    """Return the listed model of that path or key, or None."""
    path = os.path.abspath(os.path.expanduser(given))  # noqa: PTH100, PTH111 - as above
    return next(
        (each for each in own_models(settings) if given == each.key or path == each.path), None
    )


def list_own(path: Path, model: InstalledModel, settings: Settings) -> OwnModel:
    """Put a model on the list, or anew.

    Raises
    ------
    StorageFailed
        When the disk does not take it.
    """
    own = OwnModel(
        path=str(path),
        origin=model.origin,
        title=model.title,
        size_bytes=model.size_bytes,
        parameters=model.parameters,
        chat=model.chat,
        quantized_origin=model.quantized_origin,
    )
    with _changing(settings) as kept:
        kept.listed[own.path] = own
    return own


def take_off(own: OwnModel, settings: Settings) -> int:
    """Take a model off the list; return the bytes of its conversion, which goes.

    Raises
    ------
    StorageFailed
        When the disk does not take it.
    """
    with _changing(settings) as kept:
        kept.listed.pop(own.path, None)
    freed = 0
    for home in _conversions(own.origin, settings):
        freed += bytes_on_disk(home)
        throw_away(home, settings)
    return freed


def remember_checked(model: InstalledModel, found: Checked, settings: Settings) -> None:
    """Keep what the check found of a person's own files; a disk that refuses only forgets."""
    if model.source != "folder":
        return  # of a model of the catalog the tests have found it
    with contextlib.suppress(StorageFailed), _changing(settings) as kept:
        kept.checked.pop(model.origin, None)
        kept.checked[model.origin] = found
        held = {each.origin for each in kept.listed.values()}
        loose = [origin for origin in kept.checked if origin not in held]
        for origin in loose[:-KEPT_VERDICTS]:
            del kept.checked[origin]


def checked(origin: str, settings: Settings) -> Checked | None:
    """Return what the check found of the files as they are now; None if it has not seen them."""
    found = _read(settings).checked.get(origin)
    return found if found and found.stamp == stamp_of(Path(origin)) else None


def problem(own: OwnModel, settings: Settings) -> str | None:
    """Return why a listed model is not as it was when it was checked, or None."""
    if not stamp_of(Path(own.origin)):
        return GONE
    return None if checked(own.origin, settings) else "has changed since it was checked"


def _holds_model(path: Path) -> bool:
    try:
        if path.is_dir():
            names = {each.name for each in os.scandir(path)}
            return "config.json" in names or any(name.endswith(".gguf") for name in names)
        if path.is_file():
            with path.open("rb") as stream:
                return stream.read(4) == b"GGUF"
    except (OSError, ValueError):  # not to be read, or no name that a disk can have
        pass
    return False


def _conversions(origin: str, settings: Settings) -> Iterator[Path]:
    for manifest in settings.models_dir.glob(f"*/{MANIFEST}"):
        try:
            content = json.loads(manifest.read_text("utf-8"))
            if (content["source"], content["origin"]) == ("folder", origin):
                yield manifest.parent
        except (OSError, ValueError, KeyError, TypeError):
            continue  # broken, and so not known to be this


@contextlib.contextmanager
def _changing(settings: Settings) -> Iterator[_Kept]:
    """Give the content to change, alone among all processes, and write it."""
    path = settings.own_models_file
    fresh = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(path.with_name(f".{path.name}.lock")):
            if (kept := _parsed(path)) is None:
                kept = _Kept()
                if path.is_file():  # a newer version's, or damaged: it is set aside, never lost
                    path.replace(path.with_name(f"{path.name}.broken-{uuid.uuid4().hex[:8]}"))
            yield kept
            content = {
                "format_version": FORMAT_VERSION,
                "listed": [asdict(each) for each in kept.listed.values()],
                "checked": {origin: asdict(each) for origin, each in kept.checked.items()},
            }
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps(content, indent=1), "utf-8")
            fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StorageFailed(
            f"The list of your own models cannot be written ({error.strerror or error}); free "
            "some room, or set PLAYGROUND_HOME to a folder that you may write to."
        ) from error


def _read(settings: Settings) -> _Kept:
    """Return the content; what cannot be read is an empty list, and checked anew."""
    return _parsed(settings.own_models_file) or _Kept()


def _parsed(path: Path) -> _Kept | None:
    """Return the content of a file; None where there is none, or none that this version reads."""
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if content["format_version"] != FORMAT_VERSION:
            return None
        listed = [OwnModel(**each) for each in content["listed"]]
        found = {origin: _checked(each) for origin, each in content["checked"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return _Kept({each.path: each for each in listed}, found)


def _checked(record: dict[str, Any]) -> Checked:
    stamp = tuple((str(name), int(size), int(time)) for name, size, time in record["stamp"])
    return replace(Checked(**record), stamp=stamp)
