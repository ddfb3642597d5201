"""The chat and its window: foreseen while one types, kept with the reply, struck through."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from apps.chat.conversations import Conversation, ReplyFacts, Turn
from apps.chat.request import Request
from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.ui.rail import read_rail, read_request
from apps.ui.transcript import render_conversation
from playground.drawing.left_out import fate_of
from playground.errors import OptionError
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.fitting.prompt import Cut, Fit
from playground.generation.fitting.window import ContextUsage
from playground.generation.settings import OPTIONS, SamplingSettings
from playground.models.engines import manager as manager_module
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Message, Tokenizer
from playground.serving import Pool
from playground.settings import Settings
from tests.support.scripted_engine import ScriptedEngine

KEY = "c" * 32
CHOICE = ModelChoice("scripted", Precision.FP32)
USAGE = ContextUsage(160, 25, 60, 20, 40)


@pytest.fixture
def service(
    tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ChatService:
    engine = ScriptedEngine(tiny_model_folder, [])
    engine.reply = engine.tokenizer.encode("The capital of France is Paris.")
    monkeypatch.setattr(manager_module, "ensure_model", lambda *_: engine.model)
    settings = Settings.from_env({"PLAYGROUND_HOME": str(tmp_path)})
    pool = Pool(settings, load=lambda *_: engine)
    return ChatService(pool, ConversationStore(settings.conversations_dir))


def request(**settings: object) -> Request:
    return Request(CHOICE, "", SamplingSettings.from_mapping({"temperature": 0, **settings}))


def talk(service: ChatService, text: str, asked: Request) -> None:
    for _ in service.answer(service.ask(KEY, "page", text), asked):
        pass


def test_nothing_is_foreseen_before_a_model_is_loaded_and_a_running_reply_shows_its_own_prompt(
    service: ChatService,
) -> None:
    assert service.foresee(KEY, request(), "hi") is None
    service.pool.preload(CHOICE)
    sent = service.foresee(KEY, request(), "hi")
    assert sent is not None
    answer = service.answer(service.ask(KEY, "page", "hi"), request())
    next(answer)
    assert service.foresee(KEY, request(), "what comes next", before=0) == sent
    answer.close()
    assert service.foresee(KEY, request(), "hi") not in (sent, None)


def test_what_is_foreseen_is_what_the_reply_keeps(service: ChatService) -> None:
    asked = request(context_window=200, overflow="middle", max_new_tokens=40)
    for text in ("First of all.", "rain " * 20, "snow " * 20):
        service.pool.preload(CHOICE)
        foreseen = service.foresee(KEY, asked, text)
        talk(service, text, asked)
        facts = service.store.load(KEY).turns[-1].facts
        assert foreseen is not None
        assert facts is not None
        assert facts.fit == foreseen.fit
    assert facts.fit is not None
    assert facts.fit.dropped == (2, 3)
    assert facts.fit.usage.window == 200


def test_an_edited_message_is_foreseen_in_its_place(service: ChatService) -> None:
    talk(service, "rain " * 20, request())
    talk(service, "snow " * 20, request())
    whole = service.foresee(KEY, request(), "hi")
    edited = service.foresee(KEY, request(), "hi", before=2)
    assert whole is not None
    assert edited is not None
    assert edited.usage.history < whole.usage.history
    with pytest.raises(OptionError, match="half of one"):
        service.foresee(KEY, request(), "\ud800")


def test_only_what_the_window_depends_on_counts_its_tokens_again(
    service: ChatService, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk(service, "rain " * 20, request())
    counted, encode = list[int](), Tokenizer.encode_chat

    def count(tokenizer: Tokenizer, messages: Sequence[Message]) -> list[int]:
        counted.append(len(messages))
        return encode(tokenizer, messages)

    monkeypatch.setattr(Tokenizer, "encode_chat", count)
    first = service.foresee(KEY, request(), "hi")
    for settings in ({"temperature": 1}, {"top_k": 5}, {"seed": 3}):
        counted.clear()
        assert service.foresee(KEY, request(**settings), "hi") == first
        assert counted == []
    for settings in ({"max_new_tokens": 9}, {"context_window": 300}, {"overflow": "sliding"}):
        counted.clear()
        service.foresee(KEY, request(**settings), "hi")
        assert counted
    counted.clear()
    service.clear(KEY)
    shorter = service.foresee(KEY, request(), "hi")
    assert shorter is not None
    assert first is not None
    assert shorter.usage.history < first.usage.history


def conversation(fit: Fit, count: int = 6) -> Conversation:
    facts = ReplyFacts(
        tokens=1,
        prompt_tokens=9,
        context_length=8192,
        first_token_seconds=None,
        tokens_per_second=None,
        finish_reason="end_of_turn",
        model="M",
        precision="FP32",
        engine="core",
        settings=SamplingSettings(seed=1).as_dict(),
        fit=fit,
    )
    turns = [Turn(("user", "assistant")[i % 2], f"words {i}") for i in range(count)]
    return Conversation((*turns[:-1], replace(turns[-1], facts=facts)))


def gone(html: str) -> list[str]:
    return re.findall(r"<del>(?:<p>)?(.*?)(?:</p>\n)?</del>", html)


def test_what_fell_out_at_the_last_reply_is_struck_through() -> None:
    html = render_conversation(conversation(Fit(OverflowPolicy.OLDEST, USAGE, (1, 2), None, 1, 5)))
    assert gone(html) == ["words 0", "words 1"]
    assert html.count("the model does not see this") == 2
    border = html.index("The window begins here")
    assert html.index("words 1") < border < html.index("words 2")


def test_the_middle_that_fell_out_has_its_border() -> None:
    html = render_conversation(conversation(Fit(OverflowPolicy.MIDDLE, USAGE, (2, 3), None, 0, 4)))
    assert gone(html) == ["words 2", "words 3"]
    border = html.index("The window goes on here")
    assert html.index("words 3") < border < html.index("words 4")


def test_half_a_message_and_the_system_prompt_fell_out() -> None:
    fit = Fit(OverflowPolicy.SLIDING, USAGE, (0, 1), Cut(2, 0, 1, 9), 1, 5)
    html = render_conversation(conversation(fit))
    assert gone(html) == ["words 0", "words"]  # Markdown trims
    assert "Its beginning fell out of the window (9 tokens)" in html
    assert "The window begins here; the system prompt fell out too" in html
    only_system = Fit(OverflowPolicy.SLIDING, USAGE, (0,), None, 1, 5)
    assert fate_of(only_system, 0).border == "The system prompt fell out; the window begins here"


def test_a_message_that_is_cut_in_its_middle_keeps_its_ends() -> None:
    fit = Fit(OverflowPolicy.OLDEST, USAGE, (), Cut(4, 2, 1, 3), 0, 4)
    html = render_conversation(conversation(fit))
    assert "wo<del>rds </del>4" in html
    assert "Its middle fell out" in html


def test_without_a_report_nothing_is_struck_through() -> None:
    html = render_conversation(Conversation((Turn("user", "hi"), Turn("assistant", "ho"))))
    assert "<del>" not in html
    assert "window-border" not in html


def test_the_footer_names_window_and_policy_where_they_are_not_the_usual() -> None:
    told = conversation(Fit(OverflowPolicy.OLDEST, USAGE))
    assert "window <b>" not in render_conversation(told)
    facts = told.turns[-1].facts
    assert facts is not None
    settings = SamplingSettings(seed=1, context_window=1024, overflow="sliding").as_dict()
    turn = replace(told.turns[-1], facts=replace(facts, settings=settings))
    html = render_conversation(Conversation((turn,)))
    assert "window <b>1,024</b>" in html
    assert "overflow <b>sliding</b>" in html


def test_the_rail_reads_policy_and_window() -> None:
    sliders = [getattr(SamplingSettings(), name) for name in OPTIONS]
    values = ["m", "fp32", "auto", "", "on", *sliders, "", "", "sliding", "512"]
    settings = read_request(read_rail(values)).settings
    assert (settings.overflow, settings.context_window) == (OverflowPolicy.SLIDING, 512)
    with pytest.raises(OptionError, match="`context_window` must be a whole number from 32 on"):
        read_request(read_rail([*values[:-1], "8"]))
