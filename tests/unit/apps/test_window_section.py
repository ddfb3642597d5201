"""The window's section: what is typed out of range, what the chat takes over, what is copied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.ui.lab_panel import Parts
from apps.ui.rail import build_rail
from apps.ui.window_section import WindowSection
from playground.labs.context.window_view import WINDOW
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings

SENTENCE = (
    "“Window to try” must be a whole number from 32 to 256, the window of this model, got 20,000."
)


@pytest.fixture
def section(tmp_path: Path, tiny_model_folder: Path) -> WindowSection:
    settings = Settings.from_env({"PLAYGROUND_HOME": str(tmp_path)})
    service = ChatService(Pool(settings), ConversationStore(settings.conversations_dir))
    choice = ModelChoice(str(tiny_model_folder), Precision.FP32)
    with gr.Blocks():
        key = gr.Textbox()
        rail = build_rail([("tiny", choice.reference)], choice)
        section = WindowSection(WINDOW, Parts(service, service.pool, rail, key))
        section.wire()
    return section


def data(section: WindowSection, **given: Any) -> dict[Any, Any]:
    fields = {section.form.fields[name]: value for name, value in given.items()}
    return {each: each.value for each in section.inputs} | fields


def said(section: WindowSection, **given: Any) -> str | None:
    told = section._on_typed(data(section, **given))
    return told if isinstance(told, str) else None


def test_a_rule_of_the_setting_and_one_of_the_model_are_told_at_once(
    section: WindowSection,
) -> None:
    assert "from 32 on, got 8." in str(said(section, window=8))
    assert SENTENCE in str(said(section, window=20_000))
    assert said(section, window=128) is None
    assert said(section, window=32) is None  # the rule allows what the slider cannot show


@pytest.mark.parametrize(("window", "stays"), [(64, True), (128, False)])
def test_a_sentence_stays_until_another_number_is_moved_to(
    section: WindowSection, window: int, stays: bool
) -> None:
    drawn = section._on_move(data(section, window=window))
    assert f"of {window} tokens" in str(drawn[section._view])
    assert (drawn[section.notice] != "") == stays


def test_what_a_move_breaks_is_told_too(section: WindowSection) -> None:
    drawn = section._on_move(data(section, window=512))
    assert "256, the window of this model, got 512" in str(drawn[section.notice])
    assert section._view not in drawn


def test_the_chat_takes_over_what_was_tried(section: WindowSection) -> None:
    taken = section._on_use(data(section, window=128, reserve=16, policy="sliding"))
    rail = section._rail
    names = (rail.overflow, rail.window, rail.max_new_tokens)
    assert [taken[each] for each in names] == ["sliding", "128", 16]
    assert "The chat now has" in taken[section.notice]
    refused = section._on_use(data(section, window=8))
    assert list(refused) == [section.notice]
