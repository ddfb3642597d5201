"""A config that was changed here and there: the core runs it as transformers does, or refuses it.

What a family passes over in a config, and what it takes, is transformers' affair and told nowhere;
so many changes are tried, drawn by seeds, also those that make sense in another family alone.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playground.errors import PlaygroundError
from playground.models.acquire.local import register_path
from playground.models.engines.choice import load_engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from tests.support.core_reach import TEXT
from tests.support.fetching import settings_in
from tests.support.tiny_families import LINEAR, LLAMA3, RUNS, YARN, save_tiny

Logits = np.ndarray[Any, Any]

CHANGES: dict[str, list[Any]] = {
    "attention_bias": [True, None],
    "attn_logit_softcapping": [5.0],
    "final_logit_softcapping": [2.0, 0, None],
    "hidden_act": ["gelu_pytorch_tanh", "silu", "relu"],
    "hidden_activation": ["gelu_pytorch_tanh", "silu", "relu"],
    "is_causal": [False],
    "layer_types": [None, ["sliding_attention"] * 3, ["full_attention"] * 3, ["strange"] * 3, 7],
    "max_window_layers": [0, 2],
    "model_type": list(RUNS),
    "num_key_value_heads": [1, 4],
    "partial_rotary_factor": [0.5, 1.0, None],
    "query_pre_attn_scalar": [5, 100],
    "rope_local_base_freq": [500.0],
    "rope_parameters": [
        None,
        {},
        LINEAR,
        LLAMA3,
        YARN,
        {"rope_type": "default", "rope_theta": 500.0},
        {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5},
        {"full_attention": {"rope_type": "default", "rope_theta": 500.0}},
    ],
    "rope_scaling": [None, {"type": "linear", "factor": 2.0}],
    "rope_theta": [500.0],
    "sliding_window": [None, 0, 1, 9, 1000],
    "sliding_window_pattern": [2],
    "tie_word_embeddings": [True, False],
    "use_bidirectional_attention": [True],
    "use_sliding_window": [True, False],
}
SEEDS = 24


def change(folder: Path, rng: random.Random) -> dict[str, Any]:
    path = folder / "config.json"
    names = rng.sample(list(CHANGES), rng.choice([1, 1, 2, 3]))
    changed = {name: rng.choice(CHANGES[name]) for name in names}
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changed}), "utf-8")
    return changed


def run(folder: Path, home: Path, engine: EngineName) -> Logits | None:
    """Return the logits of a text, None where the model is refused with a sentence."""
    try:
        model = register_path(folder, settings_in(home))
        return load_engine(model, Precision.FP32, engine).logits_at_each(TEXT[:60])
    except PlaygroundError:
        return None


def run_theirs(folder: Path, home: Path) -> Logits | None:
    """Return what transformers says; a fault of its own while it computes says nothing of us."""
    try:
        return run(folder, home, EngineName.TRANSFORMERS)
    except Exception:  # transformers fails over odd configs in any way
        return None


@pytest.mark.parametrize("family", RUNS)
def test_a_changed_config_runs_as_in_transformers_or_is_refused(
    tmp_path: Path, family: str
) -> None:
    whole, home = save_tiny(tmp_path / "whole", family), tmp_path / "home"
    agreed = 0
    for seed in range(SEEDS):
        folder = tmp_path / f"{seed}"
        shutil.copytree(whole, folder)
        changed = change(folder, random.Random(f"{family} {seed}"))
        if (theirs := run_theirs(folder, home)) is None:
            continue
        automatic = run(folder, home, EngineName.AUTO)
        assert automatic is not None, f"refused, though transformers runs it: {changed}"
        np.testing.assert_allclose(automatic, theirs, atol=1e-4, rtol=0, err_msg=str(changed))
        agreed += run(folder, home, EngineName.CORE) is not None
    assert agreed >= SEEDS // 4
