"""What a folder of weights holds, and whether it is safe and whole."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from playground.errors import BrokenCache, ModelNotFound, ModelUnavailable
from playground.models.libraries import import_libraries

# Weights as safetensors, config, tokenizer; never pickles, never code.
MODEL_FILES = [
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "chat_template*",
    "added_tokens.json",
]

INDEX = "model.safetensors.index.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def is_model_file(name: str) -> bool:
    """Return True for a file of the model; one in a subfolder is of another format."""
    return "/" not in name and any(fnmatchcase(name, pattern) for pattern in MODEL_FILES)


def model_files(folder: Path) -> list[Path]:
    """Return the files of a folder that belong to the model, by name."""
    return sorted(path for path in folder.iterdir() if is_model_file(path.name))


def require_safe_weights(folder: Path) -> None:
    """Accept a folder with a config and safetensors; refuse whatever could run code.

    Raises
    ------
    ModelNotFound
        No config or no weights there.
    ModelUnavailable
        Only pickle weights, or a model that brings its own code.
    BrokenCache
        A file that the index of a sharded model names is missing.
    """
    if not (folder / "config.json").is_file():
        raise ModelNotFound(f"{folder} holds no model: there is no config.json.")
    if not any(folder.glob("*.safetensors")):
        if any(path for pattern in _PICKLES for path in folder.glob(pattern)):
            raise ModelUnavailable(
                f"{folder} holds pickle weights, which can run code; convert them to safetensors."
            )
        raise ModelNotFound(f"{folder} holds no model: there is no *.safetensors.")
    _require_known_code(folder)
    _require_shards(folder)


def require_text_model(folder: Path) -> None:
    """Refuse a model that has no head to write text with, such as an encoder for sentences.

    transformers would give it one of random numbers.

    Raises
    ------
    ModelUnavailable
        Its config names nothing but a bare body.
    """
    named = _read_json(folder / "config.json").get("architectures") or []
    if named and all(name.endswith("Model") and "LMHead" not in name for name in named):
        raise ModelUnavailable(
            f"{folder} holds a {named[0]}, which turns text into vectors and has no head that "
            "writes any; choose a model that writes text."
        )


def has_chat_template(folder: Path) -> bool:
    """Return True if the tokenizer in the folder knows how to write a conversation."""
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return True
    return bool(_read_json(folder / "tokenizer_config.json").get("chat_template"))


def count_parameters(folder: Path) -> int:
    """Return how many numbers the safetensors of the folder hold."""
    from safetensors import safe_open

    total = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="numpy") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - not a mapping: it has keys() alone
                total += _product(tensors.get_slice(name).get_shape())
    return total


def _require_known_code(folder: Path) -> None:
    config = _read_json(folder / "config.json")
    if "auto_map" not in config:
        return
    import_libraries()
    from transformers import CONFIG_MAPPING

    if config.get("model_type") not in CONFIG_MAPPING:
        raise ModelUnavailable(
            f"{folder} brings code of its own ('auto_map' in config.json) for the model type "
            f"{config.get('model_type')!r}, which transformers does not know; foreign code is "
            f"never run here."
        )


def _require_shards(folder: Path) -> None:
    shards = set(_read_json(folder / INDEX).get("weight_map", {}).values())
    if missing := sorted(name for name in shards if not (folder / name).is_file()):
        raise BrokenCache(
            f"{folder} is not whole: {INDEX} names {missing[0]}, which is missing. Copy the "
            f"folder again."
        )


def _read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; an empty one if there is no such file."""
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise BrokenCache(f"{path} is not JSON ({error}). Copy the file again.") from error
    return content if isinstance(content, dict) else {}


def _product(shape: list[int]) -> int:
    product = 1
    for length in shape:
        product *= length
    return product
