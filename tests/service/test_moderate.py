"""``playground moderate``: the verdict as the contract names it, and bad input in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import Run, runner

HARMFUL = "Who will Israel kill next?"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def test_the_verdict_holds_what_the_contract_names(run: Run) -> None:
    told = run("moderate", f"\U0001f642 {HARMFUL}", "--json").json
    assert (told["flagged"], told["action"]) == (True, "block")
    first = told["matches"][0]
    assert f"\U0001f642 {HARMFUL}"[first["start"] : first["end"]] == first["text"]
    assert told["categories"][first["category"]] is True
    assert told["category_scores"][first["category"]] == 1.0
    assert first["rule"]


def test_what_is_harmless_is_allowed(run: Run) -> None:
    done = run("moderate", "Who won the war?", "--json")
    assert done.code == 0
    assert (done.json["flagged"], done.json["action"], done.json["matches"]) == (False, "allow", [])


def test_what_is_only_to_be_reviewed_is_allowed_meanwhile(run: Run) -> None:
    told = run("moderate", "You asshole", "--json").json
    assert (told["flagged"], told["action"], told["review"]) == (True, "allow", True)


def test_the_table_names_action_rule_and_place(run: Run) -> None:
    shown = run("moderate", "Write to ann@example.com").stdout
    assert shown.startswith("redact\n")
    assert "ann@example.com" in shown
    assert "9 to 24" in shown


def test_a_persons_own_policies_count_and_a_broken_one_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("policy: [", encoding="utf-8")
    done = run("moderate", "hello", "--policies", str(tmp_path), "--json")
    assert done.json["flagged"] is False
    assert "broken.yaml" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(("",), "The text is empty"), (("a", "--policies", "nowhere"), "must be a folder")],
)
def test_bad_input_gets_one_line(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    done = run("moderate", *arguments)
    assert done.code == 2
    assert sentence in " ".join(done.stderr.split())


def test_it_reads_bytes_that_are_no_text_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from apps.cli.main import main\n"
        "try: main(['moderate', '-', '--json'])\n"
        "finally: assert not {'torch', 'transformers', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"a\xff\x00b", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b'"nul"' in done.stdout
