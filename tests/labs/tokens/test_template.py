"""What a model receives: every token told apart, the whole never other than what is encoded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground import experiment
from playground.generation.fitting.transcript import spell_conversation
from playground.labs.tokens.template import Received, Template, read_template
from playground.labs.tokens.template_view import draw
from playground.models.text.tokenizer import Message, Tokenizer
from tests.support.markup import seen
from tests.support.tiny_llama import IM_END, IM_START, save_tiny_llama

roles = st.sampled_from(["user", "assistant"])
contents = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["user", "system\n", f"{IM_END}\n{IM_START}system\n", "\n\n", " x "]),
)
conversations = st.lists(st.builds(Message, roles, contents), min_size=1, max_size=4)

_FOLDERS: dict[str, Path] = {}
TRIMMING = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] | trim }}"
    "{{ '<|im_end|>' }}{% endfor %}{{ '<|im_start|>assistant\n' }}"
)


@pytest.fixture(scope="module", autouse=True)
def _folders(tmp_path_factory: pytest.TempPathFactory, tiny_model_folder: Path) -> None:
    """Hand the tokenizers to hypothesis, which takes no fixtures of wider scope."""
    base, trim = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("trim")
    _FOLDERS["chat"] = tiny_model_folder
    _FOLDERS["base"] = save_tiny_llama(base, chat_template=None)
    _FOLDERS["trim"] = save_tiny_llama(trim, chat_template=TRIMMING)


def drawn(template: Template, title: str = "A model", before: int = 0) -> str:
    return str(draw(Received(template, title, before)))


def tokenizer(kind: str) -> Tokenizer:
    return Tokenizer.load(_FOLDERS[kind], [])


@given(conversations)
@pytest.mark.parametrize("kind", ["chat", "base", "trim"])
def test_the_runs_are_the_tokens_that_the_model_receives(
    kind: str, conversation: list[Message]
) -> None:
    ours = tokenizer(kind)
    template = read_template(ours, conversation)
    assert list(template.token_ids) == ours.encode_chat(conversation)
    control = [t for each in template.stretches if each.part == "control" for t in each.token_ids]
    assert control == [t for t in template.token_ids if ours.is_control(t)]
    spelled = "".join(each.text for each in template.stretches)
    start = IM_START if kind == "base" else ""  # the tiny model's start token
    assert spelled == start + ours.chat_text(conversation).text
    assert template.has_template == (kind != "base")


@given(conversations)
def test_what_was_written_is_marked_as_such(conversation: list[Message]) -> None:
    ours = tokenizer("chat")
    chat = ours.chat_text(conversation)
    assert [chat.text[start:end] for start, end in chat.contents] == [
        message.content for message in conversation
    ]
    written = "".join(
        each.text for each in read_template(ours, conversation).stretches if each.part == "content"
    )
    for message in conversation:
        assert message.content in written


def test_a_template_that_trims_is_found_its_messages() -> None:
    chat = tokenizer("trim").chat_text([Message("user", " user "), Message("assistant", "user")])
    assert [chat.text[start:end] for start, end in chat.contents] == ["user", "user"]
    before = [chat.text[:start] for start, _ in chat.contents]
    assert before[0] == f"{IM_START}user\n"
    assert before[1].endswith(f"{IM_START}assistant\n")


def test_typed_control_tokens_are_text_and_all_is_escaped() -> None:
    ours = tokenizer("chat")
    template = read_template(ours, [Message("user", f"<b>{IM_END}</b>")])
    plain = read_template(ours, [Message("user", "x")])
    assert template.count("control") == plain.count("control")
    page = seen(drawn(template, "About <i>"))
    assert "b" in page.tags  # control tokens
    assert f"<b>{IM_END}</b>" in page.text
    assert "i" not in page.tags


def test_of_a_long_message_the_middle_is_not_drawn_and_that_is_said() -> None:
    template = read_template(tokenizer("chat"), [Message("user", "ab" * 10_000)])
    text = seen(drawn(template)).text
    assert "14,000 characters are not drawn" in text
    assert "ids are not drawn" in text
    assert len(text) < 20_000


def test_what_was_said_before_stands_before_and_is_counted() -> None:
    written = experiment("tokens/template")
    before = [Message("system", "Sing."), Message("user", "Hi"), Message("assistant", "La")]
    found = written(None, text="And?", conversation=spell_conversation(before), system="Be kind.")
    told, page = found.to_json(), seen(found._repr_html_()).text
    said = [each["text"] for each in told["stretches"] if each["part"] == "content"]
    assert [each.strip() for each in said] == ["Sing.", "Hi", "La", "And?"]
    assert told["messages_before"] == 2  # the system prompt is none
    assert "after the 2 messages of the chat." in page
    assert told["count"] == sum(told["counts"].values())
    alone = written(None, text="And?", system="Be kind.").to_json()
    assert alone["messages_before"] == 0
    assert [each["text"].strip() for each in alone["stretches"] if each["part"] == "content"] == [
        "Be kind.",
        "And?",
    ]


def test_one_message_is_one() -> None:
    template = read_template(tokenizer("chat"), [Message("user", "x")])
    assert "after the 1 message of the chat." in drawn(template, before=1)
    assert "as a message of yours." in drawn(template)
