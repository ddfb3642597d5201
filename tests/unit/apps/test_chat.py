"""The chat service: asks, answers, stops, and loses nothing."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import pytest

from apps.chat import ChatService, Request
from apps.conversations import ConversationStore
from playground.errors import FetchFailed, OptionError
from playground.generation.settings import SamplingSettings
from playground.models import manager as manager_module
from playground.models.manager import ModelChoice, ModelManager
from playground.models.precision import Precision
from playground.settings import Settings
from tests.support.scripted_engine import ScriptedEngine

ANNA, BEN = "a" * 32, "b" * 32
PAGE = "page-1"


class Chat:
    """A service over a scripted engine."""

    def __init__(self, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine = ScriptedEngine(folder, [])
        self.engine.reply = self.engine.tokenizer.encode("The capital of France is Paris.")
        settings = Settings.from_env({"PLAYGROUND_HOME": str(home)})
        monkeypatch.setattr(manager_module, "ensure_model", lambda *_: self.engine.model)
        self.manager = ModelManager(settings, load=lambda *_: self.engine)
        self.store = ConversationStore(settings.conversations_dir)
        self.service = ChatService(self.manager, self.store)

    def request(self, **settings: object) -> Request:
        choice = ModelChoice("scripted", Precision.FP32)
        return Request(choice, "", SamplingSettings.from_mapping({"temperature": 0, **settings}))

    def answer(self, key: str = ANNA) -> list[str]:
        return list(self.service.answer(key, PAGE, self.request()))

    def roles(self, key: str = ANNA) -> list[str]:
        return [turn.role for turn in self.store.load(key).turns]


@pytest.fixture
def chat(tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chat:
    return Chat(tiny_model_folder, tmp_path, monkeypatch)


def test_a_reply_grows_and_is_kept_with_its_facts(chat: Chat) -> None:
    chat.service.ask(ANNA, "What is the capital of France?")
    drafts = chat.answer()
    assert drafts[0] == ""
    assert all(later.startswith(sooner) for sooner, later in itertools.pairwise(drafts))
    reply = chat.store.load(ANNA).turns[-1]
    assert reply.content == drafts[-1] == "The capital of France is Paris."
    assert reply.facts is not None
    assert reply.facts.finish_reason == "end_of_turn"
    assert reply.facts.tokens == len(chat.engine.reply) + 1
    assert reply.facts.settings["temperature"] == 0


def test_stop_ends_the_computation_within_one_token(chat: Chat) -> None:
    chat.service.ask(ANNA, "Hi")
    chat.engine.hold_at = 3
    drafts: list[str] = []
    thread = threading.Thread(target=lambda: drafts.extend(chat.answer()))
    thread.start()
    assert chat.engine.holding.wait(10)
    chat.service.stop(PAGE)
    chat.engine.released.set()
    thread.join(10)
    assert not thread.is_alive()
    assert chat.engine.calls == 4  # the one that was running, and none after it
    reply = chat.store.load(ANNA).turns[-1]
    assert reply.facts is not None
    assert reply.facts.finish_reason == "cancelled"
    assert "The capital of France is Paris.".startswith(reply.content)


def test_a_page_that_goes_away_ends_the_computation_and_keeps_the_words(chat: Chat) -> None:
    chat.service.ask(ANNA, "Hi")
    chat.engine.hold_at = 3
    answer = chat.service.answer(ANNA, PAGE, chat.request())
    drafts = [next(answer) for _ in range(4)]
    assert chat.engine.holding.wait(10)
    answer.close()
    chat.engine.released.set()
    while any(thread.name == "batch" for thread in threading.enumerate()):
        time.sleep(0.01)
    assert chat.engine.calls == 4  # the one that was running, and none after it
    assert chat.store.load(ANNA).turns[-1].content == drafts[-1]
    chat.service.require_idle(ANNA)


def test_stopping_one_page_leaves_the_other_alone(chat: Chat) -> None:
    chat.service.ask(ANNA, "Hi")
    chat.service.ask(BEN, "Hi")
    anna = chat.service.answer(ANNA, "page-a", chat.request())
    ben = chat.service.answer(BEN, "page-b", chat.request())
    next(anna), next(ben)
    chat.service.stop("page-a")
    assert list(anna) == []
    assert list(ben)[-1] == "The capital of France is Paris."


def test_an_empty_message_is_refused(chat: Chat) -> None:
    for text in ("", "  \n\t "):
        with pytest.raises(OptionError, match="The message is empty"):
            chat.service.ask(ANNA, text)
    assert chat.roles() == []


def test_nothing_is_changed_while_a_reply_is_written(chat: Chat) -> None:
    chat.service.ask(ANNA, "Hi")
    answer = chat.service.answer(ANNA, PAGE, chat.request())
    next(answer)
    for act in (
        lambda: chat.service.ask(ANNA, "again"),
        lambda: chat.service.undo(ANNA),
        lambda: chat.service.clear(ANNA),
        lambda: chat.service.drop_reply(ANNA),
        lambda: chat.service.restore(ANNA),
        lambda: next(chat.service.answer(ANNA, PAGE, chat.request())),
    ):
        with pytest.raises(OptionError, match="still being written"):
            act()
    list(answer)
    assert chat.roles() == ["user", "assistant"]


def test_a_question_stays_when_the_model_cannot_be_had(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise FetchFailed("No network.")

    monkeypatch.setattr(manager_module, "ensure_model", fail)
    chat.service.ask(ANNA, "Hi")
    with pytest.raises(FetchFailed):
        chat.answer()
    assert chat.roles() == ["user"]
    monkeypatch.setattr(manager_module, "ensure_model", lambda *_: chat.engine.model)
    chat.service.drop_reply(ANNA)  # what "Answer this" does
    chat.answer()
    assert chat.roles() == ["user", "assistant"]


def test_retry_undo_edit_clear_and_restore(chat: Chat) -> None:
    for question in ("one", "two"):
        chat.service.ask(ANNA, question)
        chat.answer()
    whole = chat.store.load(ANNA).turns

    assert chat.service.drop_reply(ANNA).turns == whole[:3]
    assert chat.service.restore(ANNA).turns == whole
    conversation, question = chat.service.undo(ANNA)
    assert (conversation.turns, question) == (whole[:2], "two")
    assert chat.service.restore(ANNA).turns == whole
    edited = chat.service.ask(ANNA, "uno", replace_from=0)
    assert [turn.content for turn in edited.turns] == ["uno"]
    assert chat.service.restore(ANNA).turns == whole
    assert chat.service.clear(ANNA).turns == ()
    assert chat.service.restore(ANNA).turns == whole


def test_there_is_nothing_to_undo_or_retry_in_an_empty_conversation(chat: Chat) -> None:
    with pytest.raises(OptionError, match="nothing to undo"):
        chat.service.undo(ANNA)
    with pytest.raises(OptionError, match="no message to answer again"):
        chat.service.drop_reply(ANNA)
