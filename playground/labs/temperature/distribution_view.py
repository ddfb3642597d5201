"""The distribution as bars, step by step as a table, the word's spellings, and the draw."""

from __future__ import annotations

import json

from markupsafe import Markup

from playground.drawing.marks import mark
from playground.drawing.markup import join, table, tag
from playground.generation.choosing import Choice
from playground.generation.settings import MAX_SEED
from playground.labs.temperature.banning import Variant
from playground.labs.temperature.distribution import Look
from playground.labs.temperature.next_token import Bar, Distribution

_CUT_WORDS = {"top_k": "cut by top-k", "top_p": "cut by top-p", "min_p": "cut by min-p"}
_GREEDY = (
    "At T 0 the likeliest token is always taken, and no dice are thrown: a seed plays no part."
)
_STAGES = ("token", "logit", "divided by T", "filtered", "softmax", "drawn by")


def draw(found: Look) -> Markup:
    """Return the word's effect, the bars, the dice, and the steps as numbers."""
    outline = (
        f"The outline is T 1 with nothing cut. {found.reading.model}; it ran once for this prompt."
    )
    return join(
        (
            _word(found),
            _sums(found),
            _bars(found),
            tag("p", outline, class_="hint"),
            _dice(found),
            _steps(found),
        )
    )


def empty() -> Markup:
    """Return what stands there before a prompt has been read."""
    words = "The likeliest next tokens will stand here as bars, once the prompt is read."
    return tag("p", words, class_="hint")


def _sums(found: Look) -> Markup:
    shown = found.shown
    return tag(
        "p",
        tag("b", f"{shown.entropy_nats:.2f} nats"),
        " of entropy, as undecided as ",
        tag("b", f"{shown.effective_choices:,.1f} equal choices"),
        f" (at T 1: {shown.ghost_entropy_nats:.2f} nats); {shown.possible:,} of "
        f"{shown.vocabulary:,} tokens can be drawn. ",
        _GREEDY if found.settings.temperature == 0 else None,
        class_="sums",
    )


def _bars(found: Look) -> Markup:
    shown = found.shown
    scale = _scale(shown)
    hit = found.drawn.token_id if found.drawn else None
    rows = [_bar(found, bar, scale, bar.token_id == hit) for bar in shown.bars]
    others = f"everything else ({shown.vocabulary - len(shown.bars):,} tokens)"
    rest = _row("rest", others, (shown.rest_probability, shown.rest_ghost), scale, "")
    return tag("ol", *rows, rest, class_="bars", aria_label="Likeliest next tokens")


def _scale(shown: Distribution) -> float:
    """Return the probability that fills a bar's whole width."""
    highest = max(max(bar.probability, bar.ghost) for bar in shown.bars)
    return max(highest, shown.rest_probability, shown.rest_ghost)


def _bar(found: Look, bar: Bar, scale: float, hit: bool) -> Markup:
    why = _CUT_WORDS.get(bar.cut_by, bar.cut_by) if bar.cut_by else "drawn" if hit else ""
    kind = "cut" if bar.cut_by else "hit" if hit else ""
    name = mark(found.piece(bar.token_id))
    return _row(kind, name, (bar.probability, bar.ghost), scale, why)


def _row(
    kind: str, label: str, probabilities: tuple[float, float], scale: float, why: str
) -> Markup:
    now, ghost = (f"width:{100 * each / scale:.2f}%" for each in probabilities)
    track = tag("i", class_="now", style=now) + tag("i", class_="ghost", style=ghost)
    return tag(
        "li",
        tag("span", label, class_="token"),
        tag("span", track, class_="track"),
        tag("span", percent(probabilities[0]), class_="percent"),
        tag("span", why, class_="why"),
        class_=f"bar {kind}".strip(),
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
    return tag("div", items, tag("p", *sentence, class_="hint"), class_="word-effect")


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


def _dice(found: Look) -> Markup:
    """Return the button that throws the next number, and what the last one hit."""
    seed = found.settings.seed
    following = 0 if seed is None or seed == MAX_SEED else seed + 1
    throw = tag(
        "button",
        "Draw a token",
        type="button",
        class_="small",
        data_set=json.dumps({"seed": str(following)}),
    )
    said = None if found.drawn is None else tag("span", _said(found, found.drawn), role="status")
    return tag("p", throw, " ", said, class_="dice")


def _said(found: Look, drawn: Choice) -> str:
    what = f"“{mark(found.piece(drawn.token_id))}”"
    if drawn.uniform is None:
        return f"T 0 throws no dice: it is {what}."
    where = f"between {drawn.low:.4f} and {drawn.high:.4f}"
    return f"Seed {found.settings.seed} throws {drawn.uniform:.4f}, {where}: {what}."


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


def percent(probability: float) -> str:
    """Return a probability with two places; none and all are said as they are.

    Examples
    --------
    >>> percent(0.31042), percent(1e-9), percent(1.0), percent(0.0)
    ('31.04 %', '< 0.01 %', '100 %', '0 %')
    """
    if probability in (0, 1):
        return f"{100 * probability:.0f} %"
    return "< 0.01 %" if probability < 1e-4 else f"{100 * probability:.2f} %"
