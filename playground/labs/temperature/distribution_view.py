"""The distribution: its title, its bars, the dice, a word's spellings, the steps as numbers."""

from __future__ import annotations

import json

from markupsafe import Markup

from playground.drawing.marks import mark, visible
from playground.drawing.markup import join, table, tag
from playground.generation.choosing import Choice
from playground.generation.settings import MAX_SEED
from playground.labs.temperature.banning import Variant
from playground.labs.temperature.bars_view import draw_bars, percent
from playground.labs.temperature.distribution import MAX_DRAWS, Look
from playground.labs.temperature.tally import NEWEST

_GREEDY = (
    "At T 0 the likeliest token is always taken, and no dice are thrown: a seed plays no part."
)
_STAGES = ("token", "logit", "divided by T", "filtered", "softmax", "drawn by")
_TITLE = 60  # characters of the text that stand in the title: its end
_CHAT = "Asked as a chat message, through the model's template: these are tokens of its reply."
_SOLID = "Solid: now. Dashed: T 1 with nothing cut. Struck through: cut or banned."


def draw(found: Look) -> Markup:
    """Return the card with the bars and the dice, then the word's effect and the steps."""
    card = tag(
        "div",
        _head(found),
        draw_bars(found),
        tag("p", f"{_SOLID} {found.reading.model}; it ran once for this prompt.", class_="hint"),
        _dice(found),
        _so_far(found),
        class_="card next-token",
    )
    return join((card, _word(found), _steps(found)))


def empty() -> Markup:
    """Return what stands there before a prompt has been read."""
    words = "The likeliest next tokens come here as bars, once the prompt is read."
    return tag("p", words, class_="hint")


def _head(found: Look) -> Markup:
    """Return what the bars are of, and how undecided they are; as high whatever the settings."""
    asked, shown = found.settings, found.shown
    text = asked.added if asked.as_chat and asked.added else asked.prompt + asked.added
    if asked.as_chat and not asked.added:
        title = f"First token of the reply to {_quoted(text)}"
    else:
        title = f"Next token after {_quoted(text)}"
    sums = (
        tag("b", f"{shown.entropy_nats:.2f} nats"),
        " of entropy, as undecided as ",
        tag("b", f"{shown.effective_choices:,.1f} equal choices"),
        f" (at T 1: {shown.ghost_entropy_nats:.2f} nats). {shown.possible:,} of "
        f"{shown.vocabulary:,} tokens can be drawn. ",
        _GREEDY if asked.temperature == 0 else None,
    )
    return join(
        (
            tag("h2", title),
            tag("p", _CHAT, class_="hint as-chat") if asked.as_chat else None,
            tag("p", *sums, class_="sums"),
        )
    )


def _quoted(text: str) -> str:
    shown = " ".join(text.split("\n")) if len(text) <= _TITLE else f"…{text[-_TITLE:]}"
    return f"“{shown}”"


def _dice(found: Look) -> Markup:
    """Return the buttons that throw the dice, and what the last throw hit."""
    seed = found.settings.seed
    following = 0 if seed is None or seed == MAX_SEED else seed + 1
    once = _button("Draw", {"seed": str(following), "draws": "1"})
    said = _said(found, found.drawn) if found.drawn else _counted(found)
    return tag(
        "div",
        once,
        _many(found, following),
        _add(found, following),
        tag("span", said, role="status"),
        class_="dice",
    )


def _button(words: str, sets: dict[str, str], run: bool = False) -> Markup:
    return tag(
        "button",
        words,
        type="button",
        class_="small on-page",
        data_set=json.dumps(sets),
        data_run=run,
    )


def _many(found: Look, following: int) -> Markup:
    """Return the button that throws a hundred more, where that many may still be thrown."""
    tally, seed = found.tally, found.settings.seed
    more = tally.draws + NEWEST if tally and tally.draws + NEWEST <= MAX_DRAWS else NEWEST
    begun = seed if more > NEWEST and seed is not None else following
    words = f"Draw {NEWEST}" if more == NEWEST else f"Draw {NEWEST} more"
    return _button(words, {"seed": str(begun), "draws": str(more)})


