"""Folders that are not whole, or hold what is foreign: refused with file and reason, or run right.

A fault is a function that spoils a copy of a whole folder. Each is tried through both engines.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from playground.errors import PlaygroundError
from playground.models.acquire.local import register_path
from playground.models.engines.choice import load_engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from tests.support.fetching import settings_in
from tests.support.tiny_llama import save_tiny_llama

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
IDS = np.random.default_rng(0).integers(3, 200, 40)


def change_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS, {"format": "pt"})


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: rewrite(folder, lambda tensors: tensors.pop(name))


def another_shape(folder: Path) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    rewrite(folder, lambda tensors: tensors.update({name: tensors[name][:-1].contiguous()}))


def untied_without_a_head(folder: Path) -> None:
    change_config(folder, tie_word_embeddings=False)


def quantized_before(method: str) -> Callable[[Path], None]:
    return lambda folder: change_config(folder, quantization_config={"quant_method": method})


def a_classifier(folder: Path) -> None:
    change_config(folder, architectures=["LlamaForSequenceClassification"])


def cut(folder: Path) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:-100])


def empty(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"")


def a_pointer(folder: Path) -> None:
    (folder / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")


def a_lying_header(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((2**63).to_bytes(8, "little") + b"{}")


def a_dangling_link(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    (folder / WEIGHTS).symlink_to(folder / "nowhere")


def a_folder_for_weights(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    (folder / WEIGHTS).mkdir()


def another_name(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "weights.safetensors")


def index(folder: Path, weight_map: Any) -> None:
    (folder / INDEX).write_text(json.dumps({"weight_map": weight_map}), "utf-8")


def an_index_of_nothing(folder: Path) -> None:
    (folder / INDEX).write_text("[]", "utf-8")


def an_index_that_lies(folder: Path) -> None:
    index(folder, {**dict.fromkeys(load_file(folder / WEIGHTS), WEIGHTS), "no.such": WEIGHTS})


def an_index_to_elsewhere(folder: Path) -> None:
    index(folder, dict.fromkeys(load_file(folder / WEIGHTS), f"../{folder.name}/{WEIGHTS}"))


def a_larger_tokenizer(folder: Path) -> None:
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text("utf-8"))
    size = json.loads((folder / "config.json").read_text("utf-8"))["vocab_size"]
    extra = {**content["added_tokens"][-1], "id": size + 2, "content": "<extra>"}
    content["added_tokens"].append(extra)
    content["model"]["vocab"] |= {f"<{place}>": size + place for place in range(3)}
    path.write_text(json.dumps(content), "utf-8")


def twice(name: str, other: str) -> Callable[[Path], None]:
    """Lay a weight beside itself under another name, with other numbers."""
    return lambda folder: rewrite(
        folder, lambda tensors: tensors.update({other: torch.randn_like(tensors[name])})
    )


NORM, UP = "layers.1.input_layernorm.weight", "layers.0.mlp.up_proj.weight"
REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "a norm twice": (twice(f"model.{NORM}", NORM), rf"as {NORM} and as model\.{NORM}"),
    "a matrix twice": (twice(f"model.{UP}", UP), rf"as {UP} and as model\.{UP}"),
    "no norm": (without("model.norm.weight"), "model.norm.weight"),
    "no up": (without("model.layers.1.mlp.up_proj.weight"), "model.layers.1.mlp.up_proj"),
    "no embedding": (without("model.embed_tokens.weight"), "embed_tokens|lm_head"),
    "another shape": (another_shape, "model.layers.0.mlp.up_proj"),
    "untied without a head": (untied_without_a_head, "lm_head.weight"),
    "classifier": (a_classifier, "LlamaForSequenceClassification"),
    **{
        f"quantized before: {method}": (quantized_before(method), method)
        for method in ("bitsandbytes", "gptq", "awq", "fp8")
    },
    "cut": (cut, WEIGHTS),
    "empty": (empty, WEIGHTS),
    "git-lfs": (a_pointer, "a pointer that git-lfs left"),
    "lying header": (a_lying_header, WEIGHTS),
    "dangling link": (a_dangling_link, WEIGHTS),
    "a folder": (a_folder_for_weights, WEIGHTS),
    "another name": (another_name, WEIGHTS),
    "an index of nothing": (an_index_of_nothing, INDEX),
    "an index that lies": (an_index_that_lies, "no.such"),
    "a larger tokenizer": (a_larger_tokenizer, "they are of different models"),
    "an index to elsewhere": (an_index_to_elsewhere, INDEX),
}


def logits(folder: Path, home: Path, engine: EngineName) -> np.ndarray[Any, Any]:
    model = register_path(folder, settings_in(home))
    return load_engine(model, Precision.FP32, engine).logits_at_each(IDS)


@pytest.mark.parametrize("engine", [EngineName.CORE, EngineName.TRANSFORMERS])
@pytest.mark.parametrize("fault", REFUSED)
def test_a_folder_that_would_run_wrong_is_refused_with_its_reason(
    tmp_path: Path, fault: str, engine: EngineName
) -> None:
    folder = save_tiny_llama(tmp_path / "model")
    spoil, reason = REFUSED[fault]
    spoil(folder)
    with pytest.raises(PlaygroundError, match=reason) as raised:
        logits(folder, tmp_path / "home", engine)
    assert str(folder) in str(raised.value) or folder.name in str(raised.value)


def another_shape_of(name: str) -> Callable[[Path], None]:
    def cut_a_row(tensors: dict[str, Any]) -> None:
        tensors[name] = tensors[name][:-1].contiguous()

    return lambda folder: rewrite(folder, cut_a_row)


@pytest.mark.parametrize("precision", [each for each in Precision if each is not Precision.FP32])
@pytest.mark.parametrize(
    "name",
    ["embed_tokens", "layers.0.self_attn.k_proj", "layers.1.mlp.down_proj", "norm"],
)
def test_no_precision_takes_a_tensor_of_another_shape(
    tmp_path: Path, name: str, precision: Precision
) -> None:
    folder = save_tiny_llama(tmp_path / "model")
    another_shape_of(f"model.{name}.weight")(folder)
    model = register_path(folder, settings_in(tmp_path / "home"))
    core = precision is Precision.INT8_HEAD  # nobody else has it
    with pytest.raises(PlaygroundError, match=name):
        load_engine(model, precision, EngineName.CORE if core else EngineName.TRANSFORMERS)


def stray(folder: Path) -> None:
    """Lay another model's weights beside an index that does not name them."""
    index(folder, dict.fromkeys(load_file(folder / WEIGHTS), WEIGHTS))
    noise = {name: torch.randn_like(each) for name, each in load_file(folder / WEIGHTS).items()}
    save_file(noise, folder / "adapter.safetensors", {"format": "pt"})


