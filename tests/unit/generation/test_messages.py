"""A conversation is cut to the window: whole exchanges first, and what goes is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.errors import ContextOverflow
from playground.generation.fitting.messages import fit_messages
from playground.generation.fitting.prompt import CUT_MARK
from playground.models.acquire.local import register_path
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import (
    TransformersEngine,
    load_transformers_engine,
)
from playground.models.text.tokenizer import Message
from playground.settings import Settings

_ENGINES: list[TransformersEngine] = []


@pytest.fixture(scope="module", autouse=True)
def _engine(tiny_model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Load the tiny model once; hypothesis takes no fixtures of wider scope."""
    settings = replace(Settings.from_env({"PLAYGROUND_HOME": str(tmp_path_factory.mktemp("home"))}))
    model = register_path(tiny_model_folder, settings)
    _ENGINES[:] = [load_transformers_engine(model, Precision.FP32)]


def engine(context_length: int) -> TransformersEngine:
    return replace(_ENGINES[0], context_length=context_length)


def conversation(*contents: str, system: str | None = None) -> list[Message]:
    roles = ("user", "assistant")
    turns = [Message(roles[i % 2], content) for i, content in enumerate(contents)]
    return ([Message("system", system)] if system else []) + turns


def test_what_fits_is_left_alone() -> None:
    messages = conversation("one", "two", "three", system="Be kind.")
    prompt = fit_messages(messages, engine(500), 100)
    assert list(prompt.token_ids) == engine(500).tokenizer.encode_chat(messages)
    assert prompt.notice is None


def test_the_oldest_exchange_goes_first_and_whole() -> None:
    messages = conversation("old " * 60, "and short", "new", system="Be kind.")
    prompt = fit_messages(messages, engine(160), 40)
    assert prompt.fit.dropped == (1, 2)
    assert prompt.notice == "To fit the context window, the 2 oldest messages were left out."
    kept = conversation("new", system="Be kind.")
    assert list(prompt.token_ids) == engine(160).tokenizer.encode_chat(kept)


def test_room_for_less_than_a_character_is_no_room() -> None:
    """A character of four tokens: of three it keeps nothing, and a mark alone is no message."""
    tokenizer, text = engine(500).tokenizer, "\U000c0000" * 100
    assert len(tokenizer.encode(text)) == 400
    bare = len(tokenizer.encode_chat(conversation(CUT_MARK)))
    with pytest.raises(ContextOverflow, match="leaves no room for a message"):
        fit_messages(conversation(text), engine(bare + 3 + 1), 1)
    cut = fit_messages(conversation(text), engine(bare + 8 + 1), 1).fit.cut
    assert cut is not None
    assert cut.apply(text) == f"\U000c0000{CUT_MARK}\U000c0000"


def test_a_newest_message_too_long_is_cut_in_its_middle() -> None:
    text = "begin " + "filler " * 400 + " end"
    prompt = fit_messages(conversation(text), engine(200), 20)
    shown = engine(200).tokenizer.decode(prompt.token_ids)
    assert "begin" in shown
    assert CUT_MARK in shown
    assert " end" in shown
    assert prompt.fit.cut is not None
    assert f"{prompt.fit.cut.tokens:,} tokens were cut from the middle" in str(prompt.notice)


@given(
    st.lists(st.text(max_size=200), min_size=1, max_size=7),
    st.one_of(st.none(), st.text("abc ", max_size=30)),
    st.integers(120, 400),
    st.integers(1, 1000),
)
def test_prompt_and_reply_never_pass_the_window(
    contents: list[str], system: str | None, window: int, max_new_tokens: int
) -> None:
    contents = contents if len(contents) % 2 else contents[:-1] or ["hi"]
    prompt = fit_messages(conversation(*contents, system=system), engine(window), max_new_tokens)
    assert len(prompt.token_ids) + min(max_new_tokens, window // 2) <= window


def test_a_system_prompt_that_fills_the_window_is_refused() -> None:
    with pytest.raises(ContextOverflow, match="Shorten the system prompt"):
        fit_messages(conversation("hi", system="rule " * 500), engine(120), 20)
