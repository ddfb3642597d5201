"""The tensors of a folder, each held to the name and shape that the architecture needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from playground.errors import BrokenCache
from playground.models.acquire.weight_files import opened, tensor_files
from playground.models.engines.core_tensors import needed_shapes
from playground.models.engines.linear_layers import Float32Array
from playground.models.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from transformers import PretrainedConfig


def read_weights(folder: Path, config: PretrainedConfig) -> dict[str, Float32Array]:
    """Read the tensors of a model's folder as float32 arrays, by name.

    What the architecture does not need stays out. A head of its own counts although the config
    ties it to the embedding, as it does for transformers.

    Raises
    ------
    BrokenCache
        When the files are not those of the whole model.
    """
    weights = _read(folder)
    require_once({name: name.removeprefix("model.") for name in weights}, folder)
    needed = needed_shapes(config, own_head="lm_head.weight" in weights)
    for name, shape in needed.items():
        if name not in weights:
            raise BrokenCache(
                f"{folder} lacks the tensor {name}, which a {config.model_type} of this shape "
                "needs; copy the folder again."
            )
        if (found := weights[name].shape) != shape:
            raise BrokenCache(
                f"{name} in {folder} has the shape {found}, and config.json asks for {shape}; "
                "copy the folder again."
            )
    return {name: weights[name] for name in needed}


def require_once(places: Mapping[str, str], folder: Path) -> None:
    """Refuse a folder that holds one weight twice, such as with and without a prefix.

    Parameters
    ----------
    places : mapping of str to str
        Which weight each tensor becomes, by the tensor's name.
    folder : Path
        For the sentence.

    Raises
    ------
    BrokenCache
        With both names.
    """
    first: dict[str, str] = {}
    for name, place in sorted(places.items()):
        if (other := first.setdefault(place, name)) != name:
            raise BrokenCache(
                f"{folder} holds one weight twice, as {other} and as {name}, and which of them "
                "is the model's cannot be known; take one out, or copy the folder again."
            )


def require_rows(tokenizer: Tokenizer, rows: int, folder: Path) -> None:
    """Hold the embedding to the tokenizer: each of its ids has a row.

    Raises
    ------
    BrokenCache
        When there are fewer rows than ids.
    """
    if tokenizer.vocab_size > rows:
        raise BrokenCache(
            f"The tokenizer in {folder} has ids up to {tokenizer.vocab_size - 1:,}, and the "
            f"model's embedding {rows:,} rows, from 0 on; they are of different models. Copy the "
            "folder again."
        )


def _read(folder: Path) -> dict[str, Float32Array]:
    files = tensor_files(folder)
    weights: dict[str, Float32Array] = {}
    for path in sorted(set(files.values())):
        with opened(path) as tensors:
            for name in (name for name, place in files.items() if place == path):
                weights[name] = tensors.get_tensor(name).float().numpy()
    return weights
