"""Models from a model hub, held to the hashes in the hub's own metadata."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from playground.errors import FetchFailed, PlaygroundError
from playground.models.acquire.catalog import HubSource
from playground.models.acquire.disk import raise_if_full, writing_to
from playground.models.acquire.folder import MODEL_FILES, is_model_file, require_safe_weights
from playground.models.acquire.hub_download import SUBFOLDERS
from playground.models.acquire.own_process import run_python
from playground.models.acquire.progress import SourceUnavailable, Watch, file_sha256
from playground.settings import Settings

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo, RepoSibling

ANSWER_SECONDS = 3.0
_POLL_SECONDS = 0.1
_SHA256_DIGITS = 64

_T = TypeVar("_T")


@dataclass(frozen=True)
class HubFile:
    """A file as the hub describes it.

    Parameters
    ----------
    digest : str
        SHA-256 of a large file; of a small one its git blob id.
    """

    name: str
    size_bytes: int
    digest: str


@dataclass(frozen=True)
class Snapshot:
    """A model at one commit, as the hub describes it."""

    repo: str
    commit: str
    files: tuple[HubFile, ...]


def ask_hub(source: HubSource, settings: Settings, watch: Watch) -> Snapshot:
    """Ask the hub what it has; it gets `ANSWER_SECONDS` for the whole answer.

    Raises
    ------
    SourceUnavailable
        No answer in time, or not the model.
    """
    from huggingface_hub import HfApi

    watch.report("asking the hub")
    api = HfApi(endpoint=settings.hub_endpoint)

    def ask() -> ModelInfo:
        return api.model_info(
            source.repo, revision=source.revision, timeout=ANSWER_SECONDS, files_metadata=True
        )

    try:
        info = _answer_within(ANSWER_SECONDS, ask, watch)
    except TimeoutError:
        raise SourceUnavailable(
            f"the hub gave no answer within {ANSWER_SECONDS:g} seconds"
        ) from None
    except PlaygroundError:
        raise
    except Exception as error:  # whatever answered, it need not have been a hub
        raise SourceUnavailable(_refusal(source, error)) from error
    return _snapshot(source, info)


def download(snapshot: Snapshot, source: HubSource, settings: Settings, watch: Watch) -> Path:
    """Download what the hub's cache lacks, and verify every file.

    A file that fails is downloaded once more.

    Returns
    -------
    Path
        The snapshot's folder in the hub's cache.

    Raises
    ------
    SourceUnavailable
        The download broke off. Files that were complete stay in the hub's cache.
    FetchFailed
        A wrong checksum, or no room on the disk.
    """
    folder = _folder(snapshot, settings)
    missing_bytes = _missing_bytes(snapshot, folder)
    with writing_to(settings.hub_cache, missing_bytes):
        _download_missing(snapshot, source, settings, watch)
        if wrong := _wrong_files(snapshot, folder, watch):
            watch.report(f"wrong checksum of {wrong[0].name}: downloading it again")
            _drop(folder, wrong)
            _download_missing(snapshot, source, settings, watch)
            if wrong := _wrong_files(snapshot, folder, watch):
                _drop(folder, wrong)
                raise FetchFailed(
                    f"The hub sent {wrong[0].name} of {snapshot.repo} twice with another "
                    f"checksum than it announced ({wrong[0].digest}), so the file was thrown away. "
                    f"Something between here and the hub changes it; try another network or hub."
                )
    require_safe_weights(folder)
    return folder


def find_cached(source: HubSource, settings: Settings, watch: Watch) -> Path:
    """Return a whole snapshot that lies in the hub's cache already; uses no network.

    Raises
    ------
    SourceUnavailable
        There is none.
    """
    from huggingface_hub import constants

    for cache in dict.fromkeys((settings.hub_cache, Path(constants.HF_HUB_CACHE))):
        if folder := _find_in(cache, source, watch):
            return folder
    raise SourceUnavailable(f"the hub's cache in {settings.hub_cache} does not hold {source.repo}")


def _find_in(cache: Path, source: HubSource, watch: Watch) -> Path | None:
    from huggingface_hub import snapshot_download

    try:
        folder = Path(
            snapshot_download(
                source.repo,
                revision=source.revision,
                cache_dir=cache,
                local_files_only=True,
                allow_patterns=MODEL_FILES,
                ignore_patterns=SUBFOLDERS,
            )
        )
        require_safe_weights(folder)
    except (OSError, PlaygroundError):  # absent, incomplete or not safe
        return None
    whole = all(_matches(path, digest, watch) for path, digest in _named_by_digest(folder))
    return folder if whole else None


def _named_by_digest(folder: Path) -> Iterator[tuple[Path, str]]:
    """Give the files of a snapshot with their digests: each links to a blob of that name."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink():  # where links are not to be had, nothing is known
            yield path, path.readlink().name


