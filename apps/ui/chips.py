"""A reply as chips: one a token, shaded by how likely it was.

They are fetched when they are looked at, so that a page with long replies stays light. All text of
the model is escaped here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from apps.chat.conversations import ReplyFacts
from playground.drawing.marks import mark, percent
from playground.generation.recording import TokenRecord

# Chips that are drawn at once; a button draws the next ones.
CHIPS_AT_ONCE = 1000

# Where one shade ends and the next begins.
_PROBABILITY_EDGES = (0.05, 0.25, 0.5, 0.9)
_SURPRISAL_EDGES = (0.5, 1.0, 2.0, 4.0)  # nats
_PROBABILITY_WORDS = ("under 5 %", "5 to 25 %", "25 to 50 %", "50 to 90 %", "over 90 %")
_SURPRISAL_WORDS = ("under 0.5 nats", "0.5 to 1", "1 to 2", "2 to 4", "over 4 nats")


def render_chips(
    records: Sequence[TokenRecord], facts: ReplyFacts | None = None, start: int = 0
) -> str:
    """Return the chips of a reply, with the key to their shades before the first.

    Parameters
    ----------
    records : sequence of TokenRecord
        Its tokens.
    facts : ReplyFacts, optional
        Where it left the reply before it, if it did.
    start : int
        Place of the first token to draw; at most `CHIPS_AT_ONCE` are.
    """
    end, count = start + CHIPS_AT_ONCE, len(records)
    shown = enumerate(records[start:end], start)
    forked = facts.branch.token if facts and facts.branch else None
    chips = "".join(_chip(record, place, place == forked) for place, record in shown)
    chips += _more(end, count)
    if start:
        return chips
    label = f"The {count:,} tokens of the reply; arrow keys move, Enter opens one"
    return f'{_legend()}<div class="chips" role="group" aria-label="{label}">{chips}</div>'


def _chip(record: TokenRecord, place: int, forked: bool) -> str:
    probability = math.exp(record.logprob)
    words = f"{percent(probability)}, rank {record.rank:,}{', put here by you' if forked else ''}"
    classes = (
        f"chip p{_step(probability, _PROBABILITY_EDGES)} "
        f"s{_step(record.surprisal_nats, _SURPRISAL_EDGES)}{' fork' if forked else ''}"
    )
    text = escape(mark(record.text))
    return (
        f'<button type="button" class="{classes}" data-token="{place}" tabindex="-1" '
        f'aria-expanded="false" title="{words}" aria-label="{text}, {words}">{text}</button>'
        f"{'<br>' * record.text.count(chr(10))}"
    )


def _step(value: float, edges: Sequence[float]) -> int:
    """Return the shade from 1 to 5."""
    return 1 + sum(value >= edge for edge in edges)


def _more(end: int, count: int) -> str:
    if end >= count:
        return ""
    following = min(CHIPS_AT_ONCE, count - end)
    return (
        f'<p class="more">The first {end:,} of {count:,} tokens are drawn. '
        f'<button type="button" class="small" data-more="{end}">Draw the next {following:,}'
        "</button></p>"
    )


def _legend() -> str:
    choices = "".join(
        f'<button type="button" data-shade="{name}" aria-pressed="false">{name}</button>'
        for name in ("probability", "surprisal")
    )
    keys = _keys("probability", "p", _PROBABILITY_WORDS) + _keys("surprisal", "s", _SURPRISAL_WORDS)
    return (
        '<div class="legend"><span class="muted">Shade by</span>'
        f'<span class="switch" role="group" aria-label="Shade by">{choices}</span>{keys}</div>'
    )


def _keys(name: str, letter: str, words: Sequence[str]) -> str:
    samples = "".join(
        f'<span class="key {letter}{step}">{text}</span>' for step, text in enumerate(words, 1)
    )
    return f'<span class="keys of-{name}">{samples}</span>'
