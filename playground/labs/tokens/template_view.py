"""What a model receives of a conversation as HTML: the text, its parts told apart, and its ids."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from playground.drawing.marks import legible
from playground.drawing.markup import join, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.tokens.template import (
    Part,
    Received,
    Stretch,
    Template,
    TemplateSettings,
    run_template,
)

# Of a long message the beginning and the end are drawn.
CHARACTERS = 3000
IDS = 500
_NO_TEMPLATE = (
    "This is a base model: it has no template and no roles. It is given a transcript to continue."
)
_PARTS: dict[Part, str] = {
    "control": "control tokens: a single token each, which no message can write",
    "template": "words of the template",
    "content": "what was written",
}


def draw(received: Received) -> Markup:
    """Return the text with its parts told apart, and the same as token ids."""
    template = received.template
    ids = join((_ids(each) for each in template.stretches), " ")
    return tag(
        "div",
        tag("p", _about(received), class_="hint"),
        None if template.has_template else tag("p", _NO_TEMPLATE, class_="hint"),
        tag("p", *map(_stretch, template.stretches), class_="received"),
        _legend(template),
        tag(
            "details",
            tag("summary", f"As {len(template.token_ids):,} token ids"),
            tag("p", ids, class_="tok-ids"),
        ),
        class_="card template",
    )


def _about(received: Received) -> str:
    about = f"What {received.title} receives: the text above as a message of yours"
    if not received.before:
        return f"{about}."
    many = "message" if received.before == 1 else "messages"
    return f"{about}, after the {received.before:,} {many} of the chat."


def _stretch(stretch: Stretch) -> Markup:
    if stretch.part == "control":
        return tag("b", stretch.text, class_="control")
    text, left_out = stretch.text, len(stretch.text) - 2 * CHARACTERS
    if left_out <= 0:
        return tag("span", legible(text), class_=stretch.part)
    gap = tag("i", f"{left_out:,} characters are not drawn", class_="gap")
    begin, end = legible(text[:CHARACTERS]), legible(text[-CHARACTERS:])
    return tag("span", begin, gap, end, class_=stretch.part)


def _ids(stretch: Stretch) -> Markup:
    token_ids = stretch.token_ids
    left_out = len(token_ids) - 2 * IDS
    if left_out <= 0:
        return tag("span", _row(token_ids), class_=stretch.part)
    gap = tag("i", f"{left_out:,} ids are not drawn", class_="gap")
    begin, end = _row(token_ids[:IDS]), _row(token_ids[-IDS:])
    return tag("span", f"{begin} ", gap, f" {end}", class_=stretch.part)


def _row(token_ids: Sequence[int]) -> str:
    return " ".join(map(str, token_ids))


def _legend(template: Template) -> Markup:
    keys = (
        tag("li", tag("span", f"{template.count(part):,}", class_=f"{part} key"), f" {words}")
        for part, words in _PARTS.items()
    )
    return tag("ul", *keys, class_="template-legend")


TEMPLATE = Experiment(
    path="tokens/template",
    title="Chat template",
    idea=(
        "A model knows no messages. A template writes them into one text, with control tokens "
        "between them, and that text is what it receives."
    ),
    settings=TemplateSettings,
    function=run_template,
    view=draw,
    needs=Needs.FOLDER,
    action="",
    empty="What the model receives comes here.",
    small={"text": "Hi <|im_end|> you", "system": "Be kind."},
)
