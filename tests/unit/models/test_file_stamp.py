"""Files that change under a running program are read anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision, read_shape
from playground.models.engines.unloaded import read_unloaded
from playground.models.file_stamp import stamp_of
from playground.models.text.tokenizer import load_tokenizer
from playground.serving import Pool
from playground.settings import Settings
from tests.support.tiny_llama import save_tiny_llama

READERS: dict[str, Callable[[Path], object]] = {
    "tokenizer": lambda folder: load_tokenizer(folder).vocab_size,
    "window": lambda folder: read_unloaded(folder).context_length,
    "shape": read_shape,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_tiny_llama(tmp_path / "mine")


def alter(folder: Path) -> None:
    """Make the model another one: half the window, one layer less, a token more."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["max_position_embeddings"] //= 2
    config["num_hidden_layers"] -= 1
    path.write_text(json.dumps(config))
    path = folder / "tokenizer.json"
    told = json.loads(path.read_text())
    last = max(told["model"]["vocab"].values()) + len(told["added_tokens"])
    told["added_tokens"].append({**told["added_tokens"][-1], "id": last + 1, "content": "<new>"})
    path.write_text(json.dumps(told))


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_what_is_remembered_of_a_folder_is_read_anew_once_it_changed(
    read: Callable[[Path], object], folder: Path
) -> None:
    before = read(folder)
    assert read(folder) == before
    alter(folder)
    assert read(folder) != before


def test_a_folder_that_changed_answers_with_its_new_weights(folder: Path, tmp_path: Path) -> None:
    pool = Pool(Settings.from_env({"PLAYGROUND_HOME": str(tmp_path / "home")}))
    choice = ModelChoice(str(folder), Precision.FP32)
    with pool.lease(choice) as model:
        first = model.engine
    with pool.lease(choice) as model:
        assert model.engine is first
        other = save_tiny_llama(tmp_path / "other", seed=7)
        (other / "model.safetensors").replace(folder / "model.safetensors")
        with pool.lease(choice) as changed:
            assert changed.engine is not first
            assert (changed.engine.embedding_table() != first.embedding_table()).any()
        assert model.generate("Hello", temperature=0, max_new_tokens=2).steps
    pool.close()


def test_the_stamp_of_what_is_not_there_is_empty(tmp_path: Path) -> None:
    assert stamp_of(tmp_path / "none") == stamp_of(tmp_path / ("x" * 5_000)) == ()
    (tmp_path / "notes.txt").write_text("none of the model's")
    assert stamp_of(tmp_path) == ()
