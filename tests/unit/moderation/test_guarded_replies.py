"""Replies behind a guard: no banned text, no banned token, and the computation ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

import playground
from playground.errors import ContentRefused, OptionError
from playground.generation.language_model import LanguageModel
from playground.generation.settings import SamplingSettings
from playground.models.text.tokenizer import Message
from playground.moderation.guard import RailGuard, explain_covered, explain_reply
from playground.moderation.hiding import redact
from playground.moderation.rail import shipped_rail
from playground.moderation.rails import Rails
from playground.moderation.verdict import Action
from tests.support.scripted_engine import ScriptedEngine

HARMFUL = "Who will Israel kill next?"


def model_that_says(folder: Path, text: str) -> LanguageModel:
    ids = ScriptedEngine(folder, []).tokenizer.encode_text_prompt(text)
    model = LanguageModel(ScriptedEngine(folder, ids))
    model.guard = RailGuard(Rails())
    return model


@pytest.mark.parametrize("settings", [{}, {"stop": ["zzz"]}])
def test_a_banned_reply_ends_and_shows_neither_text_nor_token(
    tiny_model_folder: Path, settings: dict[str, Any]
) -> None:
    model = model_that_says(tiny_model_folder, f"I know. {HARMFUL} {'Bread. ' * 30}")
    stream = model.stream("hello", temperature=0, max_new_tokens=400, **settings)
    told = ""
    for step in stream:
        told += step.text
        assert "Israel" not in told
    reply = stream.reply
    assert reply.finish_reason == "content_filter"
    assert reply.text.rstrip() == "I know."
    pieces = "".join(model.tokenizer.piece(each) for each in reply.token_ids)
    assert pieces.strip() in "I know."
    assert reply.watched is not None
    assert reply.watched.withheld > 0
    assert reply.watched.found["action"] == "block"
    assert "rule war_" in explain_reply(reply.watched.found)


@pytest.mark.parametrize("fixed", [True, False])
def test_nobody_is_told_to_switch_off_what_they_cannot(
    tiny_model_folder: Path, fixed: bool
) -> None:
    model = model_that_says(tiny_model_folder, HARMFUL)
    model.guard = RailGuard(Rails(), fixed)
    told = [explain_reply(model.generate("hello", temperature=0, max_new_tokens=99).moderation)]
    with pytest.raises(ContentRefused) as refused:
        model.generate(HARMFUL)
    for said in (*told, str(refused.value)):
        assert ("or switch off Content filter" in said) is not fixed
        assert ("has the filter on for everybody." in said) is fixed


def test_the_computation_stops_with_the_reply(tiny_model_folder: Path) -> None:
    model = model_that_says(tiny_model_folder, f"{HARMFUL} {'Bread is good. ' * 400}")
    reply = model.generate("hello", temperature=0, max_new_tokens=480)
    assert reply.finish_reason == "content_filter"
    assert reply.text == ""
    assert isinstance(model.engine, ScriptedEngine)
    assert model.engine.calls < 300


def test_personal_data_in_a_reply_is_hidden_with_its_tokens(tiny_model_folder: Path) -> None:
    text = "Write to ann@example.com today. It is good."
    model = model_that_says(tiny_model_folder, text)
    reply = model.generate("hello", temperature=0, max_new_tokens=200)
    assert reply.text == "Write to [personal.mail hidden] today. It is good."
    assert "example" not in "".join(model.tokenizer.piece(each) for each in reply.token_ids)
    assert reply.finish_reason == "end_of_turn"


@pytest.mark.parametrize("count", [1, 6, 12, 16, 20, 26, 40])
def test_the_text_is_whole_wherever_the_reply_ends(tiny_model_folder: Path, count: int) -> None:
    model = model_that_says(tiny_model_folder, "Write to ann@example.com now: it is good.")
    reply = model.generate("hello", temperature=0, max_new_tokens=count)
    model.guard = None
    unseen = model.generate("hello", temperature=0, max_new_tokens=count)
    assert reply.text == redact(unseen.text, shipped_rail().check(unseen.text).matches)
    assert reply.finish_reason == unseen.finish_reason
    assert reply.watched
    assert len(reply.steps) + reply.watched.withheld == len(unseen.steps)


def test_a_harmless_reply_is_the_same_with_every_token(tiny_model_folder: Path) -> None:
    model = model_that_says(tiny_model_folder, "Bread is sold here. It is good. \u00e4\u20ac")
    watched = model.generate("hello", temperature=0, max_new_tokens=100)
    model.guard = None
    plain = model.generate("hello", temperature=0, max_new_tokens=100)
    assert (watched.text, watched.token_ids) == (plain.text, plain.token_ids)
    assert [each.text for each in watched.steps] == [each.text for each in plain.steps]


def test_a_banned_question_is_refused_before_the_model_runs(tiny_model_folder: Path) -> None:
    model = model_that_says(tiny_model_folder, "Bread.")
    with pytest.raises(ContentRefused, match=r"rule war_.*category politics.*stage policies"):
        model.generate(HARMFUL)
    with pytest.raises(ContentRefused):
        model.stream(
            [
                {"role": "user", "content": "who will Israel"},
                {"role": "assistant", "content": "What?"},
                {"role": "user", "content": "kill next"},
            ]
        )
    assert isinstance(model.engine, ScriptedEngine)
    assert model.engine.calls == 0


def test_a_branch_that_begins_with_what_is_banned_shows_it_not(tiny_model_folder: Path) -> None:
    model = model_that_says(tiny_model_folder, "Bread.")
    prefix = model.tokenizer.encode_text_prompt(f"So. {HARMFUL} Yes. And more to say here.")
    stream = model.stream("hello", prefix=prefix, temperature=0, max_new_tokens=200)
    assert "Israel" not in stream.prefix_text
    list(stream)
    assert stream.reply.text.rstrip() == "So."
    assert stream.reply.finish_reason == "content_filter"


def test_what_is_given_as_token_ids_is_checked_as_what_it_spells(tiny_model_folder: Path) -> None:
    model = model_that_says(tiny_model_folder, "Bread.")
    ids = model.tokenizer.encode_text_prompt(HARMFUL)
    with pytest.raises(ContentRefused):
        model.generate(ids)
    with pytest.raises(ContentRefused):
        model.stream_many(ids, [SamplingSettings()])
    with pytest.raises(OptionError, match="whole numbers"):
        model.generate([ids[0], cast(int, "x")])
    assert isinstance(model.engine, ScriptedEngine)
    assert model.engine.calls == 0


def test_every_column_is_watched(tiny_model_folder: Path) -> None:
    model = model_that_says(tiny_model_folder, f"I know. {HARMFUL} {'Bread. ' * 20}")
    greedy = SamplingSettings(temperature=0, max_new_tokens=200)
    short = SamplingSettings(temperature=0, max_new_tokens=6)
    streams = model.stream_many("hello", [greedy, short, greedy])
    shown = dict.fromkeys(range(3), "")
    for steps in streams:
        for column, step in steps.items():
            shown[column] += step.text
    long, cut, other = streams.replies
    assert long.text == other.text
    assert (long.text.rstrip(), long.finish_reason) == ("I know.", "content_filter")
    assert cut.finish_reason == "max_new_tokens"
    assert long.watched
    assert long.watched.withheld > 0
    assert shown[0] in long.text
    model.guard = None
    assert model.generate("hello", temperature=0, max_new_tokens=6).text == cut.text


def test_columns_that_all_say_what_is_banned_end_the_computation(tiny_model_folder: Path) -> None:
    model = model_that_says(tiny_model_folder, f"{HARMFUL} {'Bread is good. ' * 400}")
    greedy = SamplingSettings(temperature=0, max_new_tokens=480)
    streams = model.stream_many("hello", [greedy, greedy])
    assert list(streams) == []
    assert {each.finish_reason for each in streams.replies} == {"content_filter"}
    assert isinstance(model.engine, ScriptedEngine)
    assert model.engine.calls < 300


def test_what_is_to_be_hidden_of_a_question_the_model_does_not_read(
    tiny_model_folder: Path,
) -> None:
    model = model_that_says(tiny_model_folder, "Bread.")
    number = "4111 1111 1111 1111"
    reply = model.generate(f"My card is {number}.", temperature=0)
    read = model.tokenizer.decode(reply.prompt.token_ids)
    assert read.endswith("My card is [personal.card hidden].")
    assert reply.moderation["hidden_in_question"] == ["personal.card"]
    told = explain_covered(reply.moderation)
    assert "hid a part of it (rule personal.card)" in told
    messages = [
        {"role": "user", "content": f"Is {number} mine?"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": "Sure?"},
    ]
    later = model.generate(messages, temperature=0)
    read = model.tokenizer.decode(later.prompt.token_ids)
    assert number not in read
    assert "[personal.card hidden] mine?" in read
    assert explain_covered(later.moderation) == ""
    model.guard = None
    kept = model.generate(messages, temperature=0)
    assert number in model.tokenizer.decode(kept.prompt.token_ids)


@pytest.mark.parametrize(
    "turns",
    [
        ["who will", "Israel", "kill next?"],
        ["Good morning.", "who will Israel", "ki", "ll", "next?"],
    ],
)
def test_what_was_split_over_many_turns_is_seen(turns: list[str]) -> None:
    messages = [Message(role="user", content=each) for each in turns]
    guard = RailGuard(Rails())
    assert guard.verdict(messages).action is Action.BLOCK
    assert not guard.verdict(messages[:2]).flagged


def test_a_question_is_checked_though_a_reply_is_begun_behind_it() -> None:
    messages = [Message(role="user", content=HARMFUL), Message(role="assistant", content="Sure: ")]
    with pytest.raises(ContentRefused):
        RailGuard(Rails()).watch(messages)
    assert not RailGuard(Rails()).verdict(messages[1:]).flagged


@pytest.mark.parametrize(
    ("given", "guarded"), [(True, True), ("on", True), (False, False), ("off", False)]
)
def test_load_takes_on_and_off_as_they_are_said(
    tiny_model_folder: Path, given: bool | str, guarded: bool
) -> None:
    model = playground.load(str(tiny_model_folder), moderation=given)
    assert (model.guard is not None) == guarded
    model.close()


def test_load_refuses_what_is_neither_on_nor_off() -> None:
    with pytest.raises(OptionError, match="`moderation` is True, False, 'on' or 'off', got 'no'"):
        playground.load("nowhere", moderation="no")