def _add(found: Look, following: int) -> Markup | None:
    """Return the button that adds the token drawn to the text, and draws the next one."""
    if found.drawn is None or _why_not_added(found, found.drawn):
        return None
    added = found.settings.added + found.piece(found.drawn.token_id)
    return _button("Add it", {"added": added, "seed": str(following), "draws": "1"}, run=True)


def _why_not_added(found: Look, drawn: Choice) -> str:
    """Say why a token cannot stand in a text by itself; nothing where it can."""
    tokenizer = found.reading.tokenizer
    if tokenizer.is_control(drawn.token_id):
        return " It steers the model and stands for no text: here a reply would end."
    if "\N{REPLACEMENT CHARACTER}" in tokenizer.decode([drawn.token_id]):
        return " It is part of a character only, so it cannot be added alone."
    return ""


def _said(found: Look, drawn: Choice) -> str:
    what = f"“{mark(found.piece(drawn.token_id))}”"
    why_not = _why_not_added(found, drawn)
    if drawn.uniform is None:
        return f"T 0 throws no dice: it is {what}.{why_not}"
    where = f"between {drawn.low:.4f} and {drawn.high:.4f}"
    return f"Seed {found.settings.seed} throws {drawn.uniform:.4f}, {where}: {what}.{why_not}"


def _counted(found: Look) -> str | None:
    tally = found.tally
    if tally is None:
        return None
    if found.settings.temperature == 0:
        return f"{tally.draws:,} draws at T 0 are all the same: no dice are thrown."
    return (
        f"{tally.draws:,} draws with the dice of seed {found.settings.seed}: the orange bar is how "
        "often each token came. The more draws, the nearer it comes to the solid one."
    )


def _so_far(found: Look) -> Markup | None:
    """Return the text as it has grown, with a way back to the prompt alone."""
    asked = found.settings
    if not asked.added:
        return None
    prompt = tag("span", asked.prompt[-400:], " → " if asked.as_chat else None, class_="muted")
    again = _button("Begin again", {"added": "", "seed": "", "draws": "1"}, run=True)
    return tag(
        "div", tag("p", prompt, tag("ins", asked.added), class_="written"), again, class_="so-far"
    )


def _word(found: Look) -> Markup | None:
    """Return a word's spellings as tokens, and where the probability went."""
    if not found.variants:
        return None
    banned = found.settings.way == "ban"
    items = tag("ul", *(_variant(found, each, banned) for each in found.variants))
    went = join(
        (
            tag("b", mark(found.piece(gain.token_id)), class_="token")
            + f" {percent(gain.before)} → {percent(gain.after)}"
            for gain in found.gains
        ),
        ", ",
    )
    sentence = ("Probability went to ", went, ".") if found.gains else ("No token grew by it.",)
    title = tag("h2", f"What became of “{visible(found.settings.word)}”")
    return tag("div", title, items, tag("p", *sentence, class_="hint"), class_="card word-effect")


def _variant(found: Look, variant: Variant, banned: bool) -> Markup:
    pieces = join(
        (tag("span", mark(found.piece(each)), class_="token piece") for each in variant.token_ids),
        " ",
    )
    return tag("li", pieces, " ", tag("span", _fate(variant, banned), class_="muted"))


def _fate(variant: Variant, banned: bool) -> str:
    if variant.whole:
        return "banned" if banned else "biased"
    if banned:
        return "banned as a run: its last piece may not follow the others"
    return "left alone: other words share its pieces"


def _steps(found: Look) -> Markup:
    rows = (
        (
            mark(found.piece(bar.token_id)),
            f"{bar.logit:.2f}",
            f"{bar.scaled:.2f}",
            "cut" if bar.cut_by else f"{bar.scaled:.2f}",
            percent(bar.probability),
            f"{bar.low:.4f} to {bar.high:.4f}" if bar.probability else "nothing",
        )
        for bar in found.shown.bars[:10]
    )
    stages = table(_STAGES, rows, class_="stages")
    return tag("details", tag("summary", "Step by step"), stages)
