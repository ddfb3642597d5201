"""The likeliest tokens as bars: a row each, which keeps its place whatever the settings are."""

from __future__ import annotations

import json
from dataclasses import dataclass

from markupsafe import Markup

from playground.drawing.marks import mark
from playground.drawing.markup import tag
from playground.labs.temperature.distribution import Look
from playground.labs.temperature.next_token import Bar

_CUT_WORDS = {"top_k": "cut by top-k", "top_p": "cut by top-p", "min_p": "cut by min-p"}


@dataclass(frozen=True)
class _Row:
    """One line: its name, both probabilities, what is said of it, and what the dice did."""

    kind: str
    label: str
    now: float
    at_one: float
    why: str
    share: float | None = None  # of the draws
    fell: float | None = None  # where in the bar the number fell, 0 to 1


def draw_bars(found: Look) -> Markup:
    """Return a bar for each of the likeliest tokens, and one for all the others.

    A track is 0 to 100 % wide, so that bars of two settings can be compared.
    """
    shown, tally = found.shown, found.tally
    rows = [_token(found, bar, place) for place, bar in enumerate(shown.bars)]
    newest = None if tally is None else json.dumps(tally.newest)
    return tag(
        "ol",
        *map(_draw_row, (*rows, _rest(found))),
        class_="bars",
        aria_label="Likeliest next tokens, from 0 to 100 %",
        data_thrown=None if found.settings.seed is None else _key(found),
        data_newest=newest,
        data_draws=None if tally is None else tally.draws,
    )


def _key(found: Look) -> str:
    """Return what is new when the dice were thrown anew: only then does the page show the throw."""
    return f"{found.settings.seed} {found.settings.draws} {found.settings.added}"


def _token(found: Look, bar: Bar, place: int) -> _Row:
    hit = found.drawn is not None and found.drawn.token_id == bar.token_id
    count = found.tally.counts[place] if found.tally else None
    cut = _CUT_WORDS.get(bar.cut_by, bar.cut_by) if bar.cut_by else ""
    return _Row(
        kind="cut" if bar.cut_by else "hit" if hit else "",
        label=mark(found.piece(bar.token_id)),
        now=bar.probability,
        at_one=bar.ghost,
        why=cut or ("drawn" if hit else _drawn(count)),
        share=_share(found, count),
        fell=_fell(found) if hit else None,
    )


def _rest(found: Look) -> _Row:
    shown, drawn = found.shown, found.drawn
    others = f"{shown.vocabulary - len(shown.bars):,} others"
    hit = drawn is not None and all(bar.token_id != drawn.token_id for bar in shown.bars)
    count = found.tally.rest if found.tally else None
    why = f"drawn: {mark(found.piece(drawn.token_id))}" if drawn and hit else _drawn(count)
    return _Row(
        kind="rest hit" if hit else "rest",
        label=others,
        now=shown.rest_probability,
        at_one=shown.rest_ghost,
        why=why,
        share=_share(found, count),
        fell=0.5 if hit else None,
    )


def _drawn(count: int | None) -> str:
    return "" if count is None else f"{count:,} drawn"


def _share(found: Look, count: int | None) -> float | None:
    return None if found.tally is None or count is None else count / found.tally.draws


def _fell(found: Look) -> float:
    """Return where in its token's stretch the number lies; in the middle where none was thrown."""
    drawn = found.drawn
    if drawn is None or drawn.uniform is None or drawn.high <= drawn.low:
        return 0.5
    return (drawn.uniform - drawn.low) / (drawn.high - drawn.low)


def _draw_row(row: _Row) -> Markup:
    track = [
        tag("i", class_="now", style=f"width:{_width(row.now)}"),
        tag("i", class_="tick", style=f"left:{_width(row.at_one)}"),
    ]
    if row.share is not None:
        track.append(tag("i", class_="tally", style=f"width:{_width(row.share)}"))
    if row.fell is not None:
        track.append(tag("b", class_="marker", style=f"left:{_width(row.now * row.fell)}"))
    return tag(
        "li",
        tag("span", row.label, class_="token", title=row.label),
        tag("span", *track, class_="track"),
        tag("span", percent(row.now), class_="percent"),
        tag("span", row.why, class_="why", title=row.why or None),
        class_=f"bar {row.kind}".strip(),
    )


def _width(share: float) -> str:
    return f"{100 * share:.2f}%"


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
