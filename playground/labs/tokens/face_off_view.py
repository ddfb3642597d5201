"""Tokenizers side by side as HTML: a table of texts, and a person's own text under each."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from playground.drawing.marks import mark
from playground.labs.tokens.cutting import Token, Tokenized
from playground.labs.tokens.cutting_view import text_of
from playground.labs.tokens.face_off import OWN_TEXT, REFERENCE, Bout, Contender
from playground.labs.tokens.merges_view import show_piece
from playground.models.text.tokenizer import Tokenizer

CHIPS = 160
LEARNED = 60


def render_face_off(
    contenders: Sequence[Contender], bouts: Sequence[Bout], owns: Sequence[Tokenized]
) -> str:
    """Return the table, and below it the person's text as each contender cuts it.

    Parameters
    ----------
    contenders : sequence of Contender
        The columns.
    bouts : sequence of Bout
        The rows.
    owns : sequence of Tokenized
        The person's text, one a contender; none where it is empty.
    """
    heads = "".join(
        f'<th scope="col">{escape(each.name)}<small>{escape(each.about)}</small></th>'
        for each in contenders
    )
    rows = "".join(_row(bout) for bout in bouts)
    cards = "".join(_own(each, own) for each, own in zip(contenders, owns, strict=False))
    return (
        f'<div class="card"><div class="scroll"><table class="face-off"><thead><tr><th>text</th>'
        f"<th>bytes</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        f'<p class="hint">Tokens that each needs, and for the same greeting in other languages how '
        f"many times as many as in {REFERENCE}: what a language costs in time and in window. "
        "The fewest are in the accent. <b>*</b> These tokens cannot be turned back into the text: "
        "case, spaces or whole characters are lost.</p></div>"
        f'<div class="texts">{cards}</div>'
    )


def render_learned(pairs: Sequence[tuple[str, str]], tokenizer: Tokenizer) -> str:
    """Return the first pairs that were learned from a person's text."""
    if not pairs:
        return (
            '<p class="hint">Nothing was learned from your text: no two neighbours come twice in '
            "it. Write more of it.</p>"
        )
    items = "".join(
        f"<li>{_shown(left, tokenizer)} + {_shown(right, tokenizer)}</li>"
        for left, right in pairs[:LEARNED]
    )
    more = f" (the first {LEARNED} of {len(pairs):,})" if len(pairs) > LEARNED else ""
    return (
        f"<details><summary>Pairs learned from your text, first learned first{more}</summary>"
        f'<ol class="learned">{items}</ol></details>'
    )


def _shown(piece: str, tokenizer: Tokenizer) -> str:
    return f'<b class="cut">{escape(show_piece(piece, tokenizer))}</b>'


def _row(bout: Bout) -> str:
    times = bout.times_reference or (None,) * len(bout.tokens)
    cells = "".join(
        f'<td class="{_class(bout, tokens, kept)}">{tokens:,}{"" if kept else "*"}'
        f"{_times(ratio)}</td>"
        for tokens, kept, ratio in zip(bout.tokens, bout.kept, times, strict=True)
    )
    shown = bout.text if len(bout.text) <= 60 else bout.text[:59] + "…"
    name = "Your text" if bout.name == OWN_TEXT else bout.name
    return (
        f'<tr><th scope="row">{escape(name)}<small dir="auto">{escape(shown)}</small></th>'
        f"<td>{bout.bytes:,}</td>{cells}</tr>"
    )


def _class(bout: Bout, tokens: int, kept: bool) -> str:
    if not kept:
        return "lost"
    return "best" if tokens == bout.best else ""


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"<small>{ratio:.1f} times</small>"


def _own(contender: Contender, own: Tokenized) -> str:
    groups = own.groups(0, CHIPS)
    chips = "".join(_chip(group) for group in groups)
    count = own.counts.tokens
    more = f'<p class="hint">The first {CHIPS} are drawn.</p>' if count > CHIPS else ""
    return (
        f'<section class="strip-column"><h3>{escape(contender.name)} '
        f'<span class="muted">{count:,} tokens</span></h3>'
        f'<p class="cuts">{chips}</p>{more}</section>'
    )


def _chip(group: Sequence[Token]) -> str:
    text = escape(mark(text_of(group)))
    shade = f"c{group[0].place % 5}"
    if len(group) == 1:
        return f'<span class="cut {shade}">{text}</span>'
    return f'<span class="cut {shade}">{text}<sup>{len(group)}</sup></span>'
