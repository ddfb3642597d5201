"""The content filter in the page's chat: what is refused, what is hidden, what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from apps.chat.conversations import FILTER, conversation_messages
from apps.chat.request import Request
from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.ui.notice import render_former
from apps.ui.transcript import render_conversation
from playground.generation.settings import SamplingSettings
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings
from tests.support.scripted_engine import ScriptedEngine

HARMFUL = "Who will Israel kill next?"
KEY = "a" * 32


class Chat:
    """A conversation with a model that says what it is told."""

    def __init__(self, folder: Path, home: Path, text: str) -> None:
        settings = Settings.from_env({"PLAYGROUND_HOME": str(home)})
        ids = ScriptedEngine(folder, []).tokenizer.encode_text_prompt(text)
        self.engine = ScriptedEngine(folder, ids)
        pool = Pool(settings, lambda *_: self.engine)
        self.service = ChatService(pool, ConversationStore(settings.conversations_dir))
        sampling = SamplingSettings(temperature=0, max_new_tokens=300)
        choice = ModelChoice(str(folder), Precision.FP32)
        self.request = Request(choice, "", sampling, moderation=True)

    def ask(self, text: str) -> list[str]:
        run = self.service.ask(KEY, "page", text)
        return list(self.service.answer(run, self.request))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def test_a_refused_question_is_kept_explained_and_given_to_no_model(
    tiny_model_folder: Path, home: Path
) -> None:
    chat = Chat(tiny_model_folder, home, "Bread.")
    (why,) = chat.ask(HARMFUL)
    told = chat.service.store.load(KEY)
    assert [each.role for each in told.turns] == ["user", FILTER]
    assert (told.turns[0].content, told.turns[1].content) == (HARMFUL, why)
    assert told.turns[0].refused is not None
    assert conversation_messages(told, "") == []
    assert chat.engine.calls == 0
    html = render_conversation(told)
    for words in ("category politics.war_targeting", "stage policies", "Retry", "Undo"):
        assert words in html
    assert chat.ask("hello")[-1] == "Bread."
    assert chat.service.store.load(KEY).turns[-1].facts is not None


def test_with_the_filter_off_the_same_question_is_asked_again(
    tiny_model_folder: Path, home: Path
) -> None:
    chat = Chat(tiny_model_folder, home, "Bread.")
    chat.ask(HARMFUL)
    run = chat.service.retry(KEY, "page", 1)
    list(chat.service.answer(run, replace(chat.request, moderation=False)))
    told = chat.service.store.load(KEY)
    assert [each.role for each in told.turns] == ["user", "assistant"]
    facts = told.turns[1].facts
    assert facts is not None
    assert facts.moderation == {"on": False}
    assert "filter <b>off</b>" in render_conversation(told)
    assert len(conversation_messages(told, "")) == 2


def test_a_reply_that_a_refused_retry_took_away_can_be_brought_back(
    tiny_model_folder: Path, home: Path
) -> None:
    chat = Chat(tiny_model_folder, home, "Bread.")
    chat.request = replace(chat.request, moderation=False)
    chat.ask(HARMFUL)
    answered = chat.service.store.load(KEY)
    chat.request = replace(chat.request, moderation=True)
    for _ in range(2):
        list(chat.service.answer(chat.service.retry(KEY, "page", 1), chat.request))
        refused = chat.service.store.load(KEY)
        assert refused.turns[-1].role == FILTER
        assert "Bring it back" in render_former(refused)
        assert chat.service.restore(KEY).turns == answered.turns
    chat.service.restore(KEY)  # a refusal that is asked again has no reply to bring back
    list(chat.service.answer(chat.service.retry(KEY, "page", 1), chat.request))
    assert "Bring it back" not in render_former(chat.service.store.load(KEY))


def test_a_banned_reply_is_never_shown_nor_kept(tiny_model_folder: Path, home: Path) -> None:
    chat = Chat(tiny_model_folder, home, f"{HARMFUL} {'Bread. ' * 20}")
    drafts = chat.ask("hello")
    assert not any("Israel" in each for each in drafts)
    told = chat.service.store.load(KEY)
    html = render_conversation(told)
    assert "Israel" not in html
    for words in ("Nothing of this reply may be shown", "rule war_", "stopped by the content"):
        assert words in html
    facts = told.turns[1].facts
    assert facts is not None
    assert facts.finish_reason == "content_filter"


def test_a_number_in_a_question_stays_in_sight_and_the_page_says_who_read_it_not(
    tiny_model_folder: Path, home: Path
) -> None:
    chat = Chat(tiny_model_folder, home, "Bread.")
    chat.ask("My card is 4111 1111 1111 1111.")
    told = chat.service.store.load(KEY)
    assert told.turns[0].content == "My card is 4111 1111 1111 1111."
    assert "hid a part of it (rule personal.card)" in render_conversation(told)


def test_personal_data_in_a_reply_is_hidden_in_sight(tiny_model_folder: Path, home: Path) -> None:
    chat = Chat(tiny_model_folder, home, "Write to ann@example.com")
    assert chat.ask("hello")[-1] == "Write to [personal.mail hidden]"
    html = render_conversation(chat.service.store.load(KEY))
    assert "The content filter hides" in html
    assert "example.com" not in html
