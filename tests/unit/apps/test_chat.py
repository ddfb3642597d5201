"""The chat service: asks, answers, stops, and loses nothing."""

from __future__ import annotations

import dataclasses
import itertools
import math
import threading
import time
from pathlib import Path

import pytest

from apps.chat.conversations import Branch, Conversation, ConversationStore, Turn
from apps.chat.service import ChatService, Request
from playground.errors import FetchFailed, OptionError
from playground.generation.settings import SamplingSettings
from playground.models.engines import manager as manager_module
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
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
        self.pool = Pool(settings, load=lambda *_: self.engine)
        self.store = ConversationStore(settings.conversations_dir)
        self.service = ChatService(self.pool, self.store)

    def request(self, **settings: object) -> Request:
        choice = ModelChoice("scripted", Precision.FP32)
        return Request(choice, "", SamplingSettings.from_mapping({"temperature": 0, **settings}))

    def answer(self, key: str = ANNA) -> list[str]:
        return list(self.service.answer(key, PAGE, self.request()))

    def branch(self, token: int, alternative: int, turn: int = 1, **settings: object) -> list[str]:
        request = self.request(**settings)
        return list(self.service.branch(ANNA, PAGE, request, turn, token, alternative))

    def last(self) -> Turn:
        return self.store.load(ANNA).turns[-1]

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
    assert [record.token_id for record in reply.tokens] == [*chat.engine.reply, 0]
    assert "".join(record.shown for record in reply.tokens) == reply.content
    assert all(len(record.alternatives) == 10 for record in reply.tokens)


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


# The scripted engine makes one token all but certain and all others alike: the alternatives are
# that token, then ids 0 (which ends the turn), 1, 2 and 3, which is "!".
SAME, END, EXCLAMATION = 0, 1, 4


@pytest.fixture
def asked(chat: Chat) -> Chat:
    """Return a chat whose last turn is "The capital of France is Paris."."""
    chat.service.ask(ANNA, "Hi")
    chat.answer()
    return chat


def test_a_branch_keeps_what_stood_before_and_goes_on_from_the_other_token(asked: Chat) -> None:
    former = asked.last()
    drafts = asked.branch(2, EXCLAMATION)
    assert drafts[0] == "The capital!"
    reply = asked.last()
    assert reply.content == drafts[-1] == "The capital!The capital of France is Paris."
    assert asked.roles() == ["user", "assistant"]
    assert reply.tokens[:2] == former.tokens[:2]
    put = reply.tokens[2]
    assert (put.token_id, put.text, put.shown, put.rank) == (3, "!", "!", 2)
    assert put.logprob == former.tokens[2].alternatives[EXCLAMATION].logprob
    assert (put.uniform, put.low, put.high, put.stages) == (None, 0, 0, ())
    assert "".join(record.shown for record in reply.tokens) == reply.content
    assert reply.facts
    assert reply.facts.branch == Branch(2, " of", "!")
    assert reply.facts.tokens == len(reply.tokens) == 3 + len(asked.engine.reply) + 1
    assert asked.service.restore(ANNA).turns[-1] == former


def test_a_branch_can_itself_be_branched(asked: Chat) -> None:
    asked.branch(2, EXCLAMATION)
    asked.branch(1, EXCLAMATION)
    assert asked.last().content == "The!The capital of France is Paris."
    assert "".join(record.shown for record in asked.last().tokens) == asked.last().content


def test_a_token_that_ends_the_turn_ends_the_branch_without_the_model(asked: Chat) -> None:
    calls = asked.engine.calls
    assert asked.branch(2, END) == ["The capital"]
    assert asked.engine.calls == calls
    reply = asked.last()
    assert reply.content == "The capital"
    assert reply.tokens[-1].finish_reason == "end_of_turn"
    assert reply.facts
    assert (reply.facts.finish_reason, reply.facts.tokens) == ("end_of_turn", 3)
    assert reply.facts.tokens_per_second is None


def test_the_same_token_writes_again_from_there(asked: Chat) -> None:
    former = asked.last()
    asked.branch(6, SAME)
    reply = asked.last()
    assert reply.content == "The capital of France is Paris.The capital of France is Paris."
    assert reply.tokens[:6] == former.tokens[:6]
    assert reply.tokens[6] == former.tokens[6]  # drawn, and not put there by hand


def test_a_branch_never_shows_half_a_character(chat: Chat) -> None:
    chat.engine.reply = chat.engine.tokenizer.encode("a\N{SLIGHTLY SMILING FACE}b")
    chat.service.ask(ANNA, "Hi")
    chat.answer()
    letters = [record.shown for record in chat.last().tokens]
    assert "" in letters[1:-1], "the face must be more than one token"
    for place in range(1, len(chat.engine.reply)):
        chat.branch(place, EXCLAMATION)
        reply = chat.last()
        assert "".join(record.shown for record in reply.tokens) == reply.content
        chat.service.restore(ANNA)


