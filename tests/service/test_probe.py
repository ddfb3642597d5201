"""``playground probe``: what the contract names, a set of one's own, and what is no set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import playground
from tests.support.command_line import runner


def test_probe_holds_what_the_contract_names(
    tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--model", str(tiny_model_folder), "--items", "3", "--samples", "1", "--seed", "2")
    told = runner(capsys)("probe", *words, "--json")
    assert told.code == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["suite"] == "capitals"
    assert found["model"] == str(tiny_model_folder)
    assert {"mean_logprob", "agreement", "length", "random", "linear_probe"} <= {
        each["method"] for each in found["methods"]
    }
    assert all(each["auroc"] is None and each["n"] == 3 for each in found["methods"])
    assert all("10" in each["why_not"] for each in found["methods"])
    python = playground.experiment("hallucination/set")(
        playground.load(str(tiny_model_folder)), items=3, samples=1, seed=2
    )
    assert python.to_json()["parts"][0]["items"] == found["parts"][0]["items"]


def test_a_set_of_ones_own_is_a_file(
    tiny_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "mine.csv"
    own.write_bytes(b"\xef\xbb\xbfid,prompt,answers,reason\r\nq1,One and one is,two|2,Counted.\r\n")
    words = ("--model", str(tiny_model_folder), "--samples", "0")
    told = runner(capsys)("probe", "--suite", str(own), *words)
    assert told.code == 0, told.stderr
    assert "0 of 1 right" in told.stdout or "1 of 1 right" in told.stdout
    assert "No AUROC" in told.stdout
    assert str(own) in told.stdout.replace("\n", "")


def test_the_help_tells_the_seed_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    told = runner(capsys)("probe", "--help")
    words = " ".join(told.stdout.replace("\u2502", " ").split())
    assert "a new one each time" not in words
    assert "[default: 0]" in words


@pytest.mark.parametrize("content", ["", " \n", "\ufeff", "id,prompt,answers,reason\n"])
def test_a_file_with_nothing_in_it_is_not_taken_for_the_capitals(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "empty.csv"
    own.write_text(content, encoding="utf-8")
    told = runner(capsys)("probe", "--suite", str(own), "--samples", "0")
    assert told.code == 2
    assert "is empty" in told.stderr or "holds no item" in told.stderr
    assert "empty.csv" in told.stderr


@pytest.mark.parametrize(
    ("suite", "words"),
    [("capital", "must be one of capitals"), ("nowhere.csv", "cannot be read")],
)
def test_what_is_no_set_is_told(suite: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = runner(capsys)("probe", "--suite", suite)
    assert told.code == 2
    assert words in told.stderr
