"""The one text that a model receives of a conversation, token by token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from playground.models.text.chat_template import ChatText
from playground.models.text.spans import Spans
from playground.models.text.tokenizer import Message, Tokenizer

Part = Literal["control", "template", "content"]


@dataclass(frozen=True)
class Run:
    """A stretch of the text that a model receives, all of one part.

    Parameters
    ----------
    part : {"control", "template", "content"}
        A control token; the template's own words; or what a person or the model wrote.
    text : str
        What stands there, a control token by its name.
    token_ids : tuple of int
        Its tokens.
    """

    part: Part
    text: str
    token_ids: tuple[int, ...]


@dataclass(frozen=True)
class Template:
    """A conversation as a model receives it, up to where the assistant begins to speak.

    Parameters
    ----------
    runs : tuple of Run
        In order; together they are the whole.
    has_template : bool
        False for a base model, which continues a transcript.
    """

    runs: tuple[Run, ...]
    has_template: bool

    @property
    def token_ids(self) -> tuple[int, ...]:
        """All of its tokens."""
        return tuple(token_id for run in self.runs for token_id in run.token_ids)

    def count(self, part: Part) -> int:
        """Return how many tokens are of a kind."""
        return sum(len(run.token_ids) for run in self.runs if run.part == part)


def read_template(tokenizer: Tokenizer, messages: Sequence[Message]) -> Template:
    """Return what a model receives of a conversation.

    Parameters
    ----------
    tokenizer : Tokenizer
        With the model's template.
    messages : sequence of Message
        The conversation, newest last.

    Raises
    ------
    OptionError
        When a message holds half a character.
    """
    ids, chat = tokenizer.encode_chat(messages), tokenizer.chat_text(messages)
    runs: list[Run] = []
    if ids and tokenizer.is_control(ids[0]) and not chat.text.startswith(tokenizer.piece(ids[0])):
        # A start token that stands before a transcript and is not spelled in it.
        runs.append(Run("control", tokenizer.piece(ids[0]), (ids[0],)))
        ids = ids[1:]
    spans = tokenizer.spans_of(ids, chat.text)
    if spans is None:  # the tokenizer changed the text, so that places are not known
        runs.append(Run("content", chat.text, tuple(ids)))
    else:
        runs += _runs(tokenizer, spans, chat)
    return Template(tuple(runs), tokenizer.has_chat_template)


def _runs(tokenizer: Tokenizer, spans: Spans, chat: ChatText) -> Iterator[Run]:
    def part_of(place: int) -> Part:
        if tokenizer.is_control(int(spans.token_ids[place])):
            return "control"
        # A token that begins in a message and ends in the template counts as the message's.
        start, end = int(spans.starts[place]), int(spans.ends[place])
        inside = any(first < end and start < last for first, last in chat.contents)
        return "content" if inside else "template"

    for part, group in groupby(range(len(spans)), part_of):
        places = list(group)
        text = chat.text[spans.starts[places[0]] : spans.ends[places[-1]]]
        yield Run(part, text, tuple(spans.token_ids[places].tolist()))