def test_a_branch_of_a_reply_cut_by_a_stop_string_shows_what_was_held_back(chat: Chat) -> None:
    chat.service.ask(ANNA, "Hi")
    list(chat.service.answer(ANNA, PAGE, chat.request(stop=["France is Paris"])))
    assert chat.last().content == "The capital of "
    chat.branch(4, END)
    assert chat.last().content == "The capital of France"


@pytest.mark.parametrize(
    ("turn", "token", "alternative", "words"),
    [
        (0, 0, 0, "Only the last reply"),
        (3, 0, 0, "Only the last reply"),
        (-1, 0, 0, "Only the last reply"),
        (1, 99, 0, "`token` must be 0 to 7 in this reply, got 99"),
        (1, -1, 0, "`token` must be 0 to 7 in this reply, got -1"),
        (1, 0, 10, "`alternative` must be 0 to 9 for this token, got 10"),
        (1, 0, -1, "`alternative` must be 0 to 9 for this token, got -1"),
    ],
)
def test_a_branch_from_nowhere_is_refused_and_changes_nothing(
    asked: Chat, turn: int, token: int, alternative: int, words: str
) -> None:
    before = asked.store.load(ANNA)
    with pytest.raises(OptionError, match=words):
        asked.branch(token, alternative, turn)
    assert asked.store.load(ANNA) == before
    asked.service.require_idle(ANNA)


def test_an_earlier_reply_is_not_branched(asked: Chat) -> None:
    asked.service.ask(ANNA, "And then?")
    for _ in range(2):
        with pytest.raises(OptionError, match="Only the last reply"):
            asked.branch(0, EXCLAMATION)
        asked.answer()
        asked.service.ask(ANNA, "More?")


def test_a_reply_without_records_is_not_branched(chat: Chat) -> None:
    turns = (Turn("user", "Hi"), Turn("assistant", "Hello"))
    chat.store.update(ANNA, lambda _: Conversation(turns))
    with pytest.raises(OptionError, match="kept without its tokens"):
        chat.branch(0, 0)


def test_another_models_reply_is_not_branched(asked: Chat) -> None:
    before = asked.store.load(ANNA)
    asked.engine.model = dataclasses.replace(asked.engine.model, title="Another")
    with pytest.raises(OptionError, match=r"the model that wrote it, Scripted, .* got Another"):
        asked.branch(1, EXCLAMATION)
    assert asked.store.load(ANNA) == before


def test_a_branch_at_the_limit_of_tokens_says_which_setting_to_raise(asked: Chat) -> None:
    before = asked.store.load(ANNA)
    with pytest.raises(OptionError, match=r"`max_new_tokens` must be above 3 .* got 3"):
        asked.branch(2, EXCLAMATION, max_new_tokens=3)
    assert asked.store.load(ANNA) == before
    asked.branch(2, EXCLAMATION, max_new_tokens=4)
    assert len(asked.last().tokens) == 4
    asked.branch(2, END, max_new_tokens=3)  # nothing is to be written
    assert asked.last().content == "The capital"


def test_no_branch_while_a_reply_is_written(asked: Chat) -> None:
    answer = asked.service.branch(ANNA, PAGE, asked.request(), 1, 2, EXCLAMATION)
    next(answer)
    with pytest.raises(OptionError, match="still being written"):
        asked.branch(1, EXCLAMATION)
    list(answer)


def test_a_branch_stopped_before_its_first_token_leaves_the_reply(asked: Chat) -> None:
    before = asked.store.load(ANNA)
    answer = asked.service.branch(ANNA, PAGE, asked.request(), 1, 2, EXCLAMATION)
    asked.engine.hold_at = asked.engine.calls
    assert next(answer) == "The capital!"
    assert asked.engine.holding.wait(10)
    asked.service.stop(PAGE)
    asked.engine.released.set()
    assert list(answer) == []
    assert asked.store.load(ANNA) == before


def test_tokens_survive_a_restart_whatever_the_scores(asked: Chat) -> None:
    odd = dataclasses.replace(asked.last().tokens[0], logprob=-math.inf, entropy_nats=math.inf)
    reply = dataclasses.replace(asked.last(), tokens=(odd, *asked.last().tokens[1:]))
    asked.store.update(ANNA, lambda c: dataclasses.replace(c, turns=(c.turns[0], reply)))
    again = ConversationStore(asked.pool.settings.conversations_dir)
    assert again.load(ANNA).turns[-1] == reply


def test_a_reply_that_waits_knows_its_place(chat: Chat) -> None:
    chat.engine.hold_at = 0
    for key in (ANNA, BEN):
        chat.service.ask(key, "Hi")
    writers = [threading.Thread(target=chat.answer, args=(ANNA,))]
    writers[0].start()
    assert chat.engine.holding.wait(10)
    writers.append(threading.Thread(target=chat.answer, args=(BEN,)))
    writers[1].start()
    deadline = time.monotonic() + 10
    while chat.service.place(BEN) == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert chat.service.place(BEN) == 1
    assert chat.service.place(ANNA) == 0
    chat.engine.released.set()
    for writer in writers:
        writer.join(10)
    assert chat.service.place(BEN) == 0
    assert chat.roles(ANNA) == chat.roles(BEN) == ["user", "assistant"]
