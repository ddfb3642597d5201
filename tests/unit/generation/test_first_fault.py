"""A weight that is no number: the reply's error names the layer it sits in, in both engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from playground.errors import NotFinite
from playground.generation.first_fault import MOST_TOKENS, find_first_fault
from playground.generation.language_model import LanguageModel
from playground.models.acquire.local import register_path
from playground.models.acquire.store import InstalledModel
from playground.models.engines.core_model import load_core_engine
from playground.models.engines.engine import Engine
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import load_transformers_engine
from playground.settings import Settings
from tests.support.tiny_llama import save_tiny_llama

Load = Callable[[InstalledModel, Precision], Engine]
LOADERS = pytest.mark.parametrize("load", [load_core_engine, load_transformers_engine])


def broken(folder: Path, weight: str, load: Load) -> Engine:
    """Load a tiny model of three layers in which one number of a weight is NaN."""
    from safetensors.torch import load_file, save_file

    save_tiny_llama(folder, num_hidden_layers=3, tie_word_embeddings=False)
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors[weight].view(-1)[0] = float("nan")
    save_file(tensors, path, metadata={"format": "pt"})
    return load(register_path(folder, Settings.from_env()), Precision.FP32)


@LOADERS
@pytest.mark.parametrize(
    ("weight", "place"),
    [
        ("model.layers.0.mlp.up_proj.weight", "that of layer 1 of 3."),
        ("model.layers.1.mlp.down_proj.weight", "that of layer 2 of 3."),
        ("model.layers.1.self_attn.q_proj.weight", "that of layer 2 of 3."),
        ("model.layers.0.self_attn.k_proj.weight", "that of layer 1 of 3."),
        ("model.layers.1.self_attn.v_proj.weight", "that of layer 2 of 3."),
        ("model.norm.weight", "that of layer 3 of 3, or of the norm behind it."),
        ("lm_head.weight", "that of the head, behind them, is not."),
    ],
)
def test_the_first_layer_whose_output_is_not_finite_is_named(
    tmp_path: Path, load: Load, weight: str, place: str
) -> None:
    model = LanguageModel(broken(tmp_path / "broken", weight, load))
    for ask in (
        lambda: model.generate("The quick fox", temperature=0, max_new_tokens=4).text,
        lambda: model.next_token_logits("The quick fox"),
    ):
        with pytest.raises(NotFinite, match="take the model at BF16 or FP32") as caught:
            ask()
        assert str(caught.value).endswith(place)


@LOADERS
def test_a_healthy_model_has_no_fault_and_a_long_row_is_looked_at_in_part(
    tiny_model_folder: Path, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load(register_path(tiny_model_folder, Settings.from_env()), Precision.FP32)
    assert find_first_fault(engine, [5, 6, 7]) == ""
    read: list[int] = []

    def hidden_states(ids: np.ndarray[tuple[int], np.dtype[np.int64]]) -> object:
        read.append(len(ids))
        return np.full((3, 1, 1), np.nan, np.float32)

    monkeypatch.setattr(engine, "hidden_states", hidden_states)
    assert find_first_fault(engine, [5] * (MOST_TOKENS + 9)).endswith("that of the embedding.")
    assert read == [MOST_TOKENS]
