"""``playground tokens`` with the real tokenizer, and odd text as a browser sends it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tokenizers import Tokenizer as FastTokenizer

from playground.models.acquire.store import InstalledModel

TEXT = " Hello 🙂🦑\n  naïve <|im_end|>\n"


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", "from apps.cli.main import main; main()", "tokens", *arguments],
        capture_output=True,
        input=given,
        check=False,
        timeout=100,
    )


def test_tokens_hold_what_the_contract_names(default_model: InstalledModel) -> None:
    done = run("-", "--model", default_model.name, "--json", given=TEXT.encode())
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    library = FastTokenizer.from_file(str(default_model.path / "tokenizer.json"))
    library.encode_special_tokens = True
    expected = library.encode(TEXT, add_special_tokens=False)
    assert told["model"] == default_model.name
    assert told["count"] == len(told["tokens"]) == len(expected.ids)
    assert [token["id"] for token in told["tokens"]] == expected.ids
    assert [(token["start"], token["end"]) for token in told["tokens"]] == expected.offsets
    assert bytes(code for token in told["tokens"] for code in token["bytes"]).decode() == TEXT
    assert told["tokens"][0]["text"] == " Hello"


def test_the_table_shows_what_cannot_be_seen(default_model: InstalledModel) -> None:
    done = run("a \u202e\x1b[31m 🦑", "--model", default_model.name)
    assert done.returncode == 0
    shown = done.stdout.decode()
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "<0xA6>" in shown
    assert "tokens, 10 characters" in " ".join(done.stderr.decode().split())


@pytest.mark.parametrize(
    ("arguments", "given", "sentence"),
    [
        (("",), b"", "The text is empty"),
        (("-",), b"", "The text is empty"),
        (("a", "--model", "nobody"), b"", "no model named 'nobody'"),
        (("-",), b"a" * 2_000_001, "at most 2,000,000 characters, got 2,000,001"),
    ],
)
def test_bad_text_gets_one_line(arguments: tuple[str, ...], given: bytes, sentence: str) -> None:
    done = run(*arguments, given=given)
    assert done.returncode in (1, 2)
    told = done.stderr.decode()
    assert sentence in " ".join(told.split())
    assert "Traceback" not in told


def test_bytes_that_are_no_text_become_the_character_made_for_that() -> None:
    done = run("-", "--json", given=b"a\xffb")
    assert [token["text"] for token in json.loads(done.stdout)["tokens"]] == ["a", "\ufffd", "b"]
