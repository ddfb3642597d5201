"""A reply goes on where it stopped: the same reply, and no word of it twice or lost."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from apps.chat.conversations import Turn
from apps.chat.request import Request
from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.ui.transcript import render_conversation
from playground.errors import OptionError
from playground.generation.settings import SamplingSettings
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings
from tests.support.markup import seen

KEY = "a" * 32


class Chat:
    """A conversation with a tiny model that never ends by itself."""

    def __init__(self, folder: Path, home: Path) -> None:
        settings = Settings.from_env({"PLAYGROUND_HOME": str(home)})
        self.service = ChatService(Pool(settings), ConversationStore(settings.conversations_dir))
        self._choice = ModelChoice(str(folder), Precision.FP32)

    def request(self, **settings: object) -> Request:
        never = dict.fromkeys(self.ends(), -100)
        first = {"stop_on_loop": False, "logit_bias": never, "top_p": 1, "seed": None}
        return Request(self._choice, "", SamplingSettings.from_mapping({**first, **settings}))

    def ends(self) -> frozenset[int]:
        with self.service.pool.lease(self._choice) as model:
            return frozenset(model.tokenizer.end_token_ids)

    def ask(self, **settings: object) -> Turn:
        self.service.clear(KEY)
        list(self.service.answer(self.service.ask(KEY, "p", "Hi"), self.request(**settings)))
        return self.last

    def go_on(self, **settings: object) -> list[str]:
        return list(self.service.answer(self.service.resume(KEY, "p", 1), self.request(**settings)))

    @property
    def last(self) -> Turn:
        return self.service.store.load(KEY).turns[-1]

    def ids(self) -> list[int]:
        return [each.token_id for each in self.service.store.recording(KEY, self.last)]


@pytest.fixture
def chat(tiny_model_folder: Path, tmp_path: Path) -> Chat:
    return Chat(tiny_model_folder, tmp_path)


def test_a_reply_at_its_limit_becomes_what_a_higher_limit_would_have_made(chat: Chat) -> None:
    first = chat.ask(max_new_tokens=6)
    assert first.facts
    seed, begun = first.facts.settings["seed"], chat.ids()
    drafts = chat.go_on(max_new_tokens=5)
    assert drafts[-1].startswith(first.content)
    assert drafts[-1] == chat.last.content
    whole, facts = chat.ids(), chat.last.facts
    assert whole[:6] == begun
    assert len(whole) == 11
    assert facts
    assert (facts.tokens, facts.continued, facts.settings["max_new_tokens"]) == (11, 6, 11)
    html = render_conversation(chat.service.store.load(KEY))
    assert "continued after 6 tokens" in seen(html).text
    assert "versions" not in html  # it is the same reply, and has no other version
    text = chat.last.content
    assert chat.ask(max_new_tokens=11, seed=seed).content == text
    assert chat.ids() == whole


def test_it_can_be_continued_again_and_with_other_dice(chat: Chat) -> None:
    chat.ask(max_new_tokens=3, seed=1)
    chat.go_on(max_new_tokens=3, seed=2)
    chat.go_on(max_new_tokens=3)
    facts = chat.last.facts
    assert facts
    assert (facts.tokens, facts.continued, facts.settings["seed"]) == (9, 6, 2)


def test_what_was_stopped_is_continued_too_and_keeps_its_versions(chat: Chat) -> None:
    chat.ask(max_new_tokens=3)
    again = chat.service.retry(KEY, "p", 1)
    answer = chat.service.answer(again, chat.request(max_new_tokens=400))
    while not next(answer):
        pass
    chat.service.runs.stop("p")
    list(answer)
    stopped = chat.last
    assert stopped.facts
    assert stopped.facts.finish_reason == "cancelled"
    assert "Continue" in render_conversation(chat.service.store.load(KEY))
    chat.go_on(max_new_tokens=2)
    assert chat.last.content.startswith(stopped.content)
    assert len(chat.last.earlier) == 1


def test_a_reply_that_ended_by_itself_or_is_not_the_last_is_not_continued(chat: Chat) -> None:
    chat.ask(max_new_tokens=3)
    for place in (0, 2, -1):
        with pytest.raises(OptionError, match="Only the last reply can be continued"):
            chat.service.resume(KEY, "p", place)
    ended = chat.ask(max_new_tokens=20, logit_bias=dict.fromkeys(chat.ends(), 100))
    assert ended.facts
    assert ended.facts.finish_reason == "end_of_turn"
    assert "Continue" not in render_conversation(chat.service.store.load(KEY))
    with pytest.raises(OptionError, match="ended by itself"):
        chat.service.resume(KEY, "p", 1)
    chat.service.runs.require_idle(KEY)


def test_there_is_a_longest_reply(chat: Chat) -> None:
    chat.ask(max_new_tokens=1)
    recording = chat.service.store.recording(KEY, chat.last) * 4096
    name = chat.service.store.keep_recording(KEY, recording)
    chat.service.store.update(
        KEY,
        lambda there: dataclasses.replace(
            there, turns=(there.turns[0], dataclasses.replace(there.turns[1], recording=name))
        ),
    )
    with pytest.raises(OptionError, match="up to 4,096 tokens, got 4,096"):
        chat.go_on()
