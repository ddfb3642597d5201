"""A conversation goes to text and comes back; a line that breaks a rule gets one sentence."""

from __future__ import annotations

import pytest

from playground.errors import OptionError
from playground.generation.fitting.transcript import ROLES, read_conversation, spell_conversation
from playground.models.text.tokenizer import Message


@pytest.mark.parametrize(
    "content",
    ["", " two  spaces ", "One.\nTwo.\r\n", 'say "no" \\', "a\u2028b\u0085c", "🙂 日本", "\0<b>"],
)
def test_what_was_spelled_is_read(content: str) -> None:
    messages = [Message(role, content) for role in ROLES]
    text = spell_conversation(messages)
    assert read_conversation(text) == messages
    assert text.count("\n") == len(messages) - 1


@pytest.mark.parametrize("text", ["", "\n", "  \n\t\r\n"])
def test_no_line_is_no_message(text: str) -> None:
    assert read_conversation(text) == []
    assert spell_conversation([]) == ""


def test_empty_lines_and_windows_line_ends_are_passed_over() -> None:
    text = '\r\n{"content": "Hello!", "role": "user"}\r\n\r\n'
    assert read_conversation(text) == [Message("user", "Hello!")]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Hello!", "must be a JSON object such as .*, got 'Hello!'"),
        ("[" * 100_000, "must be a JSON object"),
        ("9" * 5_000, "must be a JSON object"),
        ("null", "must be a JSON object"),
        ('["user", "Hello!"]', "must be a JSON object"),
        ('{"role": "user"}', "must be a JSON object"),
        ('{"role": "user", "content": "a", "name": "b"}', "must be a JSON object"),
        (
            '{"role": "tool", "content": "a"}',
            "`role` must be system, user or assistant, got 'tool'",
        ),
        ('{"role": ["user"], "content": "a"}', "`role` must be system"),
        ('{"role": "user", "content": null}', "`content` must be text in quotes, got nothing"),
        ('{"role": "user", "content": NaN}', "`content` must be text in quotes, got"),
        (r'{"role": "user", "content": "\ud83d"}', "half of one .* at place 1"),
        ('{"role": "system", "content": "a"}', "must stand first"),
    ],
)
def test_a_line_that_breaks_a_rule_is_named(line: str, told: str) -> None:
    with pytest.raises(OptionError, match=told) as caught:
        read_conversation('{"role": "user", "content": "Hello!"}\n\n' + line)
    sentence = str(caught.value)
    assert sentence.startswith("Line 3 of the conversation")
    assert len(sentence) < 250
    assert "\n" not in sentence
