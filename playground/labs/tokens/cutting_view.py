"""A text as tokens in HTML: counts, the text, chips and ids, linked by their places."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup

from playground.drawing.marks import legible, mark
from playground.drawing.markup import join, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.tokens.cutting import (
    Counts,
    Cutting,
    CuttingSettings,
    Token,
    run_cutting,
    spell,
)

# What is drawn at once; buttons turn the pages.
TOKENS_AT_ONCE = 1000
_SHADES = 5
EMPTY = "Write something above; its tokens come here."
_DrawGroup = Callable[[int, Sequence[Token]], Markup]
_POINT = "Point at a token, or move with the arrow keys."


def draw(cutting: Cutting) -> Markup:
    """Return the counts, then one page of the text as chips, text and ids."""
    counts = cutting.tokenized.counts
    if not counts.tokens:
        return draw_counts(counts) + tag("p", EMPTY, class_="hint")
    groups = cutting.tokenized.groups(cutting.first, TOKENS_AT_ONCE)
    places = list(enumerate(groups))
    card = tag(
        "div",
        tag("p", _POINT, class_="tok-facts", aria_live="polite"),
        tag("div", *_each(_group, places), class_="tok-chips", role="group", aria_label="Tokens"),
        tag("h3", "The text"),
        tag("p", *_each(_words, places), class_="tok-text"),
        tag("h3", "What the model receives"),
        tag("p", *_each(_ids, places), class_="tok-ids"),
        class_="card tok",
    )
    return join((draw_counts(counts), _pages(groups, counts.tokens), card))


def draw_counts(counts: Counts) -> Markup:
    """Return how long a text is, in six ways."""
    tiles = (
        (f"{counts.tokens:,}", "tokens"),
        (f"{counts.characters:,}", "characters (code points)"),
        (f"{counts.bytes:,}", "bytes in UTF-8"),
        (f"{counts.words:,}", "words"),
        (_ratio(counts.tokens_per_word), "tokens a word"),
        (_ratio(counts.bytes_per_token), "bytes a token"),
    )
    cells = (tag("div", tag("dd", value), tag("dt", name)) for value, name in tiles)
    return tag("dl", *cells, class_="tiles")


def _ratio(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else f"{value:.2f}"


def _pages(groups: Sequence[Sequence[Token]], count: int) -> Markup | None:
    """Return which tokens are drawn, and buttons that turn the pages."""
    first, last = groups[0][0].place, groups[-1][-1].place
    if first == 0 and last + 1 == count:
        return None
    return tag(
        "p",
        f"Tokens {first + 1:,} to {last + 1:,} of {count:,} are drawn, at most "
        f"{TOKENS_AT_ONCE:,} at once. ",
        _page("Earlier", max(0, first - TOKENS_AT_ONCE)) if first else None,
        _page("Later", last + 1) if last + 1 < count else None,
        class_="hint pages",
    )


def _page(label: str, first: int) -> Markup:
    setting = json.dumps({"first": first})
    return tag("button", label, type="button", class_="small on-page", data_set=setting)


def _each(draw_one: _DrawGroup, places: Iterable[tuple[int, Sequence[Token]]]) -> list[Markup]:
    return [draw_one(place, group) for place, group in places]


def _words(place: int, group: Sequence[Token]) -> Markup:
    """Return the text of a group, as it reads."""
    return tag("span", legible(text_of(group)), data_group=place)


def _group(place: int, group: Sequence[Token]) -> Markup:
    text = text_of(group)
    if len(group) == 1:
        return _chip(place, group[0], mark(text), place == 0) + tag("br") * text.count("\n")
    first = group[0] if place == 0 else None
    parts = (_chip(place, token, _part(token), token is first) for token in group)
    seen = tag("b", legible(text).strip() or mark(text))
    return tag("span", seen, *parts, class_="tok-group", data_group=place)


def _part(token: Token) -> str:
    """Return a token that is part of a character: as text where it is some, else as bytes."""
    text = spell(token.data)
    return mark(text) if text else token.data.hex(" ").upper()


def _chip(place: int, token: Token, shown: str, reached: bool) -> Markup:
    facts = (
        f"token {token.place + 1:,}, id {token.token_id}, spelled {token.name}, bytes "
        f"{token.data.hex(' ').upper() or 'none'}, characters {token.start:,} to {token.end:,}"
    )
    return tag(
        "button",
        shown,
        type="button",
        class_=f"chip c{token.place % _SHADES}",
        # One chip is reached by the Tab key; the arrow keys lead to the others.
        tabindex=0 if reached else -1,
        data_token=token.place,
        data_group=place,
        data_facts=facts,
        aria_label=f"{shown}, {facts}",
    )


def _ids(place: int, group: Sequence[Token]) -> Markup:
    return join(
        tag("span", token.token_id, data_token=token.place, data_group=place) + " "
        for token in group
    )


def text_of(group: Sequence[Token]) -> str:
    """Return the text of tokens that are whole characters together."""
    data = b"".join(token.data for token in group)
    return data.decode(errors="replace")


CUTTING = Experiment(
    path="tokens/cutting",
    title="Tokens",
    idea=(
        "Each chip is a token: what stands on it is common enough to have a number of its own. "
        "Rare words, accents and emoji take several."
    ),
    settings=CuttingSettings,
    function=run_cutting,
    view=draw,
    needs=Needs.FOLDER,
    action="",
    empty=EMPTY,
    small={"text": "naïve 🦑\n", "first": 1},
)
