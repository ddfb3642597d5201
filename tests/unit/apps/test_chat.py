"""The chat service: asks, answers, stops, and loses nothing."""

from __future__ import annotations

import dataclasses
import itertools
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from apps.chat.branching import ForkPlace
from apps.chat.conversations import (
    Branch,
    Conversation,
    ReplyFacts,
    Turn,
    conversation_messages,
)
from apps.chat.places import Question, QuestionGone
from apps.chat.request import Request
from apps.chat.runs import Run
from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.ui.transcript import render_facts
from playground.errors import Busy, FetchFailed, OptionError
from playground.generation.recording import TokenRecord
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

    def ask(self, text: str = "Hi", key: str = ANNA, page: str = PAGE) -> Run:
        return self.service.ask(key, page, text)

    def talk(self, text: str = "Hi", key: str = ANNA, **settings: object) -> list[str]:
        """Ask, and write the whole reply."""
        return self.write(self.ask(text, key), **settings)

    def write(self, run: Run, **settings: object) -> list[str]:
        return list(self.service.answer(run, self.request(**settings)))

    def fork(self, token: int, alternative: int, turn: int = 1) -> Run:
        return self.service.branch(ANNA, PAGE, ForkPlace(turn, token, alternative))

    def branch(self, token: int, alternative: int, turn: int = 1, **settings: object) -> list[str]:
        return self.write(self.fork(token, alternative, turn), **settings)

    def tokens(self, turn: Turn | None = None) -> tuple[TokenRecord, ...]:
        return self.store.recording(ANNA, turn or self.last())

    def last(self) -> Turn:
        return self.store.load(ANNA).turns[-1]

    def roles(self, key: str = ANNA) -> list[str]:
        return [turn.role for turn in self.store.load(key).turns]


