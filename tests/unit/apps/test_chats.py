"""The chats of a browser: listed, written to files, removed for good."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.chat.confidence import confidence_of
from apps.chat.conversations import Conversation, Turn
from apps.chat.export import as_json
from apps.chat.runs import Run
from apps.chat.service import ChatService
from apps.chat.shelf import MOST_CHATS, shelve, title_of
from apps.chat.store import ConversationStore
from apps.chat.stored_form import dump_conversation, read_conversation
from apps.chat.versions import add_version
from apps.ui.chats import render_bar, serve_chats
from playground.generation.recording import TokenRecord
from playground.serving import Pool
from playground.settings import Settings
from tests.support.markup import seen

ANNA, BEN = "a" * 32, "b" * 32
Serve = Callable[[Any], Any]


@pytest.fixture
def service(tmp_path: Path) -> ChatService:
    settings = Settings.from_env({"PLAYGROUND_HOME": str(tmp_path)})
    return ChatService(Pool(settings), ConversationStore(settings.conversations_dir))


def tell(service: ChatService, key: str, *texts: str, used: int = 0) -> None:
    turns = tuple(Turn("user", text) for text in texts)
    service.store.update(key, lambda _: Conversation(turns))
    path = service.pool.settings.conversations_dir / key / "turns.json"
    os.utime(path, (used, used))


def serve(service: ChatService) -> dict[str, Serve]:
    return {each.__name__: each for each in serve_chats(service)}


def test_chats_are_listed_by_last_use_and_named_by_their_first_question(
    service: ChatService,
) -> None:
    tell(service, ANNA, "one\ntwo", "three", used=100)
    tell(service, BEN, "<b> " + "word " * 30, used=200)
    listed = shelve(service.store, [ANNA, BEN, ANNA, "c" * 32])
    assert [(each.key, each.messages, each.used) for each in listed] == [
        (BEN, 1, 200),
        (ANNA, 2, 100),
    ]
    assert listed[1].title == "one two"
    assert listed[0].title.endswith("word…")
    assert len(listed[0].title) <= 61
    html = serve(service)["draw_chats"]([[ANNA, BEN], ANNA])
    assert seen(html).tags == {"ul", "li", "button", "span"}
    assert "open now · 2 messages · 1970-01-01" in seen(html).text


def test_a_key_that_is_none_gets_a_sentence_and_no_file_is_touched(service: ChatService) -> None:
    calls = serve(service)
    told = [
        calls["draw_chats"]([["../x"], ANNA]),
        calls["remove_chat"]("../x"),
        calls["export_chat"](["../x", "md"])["problem"],
        calls["export_chat"]([ANNA, "exe"])["problem"],
    ]
    assert all(text for text in told)
    assert "md or json, got 'exe'" in told[3]
    assert "No chat has a message yet" in calls["draw_chats"]([[], ANNA])
    assert len(shelve(service.store, [f"{at:032x}" for at in range(MOST_CHATS + 9)])) == 0


def test_a_title_stays_with_the_conversation_and_a_bad_one_gets_a_sentence(
    service: ChatService, tmp_path: Path
) -> None:
    tell(service, ANNA, "What do bees eat?")
    rename = serve(service)["rename_chat"]
    assert rename([ANNA, "  Bees <b>\n and hives "]) == ""
    again = ConversationStore(service.pool.settings.conversations_dir)  # as after a restart
    assert title_of(again.load(ANNA)) == "Bees <b> and hives"
    assert seen(serve(service)["draw_chats"]([[ANNA], BEN])).text.count("Bees <b> and hives") == 1
    assert as_json(again.load(ANNA)).startswith('{\n  "title": "Bees <b> and hives"')
    cleared = service.restore(ANNA) if service.clear(ANNA).title else Conversation()
    assert cleared.title == "Bees <b> and hives"
    assert "at most 60 characters, got 61" in rename([ANNA, "x" * 61])
    assert "half of one" in rename([ANNA, "\ud83d"])
    assert "no message yet" in rename([BEN, "mine"])
    assert "key" in rename(["../x", "mine"])
    assert title_of(service.store.load(ANNA)) == "Bees <b> and hives"
    assert rename([ANNA, " "]) == ""
    assert title_of(service.store.load(ANNA)) == "What do bees eat?"


def test_a_title_that_this_version_cannot_read_is_written_back() -> None:
    stored = b'{"title":7,"turns":[],"previous":[]}'
    told = read_conversation(stored)
    assert told.title is None
    assert json.loads(dump_conversation(told)) == json.loads(stored)


def test_a_chat_is_removed_for_good_with_all_its_files_and_no_other(service: ChatService) -> None:
    tell(service, ANNA, "mine")
    tell(service, BEN, "yours")
    service.store.keep_settings(ANNA, {"top_k": 3})
    remove = serve(service)["remove_chat"]
    run = Run(ANNA, "page")
    service.runs.claim(run)
    assert "still being written" in remove(ANNA)
    service.runs.abandon(run)
    assert remove(ANNA) == ""
    assert service.store.load(ANNA) == Conversation()
    folder = service.pool.settings.conversations_dir
    assert [path.name for path in folder.iterdir()] == [BEN]


def test_a_chat_is_written_as_markdown_and_as_json(service: ChatService) -> None:
    told = add_version(
        Conversation((Turn("user", "hi"), Turn("assistant", "ho"))), 1, Turn("x", "<b>")
    )
    service.store.update(ANNA, lambda _: told)
    export = serve(service)["export_chat"]
    text = export([ANNA, "md"])["text"]
    assert text == "# hi\n\n## You\n\nhi\n\n## X\n\n<b>\n"
    values = json.loads(export([ANNA, "json"])["text"])
    assert values["title"] == "hi"
    assert values["messages"][1]["earlier"][0][0]["content"] == "ho"


def test_an_empty_chat_has_a_title_and_the_row_is_markup() -> None:
    assert title_of(Conversation()) == "Chat"
    assert seen(render_bar()).tags == {"div", "button", "span", "p"}


def record(text: str, logprob: float, end: bool = False) -> TokenRecord:
    shown = "" if end else text
    reason = "end_of_turn" if end else None
    return TokenRecord(1, text, shown, logprob, 1, 1.0, None, 0, 1, (), (), reason)


def test_confidence_is_the_mean_of_the_reply_and_its_least_likely_word() -> None:
    records = [record("The", -0.1), record(" par", -2.0), record("rot,", -0.1), record(" is", -0.2)]
    found = confidence_of([*records, record("<end>", -9, end=True)])
    assert found is not None
    assert found.perplexity == pytest.approx(1.822, abs=1e-3)
    assert (found.word, found.probability) == ("parrot", 0.1353)
    assert confidence_of([record("<end>", 0, end=True)]) is None
    assert confidence_of([record("a", float("-inf"))]) is None
