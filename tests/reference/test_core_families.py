"""Every family of the core against transformers' own attention in FP32, on tiny random models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from playground.core.capture import Capture
from playground.errors import PrecisionUnavailable
from playground.generation.language_model import LanguageModel
from playground.models.acquire.local import register_path
from playground.models.engines.choice import load_engine, pick_engine
from playground.models.engines.compiled import ready
from playground.models.engines.compiled.decoder import CompiledTransformer
from playground.models.engines.core_families import FAMILIES, unsupported_reason
from playground.models.engines.core_model import CoreEngine, load_core_engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import load_transformers_engine
from tests.support.compiled_kernels import compiled_kernels
from tests.support.core_reach import (
    TEXT,
    bounds_in_docs,
    in_docs,
    installed,
    largest_difference,
    rounded_up,
    tables,
    their_logits,
)
from tests.support.fetching import settings_in
from tests.support.tiny_families import REFUSED, RUNS, save_tiny, tiny_config

CASES = [(family, case) for family, cases in RUNS.items() for case in cases]
TOLERANCE = 1e-4
every_case = pytest.mark.parametrize(("family", "case"), CASES)


@every_case
def test_logits_at_every_place_equal_transformers(tmp_path: Path, family: str, case: str) -> None:
    stated = float(bounds_in_docs()[family])
    assert stated <= TOLERANCE
    assert largest_difference(tmp_path, family, case) < stated


@pytest.mark.parametrize("compiled", [False, True], ids=["by NumPy", "compiled"])
@every_case
def test_steps_with_a_cache_and_batches_of_different_pasts_equal_the_whole_pass(
    tmp_path: Path, family: str, case: str, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels = compiled_kernels() if compiled else None
    monkeypatch.setattr(ready, "kernels", lambda: kernels)
    model = installed(tmp_path, family, case)
    engine = load_core_engine(model, Precision.FP32)
    assert isinstance(engine.network, CompiledTransformer)
    assert engine.network.plan is not None  # so that every family of the core has its step
    expected = their_logits(model.path, TEXT)
    caches = [engine.new_cache(), engine.new_cache()]
    # One row is read in long pieces, the other is far behind.
    for start, stop in ((0, 1), (1, 140), (140, 290)):
        logits = engine.forward(TEXT[None, start:stop], caches[:1])
        np.testing.assert_allclose(logits[0], expected[stop - 1], atol=TOLERANCE, rtol=0)
    engine.forward(TEXT[None, :15], caches[1:])
    for step in range(12):
        places = np.array([290 + step, 15 + step])
        logits = engine.forward(TEXT[places][:, None], caches)
        np.testing.assert_allclose(logits, expected[places], atol=TOLERANCE, rtol=0)
    both = np.array([[302, 303, 304], [27, 28, 29]])
    logits = engine.forward(TEXT[both], caches)
    np.testing.assert_allclose(logits, expected[both[:, -1]], atol=TOLERANCE, rtol=0)


@every_case
def test_text_at_temperature_zero_equals_transformers(
    tmp_path: Path, family: str, case: str
) -> None:
    model = installed(tmp_path, family, case)
    messages = [{"role": "user", "content": "What is the capital of France? It is Paris."}]
    texts = [
        LanguageModel(load(model, Precision.FP32))
        .generate(messages, temperature=0, max_new_tokens=40)
        .text
        for load in (load_core_engine, load_transformers_engine)
    ]
    assert texts[0] == texts[1]
    assert texts[0]


@every_case
def test_hidden_states_equal_transformers(tmp_path: Path, family: str, case: str) -> None:
    model = installed(tmp_path, family, case)
    ours = load_core_engine(model, Precision.FP32).hidden_states(TEXT)
    theirs = load_transformers_engine(model, Precision.FP32).hidden_states(TEXT)
    np.testing.assert_allclose(ours, theirs, atol=TOLERANCE, rtol=1e-5)


@every_case
def test_the_cores_own_attention_shows_who_looked_at_whom(
    tmp_path: Path, family: str, case: str
) -> None:
    model = installed(tmp_path, family, case)
    core = load_core_engine(model, Precision.FP32)
    network = load_transformers_engine(model, Precision.FP32).network
    network.set_attn_implementation("eager")
    capture = Capture()  # keeps attention, which PyTorch's kernel does not give
    logits = core.network.forward(TEXT[None], [core.network.new_cache()], capture)
    with torch.inference_mode():
        theirs = network(torch.from_numpy(TEXT[None]), output_attentions=True)
    for ours, other in zip(capture.attentions, theirs.attentions, strict=True):
        np.testing.assert_allclose(ours, other.numpy(), atol=TOLERANCE, rtol=0)
    expected = theirs.logits[0, -1].numpy()
    np.testing.assert_allclose(logits[0], expected, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(
    ("family", "case"), [("llama", "bias in both"), ("qwen2", "untied"), ("phi3", "whole heads")]
)
def test_every_number_of_the_files_is_in_what_is_said_to_be_loaded(
    tmp_path: Path, family: str, case: str
) -> None:
    model = installed(tmp_path, family, case)
    report = load_core_engine(model, Precision.FP32).report
    stored = load_file(model.path / "model.safetensors").values()
    assert report.weight_bytes == sum(tensor.nbytes for tensor in stored)
    rows = [tensor.nbytes for tensor in stored if tensor.ndim == 1]
    assert report.part_bytes["other"] == sum(rows)


@pytest.mark.parametrize("precision", [Precision.INT8, Precision.BF16])
@pytest.mark.parametrize("family", RUNS)
def test_lower_precisions_are_finite_and_near(
    tmp_path: Path, family: str, precision: Precision
) -> None:
    model = installed(tmp_path, family, list(RUNS[family])[-1])
    full = load_core_engine(model, Precision.FP32).logits_at_each(TEXT)
    core = load_core_engine(model, precision)
    engine = load_transformers_engine(model, precision)
    ours, theirs = core.logits_at_each(TEXT), engine.logits_at_each(TEXT)
    assert np.isfinite(ours).all()
    spread = full.std()
    away, their_way = np.abs(ours - full).mean() / spread, np.abs(theirs - full).mean() / spread
    assert away < 0.05
    assert away <= their_way * 1.1


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_run_wrong_is_refused_by_name(case: str) -> None:
    family, changes, named = REFUSED[case]
    reason = unsupported_reason(tiny_config(family, **changes), Precision.FP32)
    assert reason is not None
    assert named in reason


def test_a_refused_model_runs_through_transformers(tmp_path: Path) -> None:
    family, changes, named = REFUSED["YaRN"]
    folder = save_tiny(tmp_path / "model", family, **changes)
    model = register_path(folder, settings_in(tmp_path))
    assert pick_engine(model, Precision.FP32) is EngineName.TRANSFORMERS
    assert np.isfinite(load_engine(model, Precision.FP32).logits_at_each(TEXT)).all()
    with pytest.raises(PrecisionUnavailable, match=f"{named}. Choose the transformers engine"):
        load_engine(model, Precision.FP32, EngineName.CORE)


@pytest.mark.parametrize("family", RUNS)
def test_auto_takes_the_core(tmp_path: Path, family: str) -> None:
    model = installed(tmp_path, family, next(iter(RUNS[family])))
    assert pick_engine(model, Precision.FP32) is EngineName.CORE
    assert isinstance(load_engine(model, Precision.INT8), CoreEngine)
    assert pick_engine(model, Precision.NF4) is EngineName.TRANSFORMERS


def test_every_family_is_tried() -> None:
    assert set(RUNS) == set(FAMILIES)


def test_the_tables_of_the_docs_say_what_the_code_does() -> None:
    """``python -m tests.support.core_reach`` writes them anew."""
    assert in_docs() == tables(bounds_in_docs())


@pytest.mark.parametrize(
    ("seen", "stated"), [(1.6e-5, "0.00005"), (4.9e-6, "0.00001"), (5.1e-6, "0.00002")]
)
def test_what_the_docs_state_is_round_and_leaves_room(seen: float, stated: str) -> None:
    assert rounded_up(seen) == stated
