"""The merges of a text as HTML: the steps as a table, and what the page's own script draws."""

from __future__ import annotations

import json
from html import escape

from playground.drawing.marks import mark
from playground.labs.tokens.cutting import Trace, spell
from playground.models.text.tokenizer import Tokenizer

EMPTY = '<p class="hint">Write something above; its merges will stand here.</p>'


def render_merges(trace: Trace, tokenizer: Tokenizer) -> str:
    """Return the stage on which the script steps forth and back, and the table of all steps."""
    if not trace.text:
        return EMPTY
    cut = f" Only the first {len(trace.text):,} characters are followed here." if trace.cut else ""
    rows = "".join(
        f'<tr data-step="{number}"><td>{number}</td><td>{step.merge.rank + 1:,}</td>'
        f'<th scope="row">{escape(show_piece(step.merge.left, tokenizer))}</th>'
        f"<th>{escape(show_piece(step.merge.right, tokenizer))}</th>"
        f"<th>{escape(show_piece(step.merge.left + step.merge.right, tokenizer))}</th></tr>"
        for number, step in enumerate(trace.steps, 1)
    )
    return (
        f'<div class="card merges" data-trace="{escape(json.dumps(_film(trace, tokenizer)))}">'
        f'<p class="hint">The text is first cut into words, then pair after pair is joined: of all '
        f"pairs that stand side by side the one that was learned first. Rank 1 was learned first "
        f"of all.{cut}</p>"
        f"{_CONTROLS.format(last=len(trace.steps))}"
        '<p class="merge-says" aria-live="polite"></p><div class="merge-stage"></div>'
        f"<details><summary>All {len(trace.steps):,} merges</summary>"
        '<div class="scroll"><table class="merge-table"><thead><tr><th>step</th><th>rank</th>'
        f"<th>left</th><th>right</th><th>becomes</th></tr></thead><tbody>{rows}</tbody></table>"
        "</div></details></div>"
    )


_CONTROLS = (
    '<div class="merge-controls" role="group" aria-label="Steps">'
    '<button type="button" class="small" data-go="first">To the start</button>'
    '<button type="button" class="small" data-go="back">Back</button>'
    '<input type="range" min="0" max="{last}" value="0" aria-label="Step">'
    '<button type="button" class="small" data-go="forth">Forward</button>'
    '<button type="button" class="small" data-go="last">To the end</button></div>'
)


def _film(trace: Trace, tokenizer: Tokenizer) -> dict[str, object]:
    """Return what the script needs: first pieces, steps, and the ids at the end, all as text."""
    ids = iter(trace.token_ids)
    return {
        "words": [[show_piece(piece, tokenizer) for piece in word.pieces] for word in trace.words],
        "steps": [
            {
                "word": step.word,
                "place": step.merge.place,
                "rank": step.merge.rank + 1,
                "becomes": show_piece(step.merge.left + step.merge.right, tokenizer),
            }
            for step in trace.steps
        ],
        "ids": [[next(ids) for _ in pieces] for pieces in trace.pieces],
    }


def show_piece(piece: str, tokenizer: Tokenizer) -> str:
    """Return a piece as text, or as bytes where it is only part of a character."""
    data = tokenizer.bytes_of_piece(piece)
    if data is None:
        return piece
    text = spell(data)
    return mark(text) if text is not None else data.hex(" ").upper()
