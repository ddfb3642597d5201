"""A model whose weights nobody has read: its tokenizer and its window, enough to count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playground.models.config import read_model_config
from playground.models.file_stamp import once_per_version
from playground.models.text.tokenizer import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from transformers import PretrainedConfig

_WINDOW_NAMES = ("max_position_embeddings", "seq_length", "max_seq_len")

# Tokens for a model that names no window: what those without one were trained on.
WINDOW = 2048


@dataclass(frozen=True)
class UnloadedModel:
    """What a folder says without its weights.

    Parameters
    ----------
    tokenizer : Tokenizer
        Counts.
    context_length : int
        Tokens that the model can hold.
    """

    tokenizer: Tokenizer
    context_length: int


def read_unloaded(folder: Path) -> UnloadedModel:
    """Return what a model's folder says without its weights; each file is read once."""
    return UnloadedModel(load_tokenizer(folder), _read_context_length(folder))


def context_length_of(config: PretrainedConfig) -> int:
    """Return how many tokens a model can hold, or `WINDOW` where its config names no end."""
    text = config.get_text_config()
    # BLOOM and MPT say what they were trained on; a state such as Mamba's has no end of its own.
    named = (getattr(text, name, None) for name in _WINDOW_NAMES)
    return int(next((length for length in named if length), WINDOW))


@once_per_version(8)
def _read_context_length(folder: Path) -> int:
    return context_length_of(read_model_config(folder))


def embedding_rows(folder: Path) -> int:
    """Return how many rows the embedding has by the config, which a load holds it to."""
    return int(read_model_config(folder).get_text_config().vocab_size)
