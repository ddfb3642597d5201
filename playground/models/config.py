"""The config of a model folder, as transformers reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playground.models.foreign import walled
from playground.models.libraries import import_libraries

if TYPE_CHECKING:
    from transformers import PretrainedConfig


@walled("the config")
def read_model_config(folder: Path) -> PretrainedConfig:
    """Return what ``config.json`` says; no network, no remote code.

    Raises
    ------
    BrokenCache
        When transformers cannot read it.
    """
    import_libraries()
    from transformers import AutoConfig

    config: PretrainedConfig = AutoConfig.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    return config
