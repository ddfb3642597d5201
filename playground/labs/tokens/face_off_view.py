"""Tokenizers side by side as HTML: a table of texts, and a person's own text under each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from playground.drawing.marks import mark
from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.tokens.cutting import Token, Tokenized
from playground.labs.tokens.cutting_view import text_of
from playground.labs.tokens.face_off import (
    MAX_COMPARED_CHARACTERS,
    OWN_TEXT,
    REFERENCE,
    Bout,
    Contender,
    FaceOff,
    FaceOffSettings,
    run_face_off,
)
from playground.labs.tokens.steps import show_piece
from playground.models.text.tokenizer import Tokenizer
from playground.models.text.trained_tokenizer import learned_pairs

CHIPS = 160
LEARNED = 60
SAMPLE = 60  # characters of a text in the table
_SHADES = 5
_COLOURS = 7  # of the bars: as many tokenizers as can stand there without a hub

_MEANING = (
    "Tokens that each needs, and for the same greeting in other languages how many times as many "
    f"as in {REFERENCE}: what a language costs in time and in window. The fewest are in the "
    "accent. "
)
_LOST = (
    " These tokens cannot be turned back into the text: case, spaces or whole characters are lost."
)
_OTHERS = (
    "Beside the chosen model's stand those of all models that are here. Without a hub one can "
    "have, under Models, Gemma 3 270M with 262,144 tokens and the encoder all-MiniLM-L6-v2, whose "
    "pieces are lower case; and by the switch above, without their models, GPT-2 and DeepSeek V4."
)
_NOTHING_LEARNED = (
    "Nothing was learned from your text: no two neighbours come twice in it. Write more of it."
)


def draw(found: FaceOff) -> Markup:
    """Return the table, the person's text as each contender cuts it, and what was learned."""
    cut = f" Of your text the first {MAX_COMPARED_CHARACTERS:,} characters take part."
    hint = tag("p", _MEANING, tag("b", "*"), _LOST, cut if found.cut else None, class_="hint")
    others = tag("p", _OTHERS, class_="hint")
    owns = zip(found.contenders, found.owns, strict=False)
    texts = tag("div", *(_own(each, own) for each, own in owns), class_="cut-texts")
    learned = draw_learned(learned_pairs(found.trained), found.trained)
    rows = tag("div", _table(found), hint, others, class_="card")
    return join((_languages(found), rows, texts, learned))


def _languages(found: FaceOff) -> Markup:
    """Return the price of each language as bars: tokens for one greeting, a bar a tokenizer."""
    bouts = [bout for bout in found.bouts if bout.times_reference is not None]
    most = max(max(bout.tokens) for bout in bouts)
    keys = (
        tag("span", tag("i", class_=f"b{place % _COLOURS}"), each.name)
        for place, each in enumerate(found.contenders)
    )
    return tag(
        "div",
        tag("h2", "What the same greeting costs ", tag("span", "in tokens", class_="muted")),
        tag("p", *keys, class_="keys-line"),
        tag("ul", *(_language(bout, most) for bout in bouts), class_="languages"),
        class_="card",
    )


def _language(bout: Bout, most: int) -> Markup:
    bars = (
        tag(
            "span",
            tag("i", class_=f"b{place % _COLOURS}", style=f"width:{100 * tokens / most:.1f}%"),
            tag("small", f"{tokens:,}" if kept else f"{tokens:,} *"),
        )
        for place, (tokens, kept) in enumerate(zip(bout.tokens, bout.kept, strict=True))
    )
    return tag("li", tag("b", bout.name), tag("span", *bars, class_="priced"))


def draw_learned(pairs: Sequence[tuple[str, str]], tokenizer: Tokenizer) -> Markup:
    """Return the first pairs that were learned from a person's text."""
    if not pairs:
        return tag("p", _NOTHING_LEARNED, class_="hint")
    more = f" (the first {LEARNED} of {len(pairs):,})" if len(pairs) > LEARNED else ""
    return tag(
        "details",
        tag("summary", f"Pairs learned from your text, first learned first{more}"),
        tag("ol", *_pairs(pairs[:LEARNED], tokenizer), class_="learned"),
        class_="pairs-learned",
    )


def _pairs(pairs: Sequence[tuple[str, str]], tokenizer: Tokenizer) -> Iterator[Markup]:
    for pair in pairs:
        shown = (tag("b", show_piece(piece, tokenizer), class_="cut") for piece in pair)
        yield tag("li", join(shown, " + "))


def _table(found: FaceOff) -> Markup:
    names = (
        Markup("{}{}").format(each.name, tag("small", each.about)) for each in found.contenders
    )
    return table(["text", "bytes", *names], map(_row, found.bouts), class_="face-off")


def _row(bout: Bout) -> list[Markup | str]:
    shown = bout.text if len(bout.text) <= SAMPLE else bout.text[: SAMPLE - 1] + "…"
    name = "Your text" if bout.name == OWN_TEXT else bout.name
    times = bout.times_reference or (None,) * len(bout.tokens)
    counts = zip(bout.tokens, bout.kept, times, strict=True)
    head = Markup("{}{}").format(name, tag("small", shown, dir="auto"))
    return [head, f"{bout.bytes:,}", *(_count(bout.best, *each) for each in counts)]


def _count(best: int | None, tokens: int, kept: bool, times: float | None) -> Markup:
    """Return how many tokens one contender needs, marked where they are fewest or lose the text."""
    class_ = ("best" if tokens == best else None) if kept else "lost"
    star = None if kept else "*"
    ratio = None if times is None else tag("small", f"{times:.1f} times")
    return tag("span", f"{tokens:,}", star, ratio, class_=class_)


def _own(contender: Contender, own: Tokenized) -> Markup:
    count = own.counts.tokens
    title = tag("h3", contender.name, " ", tag("span", f"{count:,} tokens", class_="muted"))
    cuts = tag("p", *map(_cut, own.groups(0, CHIPS)), class_="cuts")
    more = tag("p", f"The first {CHIPS} are drawn.", class_="hint") if count > CHIPS else None
    return tag("section", title, cuts, more, class_="strip-column")


def _cut(group: Sequence[Token]) -> Markup:
    several = tag("sup", len(group)) if len(group) > 1 else None
    shade = f"c{group[0].place % _SHADES}"
    return tag("span", mark(text_of(group)), several, class_=f"cut {shade}")


FACE_OFF = Experiment(
    path="tokens/face-off",
    title="Face-off",
    idea=(
        "The same text costs one tokenizer many tokens and another few: each is short for the "
        "texts that it was made from."
    ),
    settings=FaceOffSettings,
    function=run_face_off,
    view=draw,
    needs=Needs.FOLDER,
    action="",
    empty="Reading the tokenizers…",
    small={"text": "tick tack tick tack", "vocab_size": 300},
)
