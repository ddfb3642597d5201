"""INT8 rows put into a copy of the model, against the same done by hand with torch."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForCausalLM

from playground.data import shipped_text
from playground.generation.scoring import encode_text
from playground.labs.precision import trial
from playground.labs.precision.trial import TrialSettings, run_trial
from playground.models.acquire.store import InstalledModel
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Tokenizer
from tests.support.runs import run_until


def test_a_copy_in_int8_rows_scores_as_one_made_by_hand(
    default_model: InstalledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "TOKENS", 96)
    monkeypatch.setattr(trial, "NEW_TOKENS", 1)  # nothing is asked of what it writes
    settings = TrialSettings(method="row-wise", bits=8)
    choice = ModelChoice(default_model.name, Precision.FP32)
    *_, live = run_trial(choice, settings, run_until())
    network = AutoModelForCausalLM.from_pretrained(default_model.path, dtype=torch.float32).eval()
    ids = encode_text(Tokenizer.load(default_model.path, [0]), shipped_text(), trial.TOKENS)
    given = torch.from_numpy(ids[None])
    with torch.inference_mode():
        full = network(given).logits[0, :-1].double().log_softmax(-1)
        for name, layer in network.named_modules():
            if isinstance(layer, torch.nn.Linear) and name != "lm_head":
                absmax = layer.weight.abs().amax(dim=1, keepdim=True)
                layer.weight.copy_((layer.weight * (127 / absmax)).round() / 127 * absmax)
        logits = network(given).logits[0, :-1].double()
    loss = torch.nn.functional.cross_entropy(logits, given[0, 1:])
    kl = torch.nn.functional.kl_div(
        logits.log_softmax(-1), full, log_target=True, reduction="batchmean"
    )
    assert live.done == live.matrices == 210
    assert live.quality is not None
    assert live.quality.perplexity == pytest.approx(float(loss.exp()), rel=1e-3)
    assert live.quality.kl_to_reference_nats == pytest.approx(float(kl), rel=2e-2)
