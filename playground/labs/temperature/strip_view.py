"""The strip as HTML: columns, where they part, what they measure; all text is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from html import escape

from playground.drawing.choice import render_choice
from playground.drawing.finish_words import FINISH_WORDS
from playground.generation.divergence import Parting, find_parting
from playground.labs.temperature.strip import Measures, Written, measure
from playground.models.text.tokenizer import Tokenizer


def render_strip(written: Sequence[Written], tokenizer: Tokenizer, diff: bool, done: bool) -> str:
    """Return all columns, and the table of their measures.

    Parameters
    ----------
    written : sequence of Written
        The columns so far; the first is what the others are held against.
    tokenizer : Tokenizer
        Names the tokens at a parting.
    diff : bool
        Mark what was taken out of the first column's words and what was put in.
    done : bool
        False while they are being written.
    """
    columns = "".join(_column(each, written[0], tokenizer, diff, done) for each in written)
    return (
        f'<div class="strip" tabindex="0" role="group" aria-label="The strip">{columns}</div>'
        f"{_table(written)}"
    )


def _column(each: Written, first: Written, tokenizer: Tokenizer, diff: bool, done: bool) -> str:
    parting = find_parting(first.reply.steps, each.reply.steps)
    text = _difference(first, each) if diff and each is not first else _text(each, parting)
    end = FINISH_WORDS[each.reply.finish_reason] if done else "writing…"
    return (
        f'<section class="strip-column"><h3>{_title(each)}</h3>'
        f'<p class="written">{text or "…"}</p>'
        f"{_forks(parting, tokenizer, first, each) if parting else ''}"
        f'<p class="hint">{len(each.reply.steps):,} tokens · {end}</p></section>'
    )


def _title(each: Written) -> str:
    settings = each.column.settings
    seed = "no seed: greedy" if settings.seed is None else f"seed {settings.seed}"
    return f'T {settings.temperature:g} <span class="muted">{seed}</span>'


def _text(each: Written, parting: Parting | None) -> str:
    if parting is None:
        return escape(each.reply.text)
    before = "".join(step.text for step in each.reply.steps[: parting.position])
    own = each.reply.steps[parting.position].text
    after = "".join(step.text for step in each.reply.steps[parting.position + 1 :])
    title = f"parts from the first column at token {parting.position + 1}"
    return (
        f'{escape(before)}<mark class="parting" title="{title}">⟨{escape(own) or "∅"}⟩</mark>'
        f"{escape(after)}"
    )


def _difference(first: Written, each: Written) -> str:
    """Return the words with what is left out struck through and what is new underlined."""
    old, new = first.reply.text.split(), each.reply.text.split()
    parts = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(escape(" ".join(new[c:d])))
            continue
        if a < b:
            parts.append(f"<del>{escape(' '.join(old[a:b]))}</del>")
        if c < d:
            parts.append(f"<ins>{escape(' '.join(new[c:d]))}</ins>")
    return " ".join(parts)


def _forks(parting: Parting, tokenizer: Tokenizer, first: Written, each: Written) -> str:
    """Return both distributions at the token where two columns part, to be opened."""
    sides = "".join(
        render_choice(choice, tokenizer, f"T {written.column.settings.temperature:g}")
        for choice, written in ((parting.first, first), (parting.second, each))
    )
    return (
        f'<details class="fork"><summary>Parts at token {parting.position + 1:,}</summary>'
        f"{sides}</details>"
    )


def _table(written: Sequence[Written]) -> str:
    heads = ("column", "entropy", "distinct-1", "distinct-2", "agrees", "parts at", "tokens/s")
    rows = "".join(
        _measures(each, measures, find_parting(written[0].reply.steps, each.reply.steps))
        for each in written
        if (measures := measure(each, written[0]))
    )
    head = "".join(f"<th>{name}</th>" for name in heads)
    return (
        f'<div class="scroll"><table class="stages measures-table"><tr>{head}</tr>{rows}</table>'
        '</div><p class="hint">Entropy is the mean over the tokens, in nats, of the model\'s own '
        "distribution. Agreement is with the first column, place by place. Speeds were measured "
        "while all columns ran together.</p>"
    )


def _measures(each: Written, measures: Measures, parting: Parting | None) -> str:
    cells = (
        f"{measures.mean_entropy_nats:.2f}", f"{measures.distinct_1:.2f}",
        f"{measures.distinct_2:.2f}", f"{measures.agreement:.0%}",
        "never" if parting is None else f"{parting.position + 1:,}",
        f"{measures.tokens_per_second:.1f}",
    )  # fmt: skip
    name = f"T {each.column.settings.temperature:g} #{each.column.sample}"
    return f"<tr><th>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
