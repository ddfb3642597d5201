"""Two replies to one message as HTML: what differs, and how each side chose where they part."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from playground.drawing.choice import render_choice
from playground.drawing.finish_words import FINISH_WORDS
from playground.generation.divergence import find_parting
from playground.labs.precision.pair import Side, differing
from playground.models.text.tokenizer import Tokenizer


def render_pair(sides: Sequence[Side], tokenizer: Tokenizer, done: bool) -> str:
    """Return both replies beside each other, and the distributions at the fork.

    Parameters
    ----------
    sides : sequence of Side
        Two of them.
    tokenizer : Tokenizer
        Names the tokens at the fork; both sides are the same model.
    done : bool
        False while they are being written.
    """
    first, second = sides
    parting = find_parting(first.reply.steps, second.reply.steps)
    place = parting.position if parting else None
    columns = _side(first, second, place, done) + _side(second, first, place, done)
    if parting is None:
        words = "They never part." if done else "Not parted so far."
        return f'<div class="texts">{columns}</div><p class="hint">{words}</p>'
    forks = "".join(
        render_choice(choice, tokenizer, side.name)
        for choice, side in ((parting.first, first), (parting.second, second))
    )
    return (
        f'<div class="texts">{columns}</div><div class="card pair-fork strip-column"><h3>They part '
        f'at token {parting.position + 1:,}</h3><div class="texts">{forks}</div></div>'
    )


def _side(side: Side, other: Side, place: int | None, done: bool) -> str:
    marked = differing(side.reply.steps, other.reply.steps)
    words = "".join(
        _piece(step.text, index == place, index in marked, place is None or index < place)
        for index, step in enumerate(side.reply.steps)
    )
    speed, first = side.reply.tokens_per_second, side.reply.first_token_seconds or 0
    facts = (
        f"{len(side.reply.steps):,} tokens · first after <b>{first:.2f} s</b>"
        f"{f' · <b>{speed:.1f}</b> tok/s' if speed else ''} · "
        f"{FINISH_WORDS[side.reply.finish_reason] if done else 'writing…'}"
    )
    return (
        f'<section class="strip-column"><h3>{escape(side.name)}</h3>'
        f'<p class="written">{words or "…"}</p><p class="hint">{facts}</p></section>'
    )


def _piece(text: str, is_fork: bool, differs: bool, shared: bool) -> str:
    if is_fork:
        return f'<mark class="parting">{escape(text) or "∅"}</mark>'
    if shared:
        return f'<span class="muted">{escape(text)}</span>'
    return f'<span class="differs">{escape(text)}</span>' if differs else escape(text)
