"""A word's vector and the tokens nearest to it, as HTML; all text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from playground.drawing.cosine_bars import cosine_bar, render_bars, signed, token, token_button
from playground.labs.embeddings.neighbours import Neighbourhood

_STRIP_HEIGHT = 40
_SHOWN_NUMBERS = 4


def render_neighbourhood(found: Neighbourhood) -> str:
    """Return the vector as strokes, and the neighbours as bars."""
    rows = "".join(
        cosine_bar(token_button(each.token_id, each.text), each.cosine) for each in found.neighbours
    )
    return (
        f'<div class="card"><h2>{_title(found)}</h2>{_pieces(found)}{_strip(found.vector)}'
        f"{_others(found)}</div>"
        '<div class="card"><h2>Nearest tokens <span class="muted">by cosine: 1 is the same '
        f"direction, 0 a right angle</span></h2>{render_bars('Nearest tokens', rows)}"
        f'<p class="hint">All {found.searched:,} tokens were compared, in '
        f"{1000 * found.seconds:.0f} ms (measured). Click one to go there.</p></div>"
    )


def _title(found: Neighbourhood) -> str:
    token_id = found.word.token_id
    what = f"{len(found.word.token_ids)} tokens" if token_id is None else f"token {token_id:,}"
    return f'{token(found.word.text)} <span class="muted">{what}</span>'


def _pieces(found: Neighbourhood) -> str:
    """Say of a word that is no token what stands in for it."""
    if found.word.token_id is not None:
        return ""
    pairs = zip(found.word.token_ids, found.word.pieces, strict=True)
    return (
        f"<p>This is no token of the model, which reads it in pieces: {_buttons(pairs)}. Below is "
        "the mean of their vectors, a makeshift: the model itself puts pieces together only in its "
        "layers. Click a piece to see its own neighbours.</p>"
    )


def _others(found: Neighbourhood) -> str:
    if not found.spellings:
        return ""
    return f'<p class="hint">Other tokens that write it: {_buttons(found.spellings)}</p>'


def _buttons(pairs: Iterable[tuple[int, str]]) -> str:
    return " ".join(token_button(token_id, text) for token_id, text in pairs)


def _strip(vector: NDArray[np.float64]) -> str:
    """Draw the numbers of a vector as strokes, up where positive and down where negative."""
    middle, largest = _STRIP_HEIGHT / 2, float(np.abs(vector).max())
    strokes = [
        f"M{place + 0.5} {middle:g}V{middle - number / largest * middle:.1f}"
        for place, number in enumerate(vector)
    ]
    up = "".join(stroke for stroke, number in zip(strokes, vector, strict=True) if number > 0)
    down = "".join(stroke for stroke, number in zip(strokes, vector, strict=True) if number < 0)
    first = ", ".join(signed(number) for number in vector[:_SHOWN_NUMBERS])
    return (
        f'<svg class="numbers" viewBox="0 0 {len(vector)} {_STRIP_HEIGHT}" '
        f'preserveAspectRatio="none" role="img" aria-label="The {len(vector):,} numbers of the '
        f'vector as strokes"><path class="up" d="{up}"/><path class="down" d="{down}"/></svg>'
        f'<p class="hint">Its {len(vector):,} numbers: {first} and so on, none larger than '
        f"{largest:.2f}. Its length is {float(np.sqrt((vector * vector).sum())):.2f}.</p>"
    )
