"""From a conversation to the one text that a model receives.

A model knows no messages. Its template writes them into a text, with control tokens between them;
a base model, which has no template, continues a transcript.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from playground.errors import OptionError
from playground.models.text.template_limits import TemplateTooSlow, require_modest, time_limit

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from playground.models.text.tokenizer import Message

_ROLE_NAMES = {"system": "", "user": "User: ", "assistant": "Assistant: "}
_TRANSCRIPT_END = "Assistant:"


@dataclass(frozen=True)
class ChatText:
    """A conversation as a model receives it, up to where the assistant begins to speak.

    Parameters
    ----------
    text : str
        The whole, control tokens by their names.
    contents : tuple of (int, int)
        For each message the characters of `text` that a person or the model wrote; the others
        are the template's. Empty where the template changed a message beyond recognition.
    """

    text: str
    contents: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Neutral:
    """A rendered conversation in which no control token is a person's.

    Parameters
    ----------
    marked : str
        The text, with a mark in place of each control token that was typed.
    marks : mapping of str to str
        What was typed, by its mark.
    """

    marked: str
    marks: Mapping[str, str]

    def text(self, part: str | None = None) -> str:
        """Return the whole, or a part of it, with what was typed back in its place."""
        text = self.marked if part is None else part
        for mark, typed in self.marks.items():
            text = text.replace(mark, typed)
        return text


class ChatTemplate:
    """The template that belongs to a tokenizer.

    Parameters
    ----------
    tokenizer : transformers.PreTrainedTokenizerFast
        Its ``chat_template`` may be None.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._tokenizer = tokenizer

    def __bool__(self) -> bool:
        return bool(self._tokenizer.chat_template)

    def render(self, messages: Sequence[Message]) -> str:
        """Return the text that transformers renders, or the transcript."""
        if not self:
            return "".join(_interleaved(_transcript(messages), [m.content for m in messages]))
        return self._render([(m.role, m.content) for m in messages])

    def neutral(self, messages: Sequence[Message], control: Sequence[str]) -> Neutral:
        """Render with marks in place of the control tokens that people typed.

        Wherever the template moves a message, and whatever it leaves out of it, the marks go along;
        every control token in the result is then the template's own.
        """
        typed = [name for name in control if any(name in m.content for m in messages)]
        taken = "".join(m.content for m in messages)
        marks = {_unused(f"typed{place}token", taken): name for place, name in enumerate(typed)}
        harmless = [replace(m, content=_marked(m.content, marks)) for m in messages]
        return Neutral(self.render(harmless), marks)

    def frame(self, messages: Sequence[Message]) -> list[str]:
        """Return what the template writes before, between and after the messages.

        It is rendered with marks in their place, so that nothing in a message can be taken for
        part of it.
        """
        if not self:
            return _transcript(messages)
        taken = "".join(m.content for m in messages)
        marks = [_unused(f"content{i}of{len(messages)}", taken) for i in range(len(messages))]
        roles = [m.role for m in messages]
        rest, frame = self._render(list(zip(roles, marks, strict=True))), []
        for mark in marks:
            before, _, rest = rest.partition(mark)
            frame.append(before)
        return [*frame, rest]

    def text(self, messages: Sequence[Message], control: Sequence[str]) -> ChatText:
        """Return the whole text, and where in it the messages stand.

        Parameters
        ----------
        messages : sequence of Message
            The conversation, newest last.
        control : sequence of str
            The tokenizer's control tokens.
        """
        frame, contents = self.frame(messages), [m.content for m in messages]
        whole = self.neutral(messages, control).text()
        # Many templates trim what they are given.
        for written in (contents, [content.strip() for content in contents]):
            if "".join(_interleaved(frame, written)) == whole:
                return ChatText(whole, tuple(_places(frame, written)))
        return ChatText(whole, ())

    def _render(self, turns: Sequence[tuple[str, str]]) -> str:
        conversation = [{"role": role, "content": content} for role, content in turns]
        template = self._tokenizer.chat_template
        for each in template.values() if isinstance(template, dict) else (template,):
            require_modest(str(each))
        try:
            with time_limit():
                return str(
                    self._tokenizer.apply_chat_template(
                        conversation, tokenize=False, add_generation_prompt=True
                    )
                )
        # Whatever a stranger's template raises: it is a program, and may fail in any way.
        except Exception as error:
            reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
            # What it does to a machine is no matter of roles.
            other_turns = (
                "Leave out the system prompt, let user and assistant take turns, or choose"
            )
            advice = "Choose" if isinstance(error, TemplateTooSlow | MemoryError) else other_turns
            raise OptionError(
                f"The model's chat template refuses this conversation of {len(turns)} messages "
                f"({', '.join(role for role, _ in turns[:3])}...): {reason}. {advice} "
                "another model."
            ) from error


def _transcript(messages: Sequence[Message]) -> list[str]:
    """Return what a transcript writes before, between and after the messages."""
    names = [_ROLE_NAMES[m.role] for m in messages]
    between = [f"\n{name}" for name in names[1:]]
    return [*names[:1], *between, f"\n{_TRANSCRIPT_END}" if names else _TRANSCRIPT_END]


def _interleaved(frame: Sequence[str], contents: Sequence[str]) -> Iterator[str]:
    for before, content in zip(frame, contents, strict=False):
        yield before
        yield content
    yield frame[-1]


def _places(frame: Sequence[str], contents: Sequence[str]) -> Iterator[tuple[int, int]]:
    at = 0
    for before, content in zip(frame, contents, strict=False):
        start = at + len(before)
        at = start + len(content)
        yield start, at


def _marked(content: str, marks: Mapping[str, str]) -> str:
    # The longest first: one control token may hold another.
    for mark, typed in sorted(marks.items(), key=lambda pair: -len(pair[1])):
        content = content.replace(typed, mark)
    return content


def _unused(mark: str, text: str) -> str:
    while mark in text:
        mark += "x"
    return mark
