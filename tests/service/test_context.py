"""The context window on the command line: what gives way is chosen, and told."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.support.command_line import Outcome, Run, runner


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path / "home"))
    return runner(capsys)


@pytest.fixture
def chat(run: Run, tiny_model_folder: Path) -> Run:
    """Run ``playground chat`` with the tiny model, whose window has 256 tokens."""

    def run_chat(*arguments: str) -> Outcome:
        short = ("--temperature", "0", "--max-new-tokens", "4")
        return run("chat", "--model", str(tiny_model_folder), *short, *arguments)

    return run_chat


def test_json_says_what_fills_the_window(chat: Run) -> None:
    outcome = chat("--prompt", "Hello", "--context-window", "128", "--json")
    context = outcome.json["context"]
    assert outcome.code == 0
    assert context["policy"] == "oldest"
    assert context["window"] == 128
    assert context["system"] + context["prompt"] == outcome.json["prompt_tokens"]
    parts = ("system", "history", "prompt", "reserved", "free")
    assert sum(context[part] for part in parts) == 128
    assert (context["dropped"], context["cut"]) == ([], None)
    assert outcome.json["settings"]["context_window"] == 128


@pytest.mark.parametrize(("policy", "head"), [("middle", True), ("sliding", False)])
def test_json_says_what_was_cut(chat: Run, policy: str, head: bool) -> None:
    words = "cat " * 400
    outcome = chat("--prompt", words, "--overflow", policy, "--json")
    cut = outcome.json["context"]["cut"]
    assert (cut["head"] > 0) == head
    assert 0 < cut["head"] + cut["tail"] < len(words)
    assert cut["message"] == 0
    where = "middle" if head else "start"
    assert f"{cut['tokens']:,} tokens were cut from the {where}" in outcome.json["notice"]


def test_stop_refuses_in_one_line(chat: Run) -> None:
    outcome = chat("--prompt", "cat " * 400, "--overflow", "stop")
    assert outcome.code == 1
    assert "The conversation does not fit:" in outcome.stderr.splitlines()[-1]
    assert "reserved for the reply are more than the window of 256" in outcome.stderr
    assert outcome.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--overflow", "x"],
            "`--overflow` must be one of stop, oldest, middle, sliding, got 'x'.",
        ),
        (["--context-window", "8"], "`--context-window` must be a whole number from 32 on"),
        (["--context-window", "999"], "from 32 to 256, the window of this model, or empty"),
    ],
)
def test_bad_options_are_refused(chat: Run, arguments: list[str], sentence: str) -> None:
    outcome = chat("--prompt", "Hello", *arguments)
    assert outcome.code == 2
    assert sentence in outcome.stderr


def test_help_explains_every_policy(run: Run) -> None:
    shown = " ".join(run("chat", "--help").stdout.replace("│", " ").split())
    for words in ("stop: Nothing is cut", "middle: The system prompt, the first exchange"):
        assert words in shown


def test_a_chat_changes_its_policy_on_the_way(
    run: Run, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (
        "/set context_window 96",
        "cat " * 90,
        "/set overflow stop",
        "cat " * 90,
        "/settings",
        "/set context_window",
        "/set overflow",
        "/settings",
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    outcome = run(
        "chat", "--model", str(tiny_model_folder), "--temperature", "0", "--max-new-tokens", "4"
    )
    told = " ".join(outcome.stderr.split())
    assert "tokens were cut from the middle of your message" in told
    assert "the overflow policy is “stop”" in told
    assert "overflow stop one of stop, oldest, middle, sliding" in told
    assert "context_window 96 a whole number from 32 on" in told
    assert "context_window 256 a whole number from 32 on" in told
    assert len(outcome.stdout.splitlines()) == 1  # the refused one has no reply
