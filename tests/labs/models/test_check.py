"""Check: a whole model passes, a spoilt one does not, and what is refused is one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from playground.errors import ModelNotFound
from playground.experiments.performing import perform
from playground.experiments.run import Stopped
from playground.labs.models.check import Check, CheckSettings
from playground.labs.models.check_parts import TEXT, Finding, judge_logits, judge_texts
from playground.labs.models.check_texts import TEXTS
from playground.labs.models.check_view import CHECK, draw
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Tokenizer
from playground.serving import Pool
from playground.settings import Settings
from tests.support.command_line import runner
from tests.support.markup import seen
from tests.support.tiny_families import save_tiny
from tests.support.tiny_llama import save_tiny_llama, tiny_tokenizer


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(Settings.from_env())
    yield pool
    pool.close()


def checked(pool: Pool, reference: Path | str, precisions: str = "fp32,bf16") -> Check:
    choice = ModelChoice(str(reference), Precision.FP32)
    *_, last = perform(CHECK, CheckSettings(precisions=precisions), pool, choice)
    assert isinstance(last.snapshot, Check)
    assert last.snapshot.progress.ended
    return last.snapshot


def spoil(folder: Path, name: str) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors[name][0] = torch.nan
    save_file(tensors, path, {"format": "pt"})


def test_a_whole_model_passes_with_figures_and_is_freed(
    pool: Pool, tiny_model_folder: Path
) -> None:
    check = checked(pool, tiny_model_folder)
    assert [row.verdict for row in check.rows] == ["ok"] * 6
    found = {row.name: row.sentence for row in check.rows}
    tensors = load_file(tiny_model_folder / "model.safetensors")
    numbers = sum(each.numel() for each in tensors.values())
    assert f"{len(tensors)} tensors with {numbers:,} numbers" in found["tensors"]
    assert f"All {len(TEXTS)} texts" in found["tokenizer"]
    assert "4 messages are those of transformers" in found["chat template"]
    tokenizer = Tokenizer(tiny_tokenizer(), [])
    logits = len(tokenizer.encode_text_prompt(TEXT)) * tokenizer.vocab_size
    assert f"All {logits:,} logits" in found["finite at BF16"]
    assert check.verdict.startswith("Runs right: ")
    assert "passed 6 of 6" in check.verdict
    assert pool.residents() == ()


def test_a_weight_that_is_no_number_is_found_and_named(pool: Pool, tmp_path: Path) -> None:
    folder = save_tiny_llama(tmp_path / "spoilt")
    spoil(folder, "model.norm.weight")
    check = checked(pool, folder, "fp32")
    verdicts = {row.name: row.verdict for row in check.rows}
    assert verdicts == {
        "tensors": "failed",
        "tokenizer": "ok",
        "chat template": "ok",
        "logits": "failed",
        "finite at FP32": "failed",
    }
    assert "among them model.norm.weight" in check.rows[0].sentence
    assert check.verdict.startswith("Do not trust: ")
    assert check.verdict.endswith("failed at tensors, logits, finite at FP32.")


def test_a_base_model_has_no_template_and_the_core_says_what_it_cannot_hold(
    pool: Pool, tmp_path: Path
) -> None:
    folder = save_tiny_llama(tmp_path / "base", chat_template=None, hidden_act="gelu")
    rows = {row.name: row for row in checked(pool, folder, "fp32").rows}
    assert rows["chat template"].verdict == "not applicable"
    assert rows["logits"].verdict == "not applicable"
    assert "gate is SiLU" in rows["logits"].sentence
    assert rows["finite at FP32"].verdict == "ok"


def test_a_tensor_that_is_missing_fails_by_name(pool: Pool, tmp_path: Path) -> None:
    folder = save_tiny_llama(tmp_path / "lacking")
    path = folder / "model.safetensors"
    tensors = load_file(path)
    del tensors["model.norm.weight"]
    save_file(tensors, path, {"format": "pt"})
    first = checked(pool, folder, "fp32").rows[0]
    assert first.verdict == "failed"
    assert "model.norm.weight" in first.sentence


def test_what_is_refused_is_a_row_and_what_is_not_there_an_error(
    pool: Pool, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    (row,) = checked(pool, tmp_path).rows
    assert (row.name, row.verdict) == ("files", "failed")
    assert "pickle" in row.sentence
    with pytest.raises(ModelNotFound):
        checked(pool, "no-such-model")


def test_stop_is_heard_between_checks_and_frees_what_was_loaded(
    pool: Pool, tiny_model_folder: Path
) -> None:
    choice, seen_rows = ModelChoice(str(tiny_model_folder), Precision.FP32), [0]
    results = perform(CHECK, CheckSettings(), pool, choice, lambda: seen_rows[-1] > 0)

    def watch() -> None:
        for result in results:
            assert isinstance(result.snapshot, Check)
            seen_rows.append(len(result.snapshot.rows))

    with pytest.raises(Stopped):
        watch()
    assert seen_rows[-1] == 1
    assert pool.residents() == ()


def test_ids_without_a_row_and_texts_that_are_lost_fail() -> None:
    tokenizer = Tokenizer(tiny_tokenizer(), [])
    assert judge_texts(tokenizer, tokenizer.vocab_size)[0] == "ok"
    verdict, words = judge_texts(tokenizer, 100)
    assert verdict == "failed"
    assert "the embedding has 100 rows" in words


@pytest.mark.parametrize(
    ("difference", "verdict"), [(0.0, "ok"), (9e-3, "ok"), (2e-2, "failed"), (np.nan, "failed")]
)
def test_logits_may_differ_by_a_thousandth_of_the_largest(difference: float, verdict: str) -> None:
    theirs = np.array([[10.0, -3.0]], np.float32)
    assert judge_logits(theirs + np.float32(difference), theirs)[0] == verdict


def test_what_a_model_is_called_is_escaped() -> None:
    told = draw(Check("A <b>model", 1, (Finding("files", "failed", "A <i>reason"),)))
    assert "A <i>reason" in seen(told).text
    assert "Do not trust: A <b>model failed at files." in seen(told).text


def test_the_command_exits_by_the_verdict(
    tmp_path: Path, tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runner(capsys)
    told = run("check", str(tiny_model_folder), "--json")
    assert told.code == 0, told.stderr
    assert json.loads(told.stdout)["verdict"].startswith("Runs right")
    folder = save_tiny_llama(tmp_path / "spoilt")
    spoil(folder, "model.norm.weight")
    told = run("check", str(folder))
    assert told.code == 1
    assert "Do not trust: " in told.stdout
    assert "model.norm.weight" in told.stdout


@pytest.mark.parametrize(
    ("family", "unasked"),
    [("gpt2", {"logits"}), ("mamba", {"logits", "finite at INT8"}), ("gemma3_text", set())],
)
def test_another_family_gets_a_verdict_and_what_cannot_be_asked_its_reason(
    pool: Pool, tmp_path: Path, family: str, unasked: set[str]
) -> None:
    changes = {"state_size": 8} if family == "mamba" else {}
    check = checked(pool, save_tiny(tmp_path / family, family, **changes), "fp32,int8")
    assert {row.name for row in check.rows if row.verdict == "not applicable"} == unasked
    assert check.verdict.startswith("Runs right: ")


def test_only_the_core_is_not_trusted_where_only_its_logits_differ() -> None:
    differ, held = Finding("logits", "failed", "By 3."), Finding("tensors", "ok", "All.")
    check = Check("mine", 2, (held, differ))
    assert check.refused is None
    assert check.verdict == "Do not trust the core with it: mine failed at logits."
    spoilt = Check("mine", 2, (Finding("tensors", "failed", "NaN."), differ))
    assert spoilt.refused is spoilt.rows[0]
    assert spoilt.verdict == "Do not trust: mine failed at tensors, logits."
