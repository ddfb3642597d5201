"""A text as tokens in HTML: counts, the text, chips, ids, linked by their places; all escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from playground.drawing.marks import mark
from playground.labs.tokens.cutting import Counts, Token, Tokenized, spell

# What is drawn at once; buttons turn the pages.
TOKENS_AT_ONCE = 1000
_SHADES = 5
EMPTY = '<p class="hint">Write something above; its tokens will stand here.</p>'


def render_tokens(tokenized: Tokenized, first: int = 0) -> str:
    """Return the counts, then one page of the text as text, chips and ids.

    Parameters
    ----------
    tokenized : Tokenized
        The text.
    first : int
        Place of the first token that is drawn; at most `TOKENS_AT_ONCE` are.
    """
    counts = tokenized.counts
    if not counts.tokens:
        return render_counts(counts) + EMPTY
    groups = tokenized.groups(first, TOKENS_AT_ONCE)
    text = "".join(_words(place, group) for place, group in enumerate(groups))
    chips = "".join(_group(place, group) for place, group in enumerate(groups))
    ids = "".join(_ids(place, group) for place, group in enumerate(groups))
    return (
        f"{render_counts(counts)}{_pages(groups, counts.tokens)}"
        '<div class="card tok">'
        '<p class="tok-facts" aria-live="polite">Point at a token, or move with the arrow keys.</p>'
        f'<div class="tok-chips" role="group" aria-label="Tokens">{chips}</div>'
        f'<h3>The text</h3><p class="tok-text">{text}</p>'
        f'<h3>What the model receives</h3><p class="tok-ids">{ids}</p></div>'
    )


def render_counts(counts: Counts) -> str:
    """Return how long a text is, in five ways."""
    tiles = (
        (f"{counts.tokens:,}", "tokens"),
        (f"{counts.characters:,}", "characters (code points)"),
        (f"{counts.bytes:,}", "bytes in UTF-8"),
        (f"{counts.words:,}", "words"),
        (_ratio(counts.tokens_per_word), "tokens a word"),
        (_ratio(counts.bytes_per_token), "bytes a token"),
    )
    cells = "".join(f"<div><dd>{value}</dd><dt>{name}</dt></div>" for value, name in tiles)
    return f'<dl class="tiles">{cells}</dl>'


def _ratio(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else f"{value:.2f}"


def _pages(groups: Sequence[Sequence[Token]], count: int) -> str:
    first, last = groups[0][0].place, groups[-1][-1].place
    if first == 0 and last + 1 == count:
        return ""
    back = _page("Earlier", max(0, first - TOKENS_AT_ONCE)) if first else ""
    forth = _page("Later", last + 1) if last + 1 < count else ""
    return (
        f'<p class="hint pages">Tokens {first + 1:,} to {last + 1:,} of {count:,} are drawn, at '
        f"most {TOKENS_AT_ONCE:,} at once. {back}{forth}</p>"
    )


def _page(label: str, first: int) -> str:
    return (
        f'<button type="button" class="small" data-action="page" data-first="{first}">'
        f"{label}</button>"
    )


def _words(place: int, group: Sequence[Token]) -> str:
    """Return the text of a group, as it reads."""
    return f'<span data-group="{place}">{escape(legible(text_of(group)))}</span>'


def _group(place: int, group: Sequence[Token]) -> str:
    text = text_of(group)
    if len(group) == 1:
        return _chip(place, group[0], mark(text)) + "<br>" * text.count("\n")
    parts = "".join(_chip(place, token, _part(token)) for token in group)
    seen = escape(legible(text).strip() or mark(text))
    return f'<span class="tok-group" data-group="{place}"><b>{seen}</b>{parts}</span>'


def _part(token: Token) -> str:
    """Return a token that is part of a character: as text where it is some, else as bytes."""
    text = spell(token.data)
    return mark(text) if text else token.data.hex(" ").upper()


def _chip(place: int, token: Token, shown: str) -> str:
    facts = (
        f"token {token.place + 1:,}, id {token.token_id}, spelled {token.name}, bytes "
        f"{token.data.hex(' ').upper() or 'none'}, characters {token.start:,} to {token.end:,}"
    )
    return (
        f'<button type="button" class="chip c{token.place % _SHADES}" tabindex="-1" '
        f'data-token="{token.place}" data-group="{place}" data-facts="{escape(facts)}" '
        f'aria-label="{escape(shown)}, {escape(facts)}">{escape(shown)}</button>'
    )


def _ids(place: int, group: Sequence[Token]) -> str:
    return "".join(
        f'<span data-token="{token.place}" data-group="{place}">{token.token_id}</span> '
        for token in group
    )


def text_of(group: Sequence[Token]) -> str:
    """Return the text of tokens that are whole characters together."""
    data = b"".join(token.data for token in group)
    return data.decode(errors="replace")


def legible(text: str) -> str:
    r"""Return a text with what cannot be seen, or turns the page around, shown by its code.

    What joins emoji to families stays.

    Examples
    --------
    >>> legible("a\x00b\u202ec d\n")
    'a\\u0000b\\u202ec d\n'
    """
    kept = "\n\N{ZERO WIDTH JOINER}\N{VARIATION SELECTOR-16}"
    return "".join(
        c if c.isprintable() or c in kept or c == "\t" else rf"\u{ord(c):04x}" for c in text
    )