def stray_without_an_index(folder: Path) -> None:
    noise = {name: torch.randn_like(each) for name, each in load_file(folder / WEIGHTS).items()}
    save_file(noise, folder / "zz.safetensors", {"format": "pt"})


def a_head_beside_a_tied_embedding(folder: Path) -> None:
    table = load_file(folder / WEIGHTS)["model.embed_tokens.weight"]
    rewrite(folder, lambda tensors: tensors.update({"lm_head.weight": torch.randn_like(table)}))


@pytest.mark.parametrize("engine", [EngineName.CORE, EngineName.TRANSFORMERS])
@pytest.mark.parametrize("spoil", [stray, stray_without_an_index])
def test_what_is_foreign_does_not_come_in(
    tmp_path: Path, spoil: Callable[[Path], None], engine: EngineName
) -> None:
    folder = save_tiny_llama(tmp_path / "model")
    before = logits(folder, tmp_path / "home", engine)
    spoil(folder)
    np.testing.assert_array_equal(logits(folder, tmp_path / "home", engine), before)


def test_a_head_beside_a_tied_embedding_is_the_models_for_both_engines(tmp_path: Path) -> None:
    folder = save_tiny_llama(tmp_path / "model")
    a_head_beside_a_tied_embedding(folder)
    core, theirs = (logits(folder, tmp_path / "home", engine) for engine in list(EngineName)[1:])
    np.testing.assert_allclose(core, theirs, atol=1e-4)
