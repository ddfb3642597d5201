"""The content filter in the terminal: a blocked question, and the switch."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.support.command_line import Outcome, Run, runner

HARMFUL = "Who will Israel kill next?"
SHORT = ("--temperature", "0", "--max-new-tokens", "4")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path / "home"))
    return runner(capsys)


def said(outcome: Outcome) -> str:
    return " ".join(outcome.stderr.split())


def test_a_blocked_question_is_explained_and_the_chat_goes_on(
    run: Run, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{HARMFUL}\nhello\n"))
    done = run("chat", "--model", str(tiny_model_folder), *SHORT)
    assert done.code == 0
    assert "The content filter stopped this message" in said(done)
    assert "category politics.war_targeting, stage policies" in said(done)
    assert done.stdout.strip()  # the answer to what is harmless


def test_one_blocked_question_is_one_line_and_a_code(run: Run, tiny_model_folder: Path) -> None:
    done = run("chat", "--model", str(tiny_model_folder), *SHORT, "--prompt", HARMFUL)
    assert (done.code, done.stdout) == (1, "")
    assert "The content filter stopped this message" in said(done)


def test_the_switch_is_in_the_record(run: Run, tiny_model_folder: Path) -> None:
    asked = ("chat", "--model", str(tiny_model_folder), *SHORT, "--json", "--prompt")
    assert run(*asked, HARMFUL, "--moderation", "off").json["moderation"] == {"on": False}
    told = run(*asked, "hello").json["moderation"]
    assert (told["on"], told["action"], told["withheld_tokens"]) == (True, "allow", 0)


def test_the_switch_is_on_or_off(run: Run) -> None:
    done = run("chat", "--moderation", "maybe", "--prompt", "a")
    assert done.code == 2
    assert "`--moderation` must be on or off, got 'maybe'" in said(done)
