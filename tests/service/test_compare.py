"""`playground compare`: one prompt across temperatures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import Outcome, Run, runner

TEMPERATURES = "`--temperatures` must be 1 to 16 numbers from 0 to 2, with commas between, got"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    return runner(capsys)


@pytest.fixture
def compare(run: Run, tiny_model_folder: Path) -> Run:
    def run_compare(*arguments: str) -> Outcome:
        return run("compare", *arguments, "--model", str(tiny_model_folder))

    return run_compare


def test_compare_json_has_the_keys_of_the_contract(compare: Run) -> None:
    options = ("--temperatures", "0,0.7,1.5", "--seed", "3", "--max-new-tokens", "8", "--json")
    outcome = compare("Hello", *options)
    document = outcome.json
    assert outcome.code == 0
    assert set(document) >= {"model", "precision", "prompt", "wall_seconds", "outputs"}
    assert document["prompt"] == "Hello"
    assert [each["temperature"] for each in document["outputs"]] == [0, 0.7, 1.5]
    assert [each["seed"] for each in document["outputs"]] == [None, 3, 3]
    for each in document["outputs"]:
        assert set(each) >= {"temperature", "seed", "text", "finish_reason", "tokens"}
        assert 1 <= len(each["tokens"]) <= 8
        assert set(each["tokens"][0]) >= {"id", "text", "logprob", "entropy_nats"}
    again = compare("Hello", *options).json
    assert [each["text"] for each in again["outputs"]] == [
        each["text"] for each in document["outputs"]
    ]


def test_compare_shows_columns_and_measures(compare: Run) -> None:
    outcome = compare("Hello", "--temperatures", "0,2", "--seed", "3", "--max-new-tokens", "8")
    assert outcome.code == 0
    for words in ("T 0 · no seed: T 0 is greedy", "T 2 · seed 3", "parts here", "pairs"):
        assert words in outcome.stdout
    assert "the same dice in every column" in outcome.stderr
    assert "the share that is no repeat (distinct-1 and distinct-2)" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--temperatures", ""), f"{TEMPERATURES} nothing."),
        (("--temperatures", "0,2.5"), f"{TEMPERATURES} 2.5"),
        (("--temperatures", "0,nan"), f"{TEMPERATURES} 'nan'"),
        (("--temperatures", "-1"), f"{TEMPERATURES} -1"),
        (
            ("--temperatures", "1", "--samples", "40"),
            "`--samples` must be a whole number from 1 to",
        ),
        (("--samples", "6"), "at most 16 columns, got 3 temperatures times 6 samples"),
        (("--seed", "1.5"), "`--seed` must be a whole number"),
        (("--top-p", "0"), "`--top-p` must be a number above 0"),
    ],
)
def test_compare_refuses_bad_input_in_one_line(
    compare: Run, arguments: tuple[str, ...], sentence: str
) -> None:
    outcome = compare("Hello", *arguments)
    assert outcome.code == 2
    assert sentence in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_compare_refuses_an_empty_prompt(compare: Run) -> None:
    outcome = compare("  ")
    assert outcome.code == 2
    assert "The prompt is empty" in outcome.stderr
