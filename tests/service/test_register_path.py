"""Models from a person's own folders and files."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from playground.errors import BrokenCache, ModelNotFound, ModelUnavailable
from playground.models.acquire.convert import convert_gguf
from playground.models.acquire.fetch import ensure_model, resolve
from playground.models.acquire.progress import Watch
from playground.settings import Settings
from tests.support.fetching import ProgressLog, settings_in
from tests.support.tiny_gguf import save_tiny_gguf
from tests.support.tiny_llama import save_tiny_llama


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home")


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """Give a copy that a test may spoil."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "My model"))


def test_ensure_model_uses_a_folder_where_it_lies(folder: Path, settings: Settings) -> None:
    installed = ensure_model(str(folder), settings)

    assert (installed.path, installed.source, installed.origin) == (folder, "folder", str(folder))
    assert installed.name == "My model"
    assert installed.parameters == 105_280
    assert installed.chat
    assert installed.quantized_origin is None
    assert not settings.models_dir.exists()


def test_ensure_model_knows_a_base_model_by_its_missing_template(
    folder: Path, settings: Settings
) -> None:
    (folder / "chat_template.jinja").unlink()

    assert not ensure_model(str(folder), settings).chat


def test_ensure_model_converts_a_gguf_file_once(
    tiny_folder: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    gguf = save_tiny_gguf(tiny_folder, tmp_path / "Tiny Llama.F32.gguf", quantize=False)
    log = ProgressLog()

    first = ensure_model(str(gguf), settings, log)

    assert log.stages == ["converting"]
    assert first.path.parent == settings.models_dir
    assert first.name.startswith("tiny-llama.f32-")
    assert first.quantized_origin is None  # FP32 in the file is full precision
    assert first.chat
    token_ids = torch.tensor([[1, 5, 7, 11]])
    original = AutoModelForCausalLM.from_pretrained(tiny_folder)(token_ids).logits
    converted = AutoModelForCausalLM.from_pretrained(first.path)(token_ids).logits
    torch.testing.assert_close(converted, original, atol=0, rtol=0)

    again = ProgressLog()
    assert ensure_model(str(gguf.parent), settings, again) == first  # the only one in its folder
    assert again.seen == []
    os.utime(gguf, (1, 1))  # another file of the same name is another model
    monkeypatch.setattr("playground.models.acquire.local.convert_gguf", _refuse_to_convert)
    with pytest.raises(RuntimeError, match="asked to convert"):
        ensure_model(str(gguf), settings)


def _refuse_to_convert(gguf: Path, _folder: Path, _watch: Watch) -> None:
    raise RuntimeError(f"asked to convert {gguf}")


def test_ensure_model_refuses_pickle_weights(folder: Path, settings: Settings) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    with pytest.raises(ModelUnavailable, match=r"pickle weights.*convert them to safetensors"):
        ensure_model(str(folder), settings)


@pytest.mark.parametrize(("model_type", "refused"), [("strange", True), ("llama", False)])
def test_ensure_model_refuses_foreign_code(
    folder: Path, settings: Settings, model_type: str, refused: bool
) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"auto_map": {"AutoModel": "strange.Model"}, "model_type": model_type}
    (folder / "config.json").write_text(json.dumps(config))

    if refused:
        with pytest.raises(ModelUnavailable, match=r"'strange'.*foreign code is never run"):
            ensure_model(str(folder), settings)
    else:
        assert ensure_model(str(folder), settings).path == folder


def test_ensure_model_refuses_an_encoder(folder: Path, settings: Settings) -> None:
    config = json.loads((folder / "config.json").read_text())
    for architectures, refused in (
        (["BertModel"], True),
        (["LlamaForSequenceClassification"], True),
        (["BertForMaskedLM"], True),
        (["GPT2LMHeadModel"], False),
        ([], False),
    ):
        (folder / "config.json").write_text(json.dumps(config | {"architectures": architectures}))
        if refused:
            with pytest.raises(
                ModelUnavailable, match=f"a {architectures[0]}, which has no head that writes text"
            ):
                ensure_model(str(folder), settings)
        else:
            assert ensure_model(str(folder), settings).path == folder


def test_ensure_model_names_a_missing_shard(folder: Path, settings: Settings) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    with pytest.raises(BrokenCache, match=r"names model-00002-of-00002\.safetensors"):
        ensure_model(str(folder), settings)


def test_ensure_model_refuses_a_broken_config(folder: Path, settings: Settings) -> None:
    (folder / "config.json").write_text("{")

    with pytest.raises(BrokenCache, match=r"config\.json is not JSON"):
        ensure_model(str(folder), settings)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ([], "There is no folder or file .*Models by name: smollm2"),
        (["empty/"], r"there is no config\.json"),
        (["half/config.json"], r"there is no \*\.safetensors"),
        (["two/a.gguf", "two/b.gguf"], r"several GGUF files.*a\.gguf, b\.gguf"),
        (["notes.txt"], r"notes\.txt is not a GGUF file"),
        (["fake.gguf"], r"fake\.gguf is not a GGUF file"),
    ],
)
def test_ensure_model_says_what_is_wrong_with_a_path(
    tmp_path: Path, settings: Settings, made: list[str], message: str
) -> None:
    for name in made:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.mkdir() if name.endswith("/") else path.write_text("{}")
    asked = made[0].split("/")[0] if made else "absent"

    with pytest.raises(ModelNotFound, match=message):
        ensure_model(str(tmp_path / asked), settings)


def test_resolve_prefers_a_catalog_name_to_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("gemma-3-270m", "mine"):
        (tmp_path / name).mkdir()

    entry = resolve("gemma-3-270m")

    assert not isinstance(entry, Path)
    assert entry.name == "gemma-3-270m"
    assert resolve("./gemma-3-270m") == Path("gemma-3-270m")
    assert resolve("mine") == Path("mine")
    with pytest.raises(ModelNotFound, match="no model named 'absent'"):
        resolve("absent")


def test_convert_reports_a_full_disk_as_the_disk_does(tiny_folder: Path, tmp_path: Path) -> None:
    gguf = save_tiny_gguf(tiny_folder, tmp_path / "tiny.gguf")
    target = tmp_path / "converted"
    target.mkdir()
    (target / "config.json").symlink_to("/dev/full")  # the kernel's own full disk

    with pytest.raises(OSError, match="No space left on device"):
        convert_gguf(gguf, target, Watch())


def test_a_pipe_is_no_model(tmp_path: Path, settings: Settings) -> None:
    os.mkfifo(tmp_path / "a.gguf")
    with pytest.raises(ModelNotFound, match="neither a folder nor a file"):
        ensure_model(str(tmp_path / "a.gguf"), settings)


def test_a_path_that_is_no_utf8_is_said_to_be_that_and_a_link_to_it_will_do(
    folder: Path, settings: Settings
) -> None:
    odd = folder.rename(folder.with_name("m\udcff"))
    shown = f"{odd.parent}/m\N{REPLACEMENT CHARACTER}"
    for name in (str(odd), shown):
        with pytest.raises(ModelNotFound) as raised:
            ensure_model(name, settings)
        assert str(raised.value).startswith(f"A path must be UTF-8, and {shown} holds bytes")
    link = folder.with_name("plain")
    link.symlink_to(odd)
    assert ensure_model(str(link), settings).path == link
