"""INT8 with its head in int8 rows: what is held, what it says, and that nobody else offers it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from playground.core.functional import log_softmax
from playground.core.metrics import kl_divergence
from playground.core.quantization import quantize_int8_rows
from playground.data import shipped_text
from playground.errors import PrecisionUnavailable
from playground.models.acquire.local import register_path
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import load_engine, pick_engine
from playground.models.engines.core_model import CoreEngine, load_core_engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.integer_layers import MOST_SUMS, SplitInt8Linear
from playground.models.engines.precision import Precision, estimate_bytes, read_shape
from tests.support.fetching import settings_in
from tests.support.tiny_families import save_tiny
from tests.support.tiny_llama import save_tiny_llama

# What INT8 of bitsandbytes, with its head in FP32, is away from FP32 on English prose.
KL_OF_BITSANDBYTES = 0.021


@pytest.fixture(scope="module")
def engine(default_model: InstalledModel) -> CoreEngine:
    return load_core_engine(default_model, Precision.INT8_HEAD)


def test_the_head_multiplies_by_the_rows_of_llm_int8(engine: CoreEngine) -> None:
    """Against NumPy in float64, on both sides of where a long text is cut in pieces."""
    head, embedding = engine.network.head, engine.network.embedding
    x = np.random.default_rng(0).normal(size=(MOST_SUMS // len(embedding) + 9, 576))
    x = x.astype(np.float32)
    some = slice(None, None, 61)  # of the 49,152 outputs
    rows = quantize_int8_rows(embedding[some].astype(np.float16)).dequantize()
    exact = x.astype(np.float64) @ rows.astype(np.float64).T
    product = head(x)
    ours = product[:, some]
    if not isinstance(head, SplitInt8Linear):  # inputs keep the 8 bits of BF16
        assert np.abs(ours - exact).max() < 2e-2 * exact.std()
        return
    assert np.abs(ours - exact).max() < 1e-3 * exact.std()
    for row in (0, len(x) - 10, len(x) - 1):
        np.testing.assert_array_equal(head(x[row : row + 1])[0], product[row])


def test_it_stays_nearer_to_fp32_than_bitsandbytes_with_a_whole_head(
    default_model: InstalledModel, engine: CoreEngine
) -> None:
    token_ids = np.array(engine.tokenizer.encode(shipped_text())[:160])
    full, ours = (
        log_softmax(each.logits_at_each(token_ids))
        for each in (load_core_engine(default_model, Precision.FP32), engine)
    )
    assert 0 < kl_divergence(full, ours).mean() < KL_OF_BITSANDBYTES


def test_the_head_is_counted_beside_the_embedding(
    tmp_path: Path, default_model: InstalledModel, engine: CoreEngine
) -> None:
    untied = save_tiny_llama(tmp_path / "model", tie_word_embeddings=False)
    own = register_path(untied, settings_in(tmp_path))
    for model, loaded in (
        (default_model, engine),
        (own, load_core_engine(own, Precision.INT8_HEAD)),
    ):
        report = loaded.report
        held = report.weight_bytes + report.scale_bytes
        assert held == estimate_bytes(read_shape(model.path), Precision.INT8_HEAD)
        assert report.weight_bytes == sum(report.part_bytes.values())
        assert report.part_bytes["embedding"] == loaded.network.embedding.nbytes
        assert not report.tied_head
        layers = 4 * len(loaded.network.blocks) + 1
        assert report.layer_classes == {type(loaded.network.head).__name__: layers, "Embedding": 1}


def test_only_the_core_has_it(tmp_path: Path, default_model: InstalledModel) -> None:
    assert pick_engine(default_model, Precision.INT8_HEAD) is EngineName.CORE
    with pytest.raises(PrecisionUnavailable, match=r"transformers .* but the output head"):
        load_engine(default_model, Precision.INT8_HEAD, EngineName.TRANSFORMERS)
    other = register_path(save_tiny(tmp_path / "model", "gpt2"), settings_in(tmp_path))
    with pytest.raises(PrecisionUnavailable, match=r"at INT8\+head: .*gpt2.* Choose INT8\."):
        load_engine(other, Precision.INT8_HEAD)
