"""Perplexity and KL against an independent computation with transformers and torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM

from playground.generation.scoring import encode_text, predict, score
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import load_engine
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision, loader_arguments

TEXT = (
    "The lighthouse keeper climbed the stairs every evening, trimmed the lamp and wrote one line "
    "in the book: the wind, the ships, the weather to come. Nobody had read the book in years."
)


@pytest.fixture(scope="module")
def full(default_model: InstalledModel) -> Engine:
    return load_engine(default_model, Precision.FP32, EngineName.TRANSFORMERS)


@pytest.fixture(scope="module")
def ids(full: Engine) -> NDArray[np.int64]:
    return encode_text(full.tokenizer, TEXT, full.context_length)


@pytest.fixture(scope="module")
def full_logprobs(default_model: InstalledModel, ids: NDArray[np.int64]) -> torch.Tensor:
    """Return what transformers itself says at FP32; computed once for all rows."""
    return independent(default_model, Precision.FP32, ids)[1]


def independent(
    model: InstalledModel, precision: Precision, ids: NDArray[np.int64]
) -> tuple[float, torch.Tensor]:
    """Return perplexity and log-probabilities, by transformers and torch alone."""
    network = AutoModelForCausalLM.from_pretrained(model.path, **loader_arguments(precision)).eval()
    given = torch.from_numpy(ids[None])
    with torch.inference_mode():
        logits = network(given).logits[0, :-1].double()
    loss = torch.nn.functional.cross_entropy(logits, given[0, 1:])
    return float(loss.exp()), logits.log_softmax(-1)


@pytest.mark.parametrize(
    ("precision", "engine_name"),
    [
        (Precision.INT8, EngineName.TRANSFORMERS),
        (Precision.NF4, EngineName.TRANSFORMERS),
        (Precision.BF16, EngineName.TRANSFORMERS),
        (Precision.FP32, EngineName.CORE),
    ],
)
def test_quality_equals_transformers_own(
    default_model: InstalledModel,
    precision: Precision,
    engine_name: EngineName,
    full: Engine,
    ids: NDArray[np.int64],
    full_logprobs: torch.Tensor,
) -> None:
    engine = load_engine(default_model, precision, engine_name)
    quality = score(predict(engine, ids), predict(full, ids), ids)
    perplexity, logprobs = independent(default_model, precision, ids)
    kl = torch.nn.functional.kl_div(logprobs, full_logprobs, log_target=True, reduction="batchmean")
    assert quality.tokens == len(ids) - 1
    assert quality.perplexity == pytest.approx(perplexity, rel=1e-3)
    # The core's own FP32 is no further from transformers' than their rounding.
    floor = 1e-8 if engine_name is EngineName.CORE else 0
    assert quality.kl_to_reference_nats == pytest.approx(float(kl), rel=1e-3, abs=floor)
    agreement = (logprobs.argmax(-1) == full_logprobs.argmax(-1)).double().mean()
    assert quality.top1_agreement == pytest.approx(float(agreement), abs=0.02)


def test_a_model_agrees_with_itself() -> None:
    logits = np.random.default_rng(0).standard_normal((40, 50)).astype(np.float32)
    ids = np.arange(41)
    quality = score(logits, logits, ids)
    assert quality.kl_to_reference_nats == 0
    assert quality.top1_agreement == 1
