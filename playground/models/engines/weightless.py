"""A network by its config alone, on "meta": shapes and names, and no weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playground.errors import BrokenCache
from playground.models.acquire.folder import read_json
from playground.models.foreign import is_of_a_library, reason_of
from playground.models.libraries import building, import_libraries

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel


def build_weightless(config: PretrainedConfig, folder: Path) -> PreTrainedModel:
    """Return the network that a config asks for.

    Parameters
    ----------
    config : PretrainedConfig
        Of the folder.
    folder : Path
        For the sentence.

    Raises
    ------
    BrokenCache
        When transformers cannot build it.
    """
    import_libraries()
    import torch
    from transformers import AutoModelForCausalLM

    try:
        # Not accelerate's `init_empty_weights`, which changes a class of torch for all threads.
        with building, torch.device("meta"):
            network: PreTrainedModel = AutoModelForCausalLM.from_config(config)
    except BaseException as error:
        if not is_of_a_library(error):
            raise
        raise BrokenCache(why_not_built(folder, error)) from error
    return network


def why_not_built(folder: Path, error: BaseException) -> str:
    """Return a sentence of what transformers raised over a folder, with its architecture."""
    architecture = read_json(folder / "config.json").get("model_type")
    return (
        f"{folder} cannot be read as a model: transformers does not build the architecture "
        f"{architecture!r} out of its files ({reason_of(error)}). Copy the folder again, or choose "
        "another model."
    )