@pytest.fixture
def chat(tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chat:
    return Chat(tiny_model_folder, tmp_path, monkeypatch)


def test_a_reply_grows_and_is_kept_with_its_facts(chat: Chat) -> None:
    drafts = chat.talk("What is the capital of France?")
    assert drafts[0] == ""
    assert all(later.startswith(sooner) for sooner, later in itertools.pairwise(drafts))
    reply = chat.store.load(ANNA).turns[-1]
    assert reply.content == drafts[-1] == "The capital of France is Paris."
    assert reply.facts is not None
    assert reply.facts.finish_reason == "end_of_turn"
    assert reply.facts.tokens == len(chat.engine.reply) + 1
    assert reply.facts.settings["temperature"] == 0
    assert [record.token_id for record in chat.tokens()] == [*chat.engine.reply, 0]
    assert "".join(record.shown for record in chat.tokens()) == reply.content
    assert all(len(record.alternatives) == 10 for record in chat.tokens())


def test_the_next_turn_of_a_conversation_reads_only_what_is_new(chat: Chat) -> None:
    def facts(key: str = ANNA) -> ReplyFacts:
        found = chat.store.load(key).turns[-1].facts
        assert found
        return found

    for key in (ANNA, BEN):  # the same words of another conversation are of no use
        chat.talk("What is the capital of France?", key)
        assert (facts(key).kept_tokens, facts(key).read_tokens) == (0, facts(key).prompt_tokens)
    before = facts().prompt_tokens
    chat.talk("And of Spain?")
    kept, read = facts().kept_tokens, facts().read_tokens
    assert kept == before + len(chat.engine.reply)
    assert kept + (read or 0) == facts().prompt_tokens
    assert f"<b>{kept}</b> tokens kept" in render_facts(facts())
    chat.write(chat.service.retry(ANNA, PAGE, 3))
    assert (facts().kept_tokens, facts().read_tokens) == (facts().prompt_tokens - 1, 1)


def test_stop_ends_the_computation_within_one_token(chat: Chat) -> None:
    chat.engine.hold_at = 3
    run, drafts = chat.ask(), list[str]()
    thread = threading.Thread(target=lambda: drafts.extend(chat.write(run)))
    thread.start()
    assert chat.engine.holding.wait(10)
    chat.service.runs.stop(PAGE)
    chat.engine.released.set()
    thread.join(10)
    assert not thread.is_alive()
    assert chat.engine.calls == 4  # the one that was running, and none after it
    reply = chat.store.load(ANNA).turns[-1]
    assert reply.facts is not None
    assert reply.facts.finish_reason == "cancelled"
    assert "The capital of France is Paris.".startswith(reply.content)


def test_a_reply_that_an_error_ends_says_so_and_keeps_its_words(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = chat.engine.forward

    def break_at_the_fourth(*given: Any) -> Any:
        if chat.engine.calls == 3:
            raise Busy("The engine broke.")
        return forward(*given)

    monkeypatch.setattr(chat.engine, "forward", break_at_the_fourth)
    with pytest.raises(Busy, match=r"The engine broke\."):
        chat.talk()
    reply = chat.store.load(ANNA).turns[-1]
    assert reply.facts is not None
    assert reply.facts.finish_reason == "failed"
    assert reply.content
    assert "stopped: <b>an error</b>" in render_facts(reply.facts)


def test_a_page_that_goes_away_ends_the_computation_and_keeps_the_words(chat: Chat) -> None:
    chat.engine.hold_at = 3
    answer = chat.service.answer(chat.ask(), chat.request())
    drafts = [next(answer) for _ in range(4)]
    assert chat.engine.holding.wait(10)
    answer.close()
    chat.engine.released.set()
    while any(thread.name == "batch" for thread in threading.enumerate()):
        time.sleep(0.01)
    assert chat.engine.calls == 4  # the one that was running, and none after it
    assert chat.store.load(ANNA).turns[-1].content == drafts[-1]
    chat.service.runs.require_idle(ANNA)


def test_stopping_one_page_leaves_the_other_alone(chat: Chat) -> None:
    anna = chat.service.answer(chat.ask(page="page-a"), chat.request())
    ben = chat.service.answer(chat.ask(key=BEN, page="page-b"), chat.request())
    next(anna), next(ben)
    chat.service.runs.stop("page-a")
    assert list(anna) == []
    assert list(ben)[-1] == "The capital of France is Paris."


def test_an_empty_message_is_refused(chat: Chat) -> None:
    for text in ("", "  \n\t "):
        with pytest.raises(OptionError, match="The message is empty"):
            chat.ask(text)
    assert chat.roles() == []


def test_nothing_is_changed_while_a_reply_is_claimed_or_written(chat: Chat) -> None:
    run = chat.ask()
    acts = (
        chat.ask,
        lambda: chat.service.undo(ANNA, 0),
        lambda: chat.service.clear(ANNA),
        lambda: chat.service.retry(ANNA, PAGE, 0),
        lambda: chat.service.restore(ANNA),
        lambda: chat.service.show_version(ANNA, 0, 1),
        lambda: chat.service.resume(ANNA, PAGE, 0),
        lambda: chat.service.question(ANNA, 0),
        lambda: chat.fork(0, 0),
    )
    answer = chat.service.answer(run, chat.request())
    for begun in (False, True):
        if begun:
            next(answer)
        for act in acts:
            with pytest.raises(OptionError, match="still being written"):
                act()
    list(answer)
    assert chat.roles() == ["user", "assistant"]


def test_a_run_that_is_given_back_is_not_written_and_holds_nothing(chat: Chat) -> None:
    run = chat.ask()
    chat.service.runs.abandon(run)
    with pytest.raises(OptionError, match="no longer asked for"):
        chat.write(run)
    chat.write(chat.service.retry(ANNA, PAGE, 0))
    with pytest.raises(OptionError, match="no longer asked for"):
        chat.write(run)
    assert chat.roles() == ["user", "assistant"]


def test_of_many_pages_that_ask_at_once_one_asks_and_the_others_are_told(chat: Chat) -> None:
    chat.engine.hold_at = 0
    start, outcomes = threading.Barrier(8), list[Run | str]()

    def ask(page: int) -> None:
        start.wait(10)
        try:
            outcomes.append(chat.ask(f"question {page}", page=f"page-{page}"))
        except OptionError as error:
            outcomes.append(str(error))

    for _ in range(15):
        pages = [threading.Thread(target=ask, args=(page,)) for page in range(8)]
        for page in pages:
            page.start()
        for page in pages:
            page.join(10)
        runs = [outcome for outcome in outcomes if isinstance(outcome, Run)]
        assert len(runs) == 1
        assert {o for o in outcomes if isinstance(o, str)} == {
            "A reply is still being written; stop it or wait for its end."
        }
        assert chat.roles() == ["user"]
        chat.service.runs.abandon(runs[0])
        chat.service.clear(ANNA)
        outcomes.clear()


def test_a_hundred_chats_at_once_are_answered_or_refused_in_a_sentence(chat: Chat) -> None:
    keys, said = [f"{number:032x}" for number in range(100)], dict[str, str]()

    def talk(key: str) -> None:
        try:
            said[key] = chat.talk("Hi", key)[-1]
        except Busy as error:
            said[key] = str(error)

    with ThreadPoolExecutor(100) as pool:
        list(pool.map(talk, keys))
    assert len(said) == 100
    for key, words in said.items():
        answered = words == "The capital of France is Paris."
        assert answered or "try again in a moment" in words
        assert chat.roles(key) == (["user", "assistant"] if answered else ["user"])
    assert "The capital of France is Paris." in said.values()


def test_a_question_stays_when_the_model_cannot_be_had(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise FetchFailed("No network.")

    monkeypatch.setattr(manager_module, "ensure_model", fail)
    with pytest.raises(FetchFailed):
        chat.talk()
    assert chat.roles() == ["user"]
    monkeypatch.setattr(manager_module, "ensure_model", lambda *_: chat.engine.model)
    chat.write(chat.service.retry(ANNA, PAGE, 0))  # what "Answer this" does
    assert chat.roles() == ["user", "assistant"]


def test_retry_undo_edit_clear_and_restore(chat: Chat) -> None:
    for question in ("one", "two"):
        chat.talk(question)
    whole = chat.store.load(ANNA).turns

    def taken_back(run: Run) -> tuple[Turn, ...]:
        chat.service.runs.abandon(run)
        return run.conversation.turns

    assert taken_back(chat.service.retry(ANNA, PAGE, 3)) == whole[:3]
    assert chat.store.load(ANNA).turns == whole  # the reply stays until there is another
    conversation, question = chat.service.undo(ANNA, 3)
    assert (conversation.turns, question) == (whole[:2], "two")
    assert chat.service.restore(ANNA).turns == whole
    edited = chat.service.ask(ANNA, PAGE, "uno", chat.service.question(ANNA, 0))
    assert [turn.content for turn in taken_back(edited)] == ["uno"]
    back = chat.service.show_version(ANNA, 0, 1).turns
    assert [turn.content for turn in back] == [turn.content for turn in whole]
    assert back[1:] == whole[1:]
    whole = back
    assert chat.service.clear(ANNA).turns == ()
    assert chat.service.restore(ANNA).turns == whole
    assert [len(chat.tokens(turn)) for turn in whole] == [0, 8, 0, 8]


@pytest.mark.parametrize("place", [-1, -2, 1, 2, 99])
def test_what_is_done_at_a_bad_place_is_refused_and_changes_nothing(chat: Chat, place: int) -> None:
    chat.service.runs.abandon(chat.ask())
    before = chat.store.load(ANNA)
    for act in (
        lambda: chat.service.retry(ANNA, PAGE, place),
        lambda: chat.service.undo(ANNA, place),
        lambda: chat.service.question(ANNA, place),
        lambda: chat.service.ask(ANNA, PAGE, "new", Question(place, "old")),
    ):
        with pytest.raises(OptionError, match="no longer"):
            act()
    assert chat.store.load(ANNA) == before
    chat.service.runs.require_idle(ANNA)


def test_an_edit_after_another_page_changed_the_conversation_is_refused(chat: Chat) -> None:
    chat.talk("one")
    edited = chat.service.question(ANNA, 0)
    chat.service.clear(ANNA)
    for _ in range(2):
        with pytest.raises(QuestionGone, match="another page changed the conversation"):
            chat.service.ask(ANNA, PAGE, "uno", edited)
        chat.service.runs.require_idle(ANNA)
        chat.talk("something else")
    with pytest.raises(OptionError, match="Only your own messages"):
        chat.service.question(ANNA, 1)


def test_there_is_nothing_to_undo_or_retry_in_an_empty_conversation(chat: Chat) -> None:
    with pytest.raises(OptionError, match="nothing to undo"):
        chat.service.undo(ANNA, -1)
    with pytest.raises(OptionError, match="no message to answer again"):
        chat.service.retry(ANNA, PAGE, -1)
    with pytest.raises(OptionError, match="nothing to bring back"):
        chat.service.restore(ANNA)


# The scripted engine makes one token all but certain and all others alike: the alternatives are
# that token, then ids 0 (which ends the turn), 1, 2 and 3, which is "!".
SAME, END, EXCLAMATION = 0, 1, 4


@pytest.fixture
def asked(chat: Chat) -> Chat:
    """Return a chat whose last turn is "The capital of France is Paris."."""
    chat.talk()
    return chat


def test_a_branch_keeps_what_stood_before_and_goes_on_from_the_other_token(asked: Chat) -> None:
    former, before = asked.last(), asked.tokens()
    drafts = asked.branch(2, EXCLAMATION)
    assert drafts[0] == "The capital!"
    reply, records = asked.last(), asked.tokens()
    assert reply.content == drafts[-1] == "The capital!The capital of France is Paris."
    assert asked.roles() == ["user", "assistant"]
    assert records[:2] == before[:2]
    put = records[2]
    assert (put.token_id, put.text, put.shown, put.rank) == (3, "!", "!", 2)
    assert put.logprob == before[2].alternatives[EXCLAMATION].logprob
    assert (put.uniform, put.low, put.high, put.stages) == (None, 0, 0, ())
    assert "".join(record.shown for record in records) == reply.content
    assert reply.facts
    assert reply.facts.branch == Branch(2, " of", "!")
    assert reply.facts.tokens == len(records) == 3 + len(asked.engine.reply) + 1
    back = asked.service.show_version(ANNA, 1, 1).turns[-1]
    assert dataclasses.replace(back, later=()) == former
    assert asked.tokens() == before


def test_a_branch_can_itself_be_branched(asked: Chat) -> None:
    asked.branch(2, EXCLAMATION)
    asked.branch(1, EXCLAMATION)
    assert asked.last().content == "The!The capital of France is Paris."
    assert "".join(record.shown for record in asked.tokens()) == asked.last().content


def test_a_token_that_ends_the_turn_ends_the_branch_without_the_model(asked: Chat) -> None:
    calls = asked.engine.calls
    assert asked.branch(2, END) == ["The capital"]
    assert asked.engine.calls == calls
    reply = asked.last()
    assert reply.content == "The capital"
    assert asked.tokens()[-1].finish_reason == "end_of_turn"
    assert reply.facts
    assert (reply.facts.finish_reason, reply.facts.tokens) == ("end_of_turn", 3)
    assert reply.facts.tokens_per_second is None


def test_the_same_token_writes_again_from_there(asked: Chat) -> None:
    before = asked.tokens()
    asked.branch(6, SAME)
    reply, records = asked.last(), asked.tokens()
    assert reply.content == "The capital of France is Paris.The capital of France is Paris."
    assert records[:6] == before[:6]
    assert records[6] == before[6]  # drawn, and not put there by hand


def test_a_branch_never_shows_half_a_character(chat: Chat) -> None:
    chat.engine.reply = chat.engine.tokenizer.encode("a\N{SLIGHTLY SMILING FACE}b")
    chat.talk()
    letters = [record.shown for record in chat.tokens()]
    assert "" in letters[1:-1], "the face must be more than one token"
    for place in range(1, len(chat.engine.reply)):
        chat.branch(place, EXCLAMATION)
        reply = chat.last()
        assert "".join(record.shown for record in chat.tokens()) == reply.content
        chat.service.show_version(ANNA, 1, 1)


def test_a_branch_of_a_reply_cut_by_a_stop_string_shows_what_was_held_back(chat: Chat) -> None:
    chat.talk(stop=["France is Paris"])
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
    asked.service.runs.require_idle(ANNA)


def test_an_earlier_reply_is_not_branched(asked: Chat) -> None:
    asked.talk("And then?")
    with pytest.raises(OptionError, match="Only the last reply"):
        asked.branch(0, EXCLAMATION, turn=1)
    asked.service.runs.abandon(asked.ask("More?"))
    for turn in range(5):
        with pytest.raises(OptionError, match="Only the last reply"):
            asked.branch(0, EXCLAMATION, turn)


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
    assert len(asked.tokens()) == 4
    asked.branch(2, END, max_new_tokens=3)  # nothing is to be written
    assert asked.last().content == "The capital"


def test_no_branch_while_a_reply_is_written(asked: Chat) -> None:
    answer = asked.service.answer(asked.fork(2, EXCLAMATION), asked.request())
    next(answer)
    with pytest.raises(OptionError, match="still being written"):
        asked.branch(1, EXCLAMATION)
    list(answer)


def test_a_branch_stopped_before_its_first_token_leaves_the_reply(asked: Chat) -> None:
    before = asked.store.load(ANNA)
    answer = asked.service.answer(asked.fork(2, EXCLAMATION), asked.request())
    asked.engine.hold_at = asked.engine.calls
    assert next(answer) == "The capital!"
    assert asked.engine.holding.wait(10)
    asked.service.runs.stop(PAGE)
    asked.engine.released.set()
    assert list(answer) == []
    assert asked.store.load(ANNA) == before


def test_tokens_survive_a_restart_whatever_the_scores(asked: Chat) -> None:
    first, *others = asked.tokens()
    odd = dataclasses.replace(first, logprob=-math.inf, entropy_nats=math.inf)
    name = asked.store.keep_recording(ANNA, (odd, *others))
    again = ConversationStore(asked.pool.settings.conversations_dir)
    assert again.recording(ANNA, Turn("assistant", "", recording=name)) == (odd, *others)


def test_a_reply_that_waits_knows_its_place(chat: Chat) -> None:
    chat.engine.hold_at = 0
    anna, ben = chat.ask(), chat.ask(key=BEN)
    writers = [threading.Thread(target=chat.write, args=(anna,))]
    writers[0].start()
    assert chat.engine.holding.wait(10)
    writers.append(threading.Thread(target=chat.write, args=(ben,)))
    writers[1].start()
    deadline = time.monotonic() + 10
    while ben.place == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ben.place == 1
    assert anna.place == 0
    chat.engine.released.set()
    for writer in writers:
        writer.join(10)
    assert ben.place == 0
    assert chat.roles(ANNA) == chat.roles(BEN) == ["user", "assistant"]


def test_a_role_that_is_not_known_is_shown_and_no_model_gets_it() -> None:
    turns = (Turn("user", "a"), Turn("tool", "b"), Turn("assistant", "c"), Turn("system", "d"))
    messages = conversation_messages(Conversation(turns), "  ")
    assert [(message.role, message.content) for message in messages] == [
        ("user", "a"),
        ("assistant", "c"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a" * 200_001, "at most 200,000 characters, got 200,001"),
        ("one \ud800", "whole characters, got half of one .* at place 5"),
    ],
)
def test_a_text_that_no_model_can_take_is_refused_wherever_it_is_written(
    chat: Chat, text: str, words: str
) -> None:
    chat.pool.preload(chat.request().choice)
    for act in (
        lambda: chat.ask(text),
        lambda: chat.service.foresee(ANNA, chat.request(), text),
        lambda: Request(chat.request().choice, text, SamplingSettings()),
    ):
        with pytest.raises(OptionError, match=words):
            act()
    assert chat.roles() == []
    chat.service.runs.require_idle(ANNA)
