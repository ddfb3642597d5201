"""An experiment on a conversation takes the chat of the browser where none is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from markupsafe import Markup

from apps.chat.conversations import Conversation, Turn
from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.ui.conversation_section import ConversationSection
from apps.ui.lab_panel import Parts
from apps.ui.rail import build_rail
from playground.errors import OptionError
from playground.experiments.conversation import ConversationSettings
from playground.experiments.experiment import Experiment, Needs
from playground.experiments.run import Progress, Run
from playground.experiments.settings import field
from playground.generation.fitting.transcript import spell_conversation
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Message
from playground.serving import Pool
from playground.settings import Settings

KEY = "d" * 32
EXAMPLE = (Message("user", "an example"),)
LINKED = spell_conversation([Message("user", "from a link")])


class Said(ConversationSettings):
    count: int = field(1, label="Count", explanation="How often it is said.", ge=1)


@dataclass(frozen=True)
class Words:
    messages: tuple[Message, ...]

    @property
    def progress(self) -> Progress:
        return Progress()

    def to_json(self) -> dict[str, Any]:
        return {"words": [each.content for each in self.messages]}


def say(_given: None, settings: Said, _run: Run) -> Iterator[Words]:
    yield Words(tuple(settings.messages(EXAMPLE)))


EXPERIMENT = Experiment(
    path="context/said",
    title="Said",
    idea="What was said.",
    settings=Said,
    function=say,
    view=lambda words: Markup("{}").format(" | ".join(words.to_json()["words"])),
    needs=Needs.NOTHING,
    action="",
)


@pytest.fixture
def section(tmp_path: Path) -> ConversationSection:
    settings = Settings.from_env({"PLAYGROUND_HOME": str(tmp_path)})
    service = ChatService(Pool(settings), ConversationStore(settings.conversations_dir))
    choice = ModelChoice("any", Precision.FP32)
    with gr.Blocks():
        key = gr.Textbox(KEY)
        rail = build_rail([("any", "any")], choice)
        section = ConversationSection(EXPERIMENT, Parts(service, service.pool, rail, key))
        section.wire()
    return section


def data(section: ConversationSection, **given: Any) -> dict[Any, Any]:
    """Return what the page hands over: a form that has been touched only where it is said."""
    fields = {section.form.fields[name]: value for name, value in given.items()}
    return {each: each.value for each in section.inputs} | fields


def talk(section: ConversationSection, *texts: str) -> None:
    roles = ("user", "assistant")
    turns = tuple(Turn(roles[place % 2], text) for place, text in enumerate(texts))
    section._service.store.update(KEY, lambda _before: Conversation(turns))


def drawn(section: ConversationSection, **given: Any) -> str:
    return str(section.open(data(section, **given))[section._view])


def test_the_chat_stands_for_an_empty_conversation_and_the_example_for_an_empty_chat(
    section: ConversationSection,
) -> None:
    assert "an example" in drawn(section)
    talk(section, "Hello & hi", "Good day")
    assert "Hello &amp; hi | Good day" in drawn(section)
    talk(section, "Hello", "Good day", "And on")
    assert "Hello | Good day | And on" in drawn(section)
    assert "from a link" in drawn(section, conversation=LINKED)


def test_what_is_copied_and_exported_holds_the_conversation_that_was_used(
    section: ConversationSection,
) -> None:
    talk(section, "Hello")
    shown = section.open(data(section))
    assert "{&#34;role&#34;: &#34;user&#34;, &#34;content&#34;: &#34;Hello&#34;}" in str(
        shown[section._code]
    )
    files = section._on_export(data(section))
    paths = [each["value"] for part, each in files.items() if part in section._files]
    texts = [Path(path).read_text("utf-8") for path in paths]
    assert all("Hello" in text for text in texts)


def test_a_click_leaves_the_chat_out_of_the_form(section: ConversationSection) -> None:
    talk(section, "Hello")
    event = SimpleNamespace(_data={"count": 3})
    changed = section._on_select(data(section), event)
    assert changed == {section.form.fields["count"]: 3}


def test_the_chat_is_that_of_the_browsers_key_alone(section: ConversationSection) -> None:
    talk(section, "Hello")
    other = {**data(section), section._key: "e" * 32}
    assert "an example" in str(section.open(other)[section._view])
    told = section.open({**data(section), section._key: "../" * 9})
    assert "Hello" not in str(told)
    assert section.notice in told


def test_a_system_prompt_goes_before_and_the_conversations_own_before_it() -> None:
    texts = [each.content for each in Said(system="Be brief.").messages(EXAMPLE)]
    assert texts == ["Be brief.", "an example"]
    own = '{"role": "system", "content": "Sing."}\n{"role": "user", "content": "Hi"}'
    messages = Said(conversation=own, system="Be brief.").messages(EXAMPLE)
    assert [each.content for each in messages] == ["Sing.", "Hi"]
    with pytest.raises(OptionError, match="Line 1 of the conversation must be a JSON object"):
        Said(conversation="Hello").messages(EXAMPLE)


def test_an_experiment_may_leave_the_chat_alone(
    section: ConversationSection, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk(section, "Hello")
    monkeypatch.setattr(Said, "takes_chat", False)
    assert "an example" in drawn(section)


def test_a_link_that_is_too_long_is_not_offered(section: ConversationSection) -> None:
    talk(section, "Hello")
    assert "Link" in str(section.open(data(section))[section._code])
    talk(section, "Hello " * 8_000)
    assert "too long for a link or a command" in str(section.open(data(section))[section._code])
