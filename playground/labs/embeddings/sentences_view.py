"""Sentences side by side as HTML: a heat map of their cosines, and what a search found."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from playground.drawing.cosine_bars import cosine_bar, render_bars, signed
from playground.labs.embeddings.sentences import Found, Sentences


def render_matrix(sentences: Sentences) -> str:
    """Return the cosine of each two lines as a table that is shaded."""
    cosines = sentences.similarities()
    numbers = range(1, len(sentences.lines) + 1)
    head = "".join(f'<th scope="col">{number}</th>' for number in numbers)
    rows = "".join(
        f'<tr><th scope="row" title="{escape(line)}"><span class="line"><b>{number}</b> '
        f"{escape(line)}</span></th>{_cells(cosines[number - 1], number - 1)}</tr>"
        for number, line in zip(numbers, sentences.lines, strict=True)
    )
    return (
        f'<div class="card"><h2>How alike the lines are <span class="muted">cosine, 1 is the same '
        f"direction</span></h2>{_most_alike(sentences)}"
        f'<div class="scroll" tabindex="0" role="region" aria-label="Cosine of each two lines">'
        f'<table class="cosine-heat sentences"><thead><tr><th></th>{head}</tr></thead><tbody>{rows}'
        f"</tbody></table></div>{render_cut(sentences)}</div>"
    )


def _cells(cosines: Sequence[float], own: int) -> str:
    return "".join(
        f'<td{" class=own" if place == own else ""} style="--share:{max(cosine, 0.0):.2f}">'
        f"{signed(cosine, 2)}</td>"
        for place, cosine in enumerate(cosines)
    )


def _most_alike(sentences: Sentences) -> str:
    if (best := sentences.most_alike()) is None:
        return ""
    first, second, cosine = best
    return (
        f"<p>Most alike are lines {first + 1} and {second + 1}, at <b>{signed(cosine, 2)}</b>.</p>"
    )


def render_cut(sentences: Sentences) -> str:
    """Say which lines are longer than the encoder reads."""
    if not sentences.cut:
        return ""
    lines = ", ".join(f"line {number} ({count:,})" for number, count in sentences.cut)
    return (
        f'<p class="hint warning">The encoder reads the first {sentences.most_tokens} tokens of a '
        f"line; cut off is the end of {lines}.</p>"
    )


def render_found(query: str, found: Sequence[Found]) -> str:
    """Return all lines, the one most like the query first."""
    rows = "".join(
        cosine_bar(
            f'<span class="line"><b>{each.number}</b> {escape(each.line)}</span>', each.cosine
        )
        for each in found
    )
    return (
        f'<div class="card sentences"><h2>Lines most like “{escape(query.strip())}”</h2>'
        f"{render_bars('Lines, the most alike first', rows)}</div>"
    )