def _answer_within(seconds: float, ask: Callable[[], _T], watch: Watch) -> _T:
    """Wait no longer than that in all; a slow name server or a trickling answer count too."""
    answer: Future[_T] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # handed on to the thread that waits
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    for _ in range(round(seconds / _POLL_SECONDS)):
        watch.check()
        with contextlib.suppress(TimeoutError):
            return answer.result(_POLL_SECONDS)
    raise TimeoutError


def _refusal(source: HubSource, error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403, 404):
        return f"the hub does not give {source.repo} to you (status {status})"
    if status is not None:
        return f"the hub answered with status {status}"
    if isinstance(error, ValueError) and "proxy" in str(error):
        return f"the proxy that the environment names is no address ({error})"
    return f"the hub cannot be reached ({type(error).__name__})"


def _snapshot(source: HubSource, info: ModelInfo) -> Snapshot:
    siblings = info.siblings or []
    files = tuple(_hub_file(found) for found in siblings if is_model_file(found.rfilename))
    if info.sha is None or not any(file.name.endswith(".safetensors") for file in files):
        raise SourceUnavailable(f"the hub has no safetensors of {source.repo}")
    return Snapshot(source.repo, info.sha, files)


def _hub_file(sibling: RepoSibling) -> HubFile:
    digest = sibling.lfs.sha256 if sibling.lfs else sibling.blob_id
    if not digest or sibling.size is None:
        raise SourceUnavailable(f"the hub announces no checksum for {sibling.rfilename}")
    return HubFile(sibling.rfilename, sibling.size, digest)


def _folder(snapshot: Snapshot, settings: Settings) -> Path:
    from huggingface_hub.file_download import repo_folder_name

    storage = repo_folder_name(repo_id=snapshot.repo, repo_type="model")
    return settings.hub_cache / storage / "snapshots" / snapshot.commit


def _missing_bytes(snapshot: Snapshot, folder: Path) -> int:
    return sum(file.size_bytes for file in snapshot.files if not (folder / file.name).exists())


def _download_missing(
    snapshot: Snapshot, source: HubSource, settings: Settings, watch: Watch
) -> None:
    total = _missing_bytes(snapshot, _folder(snapshot, settings))
    request = {
        "repo_id": snapshot.repo,
        "revision": source.revision,
        "endpoint": settings.hub_endpoint,
        "cache_dir": str(settings.hub_cache),
    }
    watch.report("downloading from the hub", 0, total)
    most = 0

    def show(done: int) -> None:
        nonlocal most  # bytes received and bytes written are counted apart; the larger is shown
        most = max(most, done)
        watch.report("downloading from the hub", min(most, total), total)

    finished = run_python(
        ["-m", "playground.models.acquire.hub_download", json.dumps(request)],
        watch,
        show,
        # The library's log would only repeat what the last line says; its bars we read.
        env={"HF_HUB_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "0"},
    )
    if finished.exit_code != 0:
        raise_if_full(finished.lines)
        reason = finished.lines[-1] if finished.lines else f"exit code {finished.exit_code}"
        raise SourceUnavailable(f"the download from the hub broke off ({reason.strip()})")
    watch.report("downloading from the hub", total, total)
    if _missing_bytes(snapshot, _folder(snapshot, settings)):
        raise SourceUnavailable(f"{snapshot.repo} changed on the hub during the download")


def _wrong_files(snapshot: Snapshot, folder: Path, watch: Watch) -> list[HubFile]:
    return [f for f in snapshot.files if not _matches(folder / f.name, f.digest, watch)]


def _matches(path: Path, digest: str, watch: Watch) -> bool:
    """Return True if a file has the SHA-256, or the git blob id, given."""
    from huggingface_hub.utils.sha import git_hash

    if len(digest) == _SHA256_DIGITS:
        return file_sha256(path, watch) == digest
    return git_hash(path.read_bytes()) == digest


def _drop(folder: Path, files: list[HubFile]) -> None:
    """Remove files from the hub's cache, so that they are downloaded anew."""
    for file in files:
        pointer = folder / file.name
        pointer.resolve().unlink(missing_ok=True)
        pointer.unlink(missing_ok=True)
