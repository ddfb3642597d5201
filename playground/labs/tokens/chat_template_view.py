"""What a model receives of a conversation as HTML; all text is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from playground.labs.tokens.chat_template import Part, Run, Template
from playground.labs.tokens.cutting_view import legible

# Of a long message the beginning and the end are drawn.
CHARACTERS = 3000
IDS = 500


def render_template(template: Template, about: str) -> str:
    """Return the text with its parts told apart, and the same as token ids.

    Parameters
    ----------
    template : Template
        What the model receives.
    about : str
        Whose conversation that is.
    """
    pieces = "".join(_run(run) for run in template.runs)
    ids = " ".join(
        f'<span class="{run.part}">{_ids(run.token_ids)}</span>' for run in template.runs
    )
    kind = (
        ""
        if template.has_template
        else '<p class="hint">This is a base model: it has no template and no roles. It is given a '
        "transcript to continue.</p>"
    )
    return (
        f'<div class="card template"><p class="hint">{escape(about)}</p>{kind}'
        f'<p class="received">{pieces}</p>{_legend(template)}'
        f"<details><summary>As {len(template.token_ids):,} token ids</summary>"
        f'<p class="tok-ids">{ids}</p></details></div>'
    )


def _run(run: Run) -> str:
    if run.part == "control":
        return f'<b class="control">{escape(run.text)}</b>'
    text, left_out = run.text, len(run.text) - 2 * CHARACTERS
    if left_out > 0:
        gap = f'<i class="gap">{left_out:,} characters are not drawn</i>'
        begin, end = legible(text[:CHARACTERS]), legible(text[-CHARACTERS:])
        return f'<span class="{run.part}">{escape(begin)}{gap}{escape(end)}</span>'
    return f'<span class="{run.part}">{escape(legible(text))}</span>'


def _ids(token_ids: Sequence[int]) -> str:
    left_out = len(token_ids) - 2 * IDS
    if left_out <= 0:
        return " ".join(map(str, token_ids))
    begin, end = " ".join(map(str, token_ids[:IDS])), " ".join(map(str, token_ids[-IDS:]))
    return f'{begin} <i class="gap">{left_out:,} ids are not drawn</i> {end}'


def _legend(template: Template) -> str:
    words: dict[Part, str] = {
        "control": "control tokens: a single token each, which no message can write",
        "template": "words of the template",
        "content": "what was written",
    }
    keys = "".join(
        f'<li><span class="{part} key">{template.count(part):,}</span> {text}</li>'
        for part, text in words.items()
    )
    return f'<ul class="template-legend">{keys}</ul>'
