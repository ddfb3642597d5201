"""Models that a person already has: a folder with safetensors, or a GGUF file."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from playground.errors import BrokenCache, ModelNotFound
from playground.models.acquire.convert import convert_gguf
from playground.models.acquire.disk import writing_to
from playground.models.acquire.folder import (
    count_parameters,
    has_chat_template,
    model_files,
    read_json,
    require_readable,
    require_safe_weights,
    require_text_model,
)
from playground.models.acquire.plausible import require_plausible
from playground.models.acquire.progress import Watch
from playground.models.acquire.staging import fresh_staging, install, one_at_a_time
from playground.models.acquire.store import OWN_CONVERSION, InstalledModel, Manifest, read_model
from playground.models.acquire.weight_files import tensor_shapes
from playground.models.foreign import reading
from playground.settings import Settings

# What stands for bytes that are no UTF-8.
REPLACED = "\N{REPLACEMENT CHARACTER}"

UNKNOWN_LICENSE = "unknown (your own files)"


def register_path(path: Path, settings: Settings, watch: Watch | None = None) -> InstalledModel:
    """Return the model at a path.

    A folder with config and safetensors is used where it lies. A GGUF file, or a folder that holds
    exactly one, is converted once.

    Parameters
    ----------
    path : Path
        The folder or file.
    settings : Settings
        Where a conversion is kept.
    watch : Watch, optional
        Is shown progress and may stop a conversion.

    Raises
    ------
    ModelNotFound
        Nothing there that is a model.
    ModelUnavailable
        Only pickle weights, foreign code, or a model that writes no text.
    """
    path = path.expanduser().absolute()
    require_utf8(str(path))
    if not path.exists():
        raise ModelNotFound(f"There is no folder or file {path}.")
    if path.is_file():
        return _convert_once(_require_gguf(path), settings, watch or Watch())
    if not path.is_dir():
        raise ModelNotFound(f"{path} is neither a folder nor a file; give one of both.")
    if (gguf := _only_gguf(path)) is not None:
        return _convert_once(gguf, settings, watch or Watch())
    with reading("the model", path):
        require_readable(path)
        require_safe_weights(path)
        require_text_model(path)
        require_plausible(read_json(path / "config.json"), tensor_shapes(path), path)
        return _in_place(path)


def require_utf8(path: str) -> None:
    """Refuse a path of which a name is no UTF-8: the libraries that read models take none.

    Python keeps such bytes as lone surrogates; the command line has put a character in their place.

    Raises
    ------
    ModelNotFound
        With what to do.
    """
    shown = re.sub("[\ud800-\udfff]", REPLACED, path)
    if REPLACED in shown and not os.path.exists(shown):  # noqa: PTH110 - raises for no name
        raise ModelNotFound(
            f"A path must be UTF-8, and {shown} holds bytes that are not (shown as {REPLACED}); "
            "rename the folder or file, or give a link to it."
        )


def _require_gguf(path: Path) -> Path:
    with path.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise ModelNotFound(
                f"{path} is not a GGUF file. Give one, or a folder with config.json and "
                f"safetensors."
            )
    return path


def _only_gguf(folder: Path) -> Path | None:
    """Return the GGUF file of a folder that has no safetensors."""
    files = sorted(folder.glob("*.gguf"))
    if not files or any(folder.glob("*.safetensors")):
        return None
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise ModelNotFound(f"{folder} holds several GGUF files; name one of them: {names}.")
    return files[0]


def _in_place(folder: Path) -> InstalledModel:
    return InstalledModel(
        name=folder.name,
        title=folder.name,
        path=folder,
        source="folder",
        origin=str(folder),
        quantized_origin=None,
        license=UNKNOWN_LICENSE,
        size_bytes=sum(path.stat().st_size for path in model_files(folder)),
        parameters=count_parameters(folder),
        chat=has_chat_template(folder),
    )


def _convert_once(gguf: Path, settings: Settings, watch: Watch) -> InstalledModel:
    name = _name_for(gguf)
    if installed := _whole(name, settings):
        return installed
    # How large the result will be is known only after reading: a full disk is met on the way.
    with writing_to(settings.models_dir, 0), one_at_a_time(name, settings, watch):
        if installed := _whole(name, settings):
            return installed
        staging = fresh_staging(name, settings)
        quantization = convert_gguf(gguf, staging, watch)
        manifest = Manifest(
            name=name,
            title=gguf.stem,
            source="folder",
            origin=str(gguf),
            quantized_origin=quantization,
            license=UNKNOWN_LICENSE,
            parameters=count_parameters(staging),
            chat=has_chat_template(staging),
            conversion=OWN_CONVERSION,
        )
        return install(staging, manifest, settings)


def _whole(name: str, settings: Settings) -> InstalledModel | None:
    try:
        return read_model(name, settings)
    except BrokenCache:
        return None  # only a conversion: it is made again


def _name_for(gguf: Path) -> str:
    """Name a conversion after its file, so that another or a changed file has another name."""
    status = gguf.stat()
    identity = f"{gguf.resolve()}\0{status.st_size}\0{status.st_mtime_ns}"
    stem = re.sub(r"[^a-z0-9.]+", "-", gguf.stem.lower()).strip("-.") or "model"
    return f"{stem}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
