"""Precisions: names, sizes before loading, refusals with their reason."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from playground.errors import OptionError, PrecisionUnavailable
from playground.models.engines import precision as precision_module
from playground.models.engines.precision import (
    ModelShape,
    Precision,
    estimate_bytes,
    read_shape,
    require_available,
    unavailable_reason,
)
from tests.support.tiny_llama import save_tiny_llama


def test_an_unknown_precision_is_refused_by_name() -> None:
    with pytest.raises(
        OptionError, match="must be one of fp32, fp16, bf16, int8, int8-head, nf4, fp4, got 'int9'"
    ):
        Precision.parse("int9")


@pytest.mark.parametrize("precision", Precision)
def test_this_machine_runs_every_precision(precision: Precision) -> None:
    assert unavailable_reason(precision) is None


def test_a_missing_library_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    unavailable_reason.cache_clear()
    monkeypatch.setitem(sys.modules, "bitsandbytes.nn.modules", None)
    try:
        with pytest.raises(PrecisionUnavailable, match=r"cannot run INT8.*bitsandbytes"):
            require_available(Precision.INT8)
        assert unavailable_reason(Precision.FP16) is None
    finally:
        unavailable_reason.cache_clear()


@pytest.mark.parametrize("tied", [True, False])
def test_the_shape_counts_a_tied_head_once(tmp_path: Path, tied: bool) -> None:
    from transformers import AutoModelForCausalLM

    folder = save_tiny_llama(tmp_path, tie_word_embeddings=tied)
    model = AutoModelForCausalLM.from_pretrained(folder)
    shape = read_shape(folder)
    assert shape.parameters == model.num_parameters()
    assert estimate_bytes(shape, Precision.FP32) == 4 * model.num_parameters()
    assert (shape.head, shape.tied_head) == (model.lm_head.weight.numel(), tied)


def test_threads_that_count_at_once_find_the_same_and_leave_torch_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    folder = save_tiny_llama(tmp_path, tie_word_embeddings=True)
    expected = read_shape(folder)
    monkeypatch.setattr(  # put back at the end, whatever happens here
        torch.nn.Module, "register_parameter", usual := torch.nn.Module.register_parameter
    )
    with ThreadPoolExecutor(3) as threads:
        for _ in range(5):
            counts = [threads.submit(read_shape.__wrapped__, folder) for _ in range(3)]
            assert [each.result() for each in counts] == [expected] * 3
    assert torch.nn.Module.register_parameter is usual
    assert torch.get_default_dtype() is torch.float32
    assert torch.empty(1).device.type == "cpu"


def test_bytes_by_precision() -> None:
    shape = ModelShape(linear=6400, linear_rows=80, other=100, head=60, head_rows=5)
    sizes = [estimate_bytes(shape, p) for p in Precision]
    blocks = 6400 + 320
    head = 60 + 20
    assert sizes == [26000, 13000, 13000, blocks + 400, blocks + 400 + head, 4000, 4000]
    untied = replace(shape, tied_head=False)
    assert estimate_bytes(untied, Precision.INT8_HEAD) == blocks + 160 + head


def test_bitsandbytes_passes_through_fp32() -> None:
    shape = ModelShape(linear=6400, linear_rows=80, other=100)
    beside = precision_module.BESIDE_WEIGHTS
    assert precision_module.estimate_peak_bytes(shape, Precision.NF4) == 26_000 + beside
    assert precision_module.estimate_peak_bytes(shape, Precision.FP16) == 13_000 + beside
