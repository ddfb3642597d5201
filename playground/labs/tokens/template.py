"""The one text that a model receives of a conversation, token by token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal, get_args

from playground.experiments.conversation import ConversationSettings
from playground.experiments.run import Progress, Run
from playground.experiments.settings import field
from playground.labs.tokens.own_text import OwnText
from playground.models.acquire.store import InstalledModel
from playground.models.text.chat_template import ChatText
from playground.models.text.spans import Spans
from playground.models.text.tokenizer import Message, Tokenizer, load_tokenizer

Part = Literal["control", "template", "content"]


@dataclass(frozen=True)
class Stretch:
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
    stretches : tuple of Stretch
        In order; together they are the whole.
    has_template : bool
        False for a base model, which continues a transcript.
    """

    stretches: tuple[Stretch, ...]
    has_template: bool

    @property
    def token_ids(self) -> tuple[int, ...]:
        """All of its tokens."""
        return tuple(token_id for each in self.stretches for token_id in each.token_ids)

    def count(self, part: Part) -> int:
        """Return how many tokens are of a kind."""
        return sum(len(each.token_ids) for each in self.stretches if each.part == part)


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
    found: list[Stretch] = []
    if ids and tokenizer.is_control(ids[0]) and not chat.text.startswith(tokenizer.piece(ids[0])):
        # A start token that stands before a transcript and is not spelled in it.
        found.append(Stretch("control", tokenizer.piece(ids[0]), (ids[0],)))
        ids = ids[1:]
    spans = tokenizer.spans_of(ids, chat.text)
    if spans is None:  # the tokenizer changed the text, so that places are not known
        found.append(Stretch("content", chat.text, tuple(ids)))
    else:
        found += _stretches(tokenizer, spans, chat)
    return Template(tuple(found), tokenizer.has_chat_template)


def _stretches(tokenizer: Tokenizer, spans: Spans, chat: ChatText) -> Iterator[Stretch]:
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
        yield Stretch(part, text, tuple(spans.token_ids[places].tolist()))


class TemplateSettings(OwnText, ConversationSettings):
    """Which conversation is written out."""

    sent: Literal["alone", "after"] = field(
        "alone",
        label="What is sent",
        explanation="With the system prompt; the chat is that of this page.",
        words={"alone": "this text alone", "after": "after the chat so far"},
    )

    @property
    def takes_chat(self) -> bool:
        """Whether the chat of the browser stands before the text."""
        return self.sent == "after"


@dataclass(frozen=True)
class Received:
    """What a model receives of a conversation that ends in a person's text.

    Parameters
    ----------
    template : Template
        The text, in stretches.
    title : str
        Of the model.
    before : int
        How many messages stand before the person's text; the system prompt is none.
    """

    template: Template
    title: str
    before: int

    @property
    def progress(self) -> Progress:
        """Done at once."""
        return Progress()

    def to_json(self) -> dict[str, Any]:
        """Return the text in stretches, each with its tokens, and how many are of which part."""
        template = self.template
        return {
            "has_chat_template": template.has_template,
            "messages_before": self.before,
            "count": len(template.token_ids),
            "counts": {part: template.count(part) for part in get_args(Part)},
            "stretches": [asdict(each) for each in template.stretches],
        }


def run_template(
    model: InstalledModel, settings: TemplateSettings, _run: Run
) -> Iterator[Received]:
    """Write out a conversation as a model receives it; the model itself is not loaded.

    Yields
    ------
    Received
        One.
    """
    before = settings.messages(())
    messages = [*before, Message("user", settings.text)]
    template = read_template(load_tokenizer(model.path), messages)
    said = sum(message.role != "system" for message in before)
    yield Received(template, model.title, said)
