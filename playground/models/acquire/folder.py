"""What a folder of weights holds, and whether it is safe and whole."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from math import prod
from pathlib import Path
from typing import Any

from playground.errors import BrokenCache, ModelNotFound, ModelUnavailable
from playground.models.acquire.weight_files import tensor_files, tensor_shapes
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

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def is_model_file(name: str) -> bool:
    """Return True for a file of the model; one in a subfolder is of another format."""
    return "/" not in name and any(fnmatchcase(name, pattern) for pattern in MODEL_FILES)


def model_files(folder: Path) -> list[Path]:
    """Return the files of a folder that belong to the model, by name."""
    return sorted(path for path in folder.iterdir() if is_model_file(path.name))


def require_readable(folder: Path) -> None:
    """Refuse what would hang whoever opens it, and a template that is read from elsewhere.

    Raises
    ------
    BrokenCache
        When a file of the model is a pipe, a folder, or a link to nothing, or when the template
        leads out of the model: what it holds would be shown as part of every prompt.
    """
    # A hub's cache keeps the files of a snapshot two folders up, and links to them.
    home = folder.parent.parent if folder.parent.name == "snapshots" else folder
    for path in model_files(folder):
        if not path.is_file():
            raise BrokenCache(f"{path} is no file that can be read; copy the folder again.")
        if "template" in path.name and not path.resolve().is_relative_to(home.resolve()):
            raise BrokenCache(
                f"{path} must be a file of the model, and is a link to {path.resolve()}; put a "
                "copy in its place."
            )


def require_safe_weights(folder: Path) -> None:
    """Accept a folder with a config and safetensors; refuse whatever could run code.

    Raises
    ------
    ModelNotFound
        No config or no weights there.
    ModelUnavailable
        Only pickle weights, or a model that brings its own code.
    BrokenCache
        Weights that are not whole.
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
    tensor_files(folder)


def require_text_model(folder: Path) -> None:
    """Refuse what has no head to write text with, and weights that were quantized before.

    transformers would give the first a head of random numbers; the codes of the second are no
    weights.

    Raises
    ------
    ModelUnavailable
        With what it is, and what to choose.
    """
    config = read_json(folder / "config.json")
    named = config.get("architectures") or []
    if named and not any(_writes_text(str(name)) for name in named):
        raise ModelUnavailable(
            f"{folder} holds a {named[0]}, which has no head that writes text; choose a model "
            "that writes text, such as a ...ForCausalLM."
        )
    if config.get("is_encoder_decoder"):
        raise ModelUnavailable(
            f"{folder} holds an encoder with a decoder ({config.get('model_type')}), which "
            "translates a text into another; choose a model that continues one, such as a "
            "...ForCausalLM."
        )
    if before := config.get("quantization_config"):
        how = before.get("quant_method", "an unknown way") if isinstance(before, dict) else before
        raise ModelUnavailable(
            f"{folder} holds weights that were quantized before ({how}), which are not run here; "
            "give the original weights, and choose the precision here."
        )


def _writes_text(architecture: str) -> bool:
    # The last is what models of text and pictures are called; transformers takes their text part.
    if architecture.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")):
        return True
    import_libraries()
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    # Some are called otherwise, such as BertGenerationDecoder.
    return architecture in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()


def has_chat_template(folder: Path) -> bool:
    """Return True if the tokenizer in the folder knows how to write a conversation."""
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return True
    return bool(read_json(folder / "tokenizer_config.json").get("chat_template"))


def count_parameters(folder: Path) -> int:
    """Return how many numbers the safetensors of the folder hold."""
    return sum(prod(shape) for shape in tensor_shapes(folder).values())


def _require_known_code(folder: Path) -> None:
    config = read_json(folder / "config.json")
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


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; an empty one if there is no such file."""
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except ValueError as error:
        raise BrokenCache(f"{path} is not JSON ({error}). Copy the file again.") from error
    if not isinstance(content, dict):
        raise BrokenCache(
            f"{path} must hold a JSON object, got a {type(content).__name__}. Copy the file again."
        )
    return content
