"""What a fetch tells while it runs, and how it is told to stop."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playground.errors import FetchCancelled, FetchFailed

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class FetchProgress:
    """Where a fetch stands.

    Parameters
    ----------
    stage : str
        In words: "asking the hub", "downloading", "checking", "converting".
    done_bytes : int
        Of this stage.
    total_bytes : int or None
        Of this stage; None where it is not known.
    """

    stage: str
    done_bytes: int = 0
    total_bytes: int | None = None


class SourceUnavailable(FetchFailed):
    """One source cannot give the model now; another may. The message is half a sentence."""


def ignore(_progress: FetchProgress) -> None:
    """Show no progress."""


def never() -> bool:
    """Run to the end."""
    return False


@dataclass(frozen=True)
class Watch:
    """The person who waits: is shown progress and may stop the fetch."""

    on_progress: Callable[[FetchProgress], None] = ignore
    cancelled: Callable[[], bool] = never

    def report(self, stage: str, done_bytes: int = 0, total_bytes: int | None = None) -> None:
        """Show progress; end the fetch if that is wanted."""
        self.check()
        self.on_progress(FetchProgress(stage, done_bytes, total_bytes))

    def check(self) -> None:
        """Raise `FetchCancelled` if the fetch is to end."""
        if self.cancelled():
            raise FetchCancelled(
                "The fetch was stopped; files that were complete are kept for the next try."
            )


def file_sha256(path: Path, watch: Watch) -> str:
    """Return the SHA-256 of a file as hexadecimal digits, reporting as "checking"."""
    digest, total, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            watch.report(f"checking {path.name}", done, total)
    return digest.hexdigest()
