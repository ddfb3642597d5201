"""The strip: columns, where they part or how they differ, what they measure."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from markupsafe import Markup

from playground.drawing.choice import render_choice
from playground.drawing.finish_words import FINISH_WORDS
from playground.drawing.markup import join, table, tag
from playground.generation.divergence import Parting, find_parting
from playground.labs.temperature.columns import Measures, Written, measure
from playground.labs.temperature.strip import Strip

_HEADS = ("column", "entropy", "distinct-1", "distinct-2", "agrees", "parts at", "tokens/s")
_MEASURED = (
    "Entropy is the mean over the tokens, in nats, of the model's own distribution. Agreement is "
    "with the first column, place by place. Speeds were measured while all columns ran together."
)
# Both are in the page; the style sheet shows the one that is chosen, with no server and no script.
_MARKS = {"parting": "Where they part", "difference": "Difference to the first"}


def draw(strip: Strip) -> Markup:
    """Return all columns with both marks, and the table of their measures."""
    if not strip.written:
        return tag("p", "The columns will stand here.", class_="hint")
    columns = (_column(strip, each) for each in strip.written)
    return join(
        (
            _switch() if strip.closed else None,
            tag("div", *columns, class_="strip", tabindex="0", role="group", aria_label="Columns"),
            _table(strip),
        )
    )


def _switch() -> Markup:
    choices = (_mark(value, words) for value, words in _MARKS.items())
    return tag("p", tag("span", "Mark "), *choices, class_="marks", role="radiogroup")


def _mark(value: str, words: str) -> Markup:
    button = Markup('<input type="radio" name="strip-mark" value="{}"{}>').format(
        value, Markup(" checked") if value == "parting" else ""
    )
    return tag("label", button, " ", words)


def _column(strip: Strip, each: Written) -> Markup:
    first = strip.written[0]
    parting = find_parting(first.reply.steps, each.reply.steps)
    ended = each.ended or strip.closed
    end = FINISH_WORDS[each.reply.finish_reason] if ended else "writing…"
    return tag(
        "section",
        tag("h3", _title(each)),
        tag("p", _parted(each, parting) or "…", class_="written by-parting"),
        tag("p", _differing(first, each) or "…", class_="written by-difference"),
        _forks(strip, each, parting) if parting else None,
        tag("p", f"{len(each.reply.steps):,} tokens · {end}", class_="hint"),
        class_="strip-column",
    )


def _title(each: Written) -> Markup:
    settings = each.column.settings
    seed = "no seed: greedy" if settings.seed is None else f"seed {settings.seed}"
    return join((f"T {settings.temperature:g} ", tag("span", seed, class_="muted")))


def _parted(each: Written, parting: Parting | None) -> Markup:
    """Return the text with a mark on the token at which it parts from the first column."""
    if parting is None:
        return join([each.reply.text])
    texts = [step.text for step in each.reply.steps]
    before, own, after = texts[: parting.position], texts[parting.position], parting.position + 1
    title = f"parts from the first column at token {after}"
    marked = tag("mark", f"⟨{own or '∅'}⟩", class_="parting", title=title)
    return join([*before, marked, *texts[after:]])


def _differing(first: Written, each: Written) -> Markup:
    """Return the words with what is left out struck through and what is new underlined."""
    if each is first:
        return join([each.reply.text])
    return join(_differences(first.reply.text.split(), each.reply.text.split()), " ")


def _differences(old: list[str], new: list[str]) -> Iterator[Markup | str]:
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield " ".join(new[c:d])
            continue
        if a < b:
            yield tag("del", " ".join(old[a:b]))
        if c < d:
            yield tag("ins", " ".join(new[c:d]))


def _forks(strip: Strip, each: Written, parting: Parting) -> Markup:
    """Return both distributions at the token where two columns part, to be opened."""
    sides = (
        render_choice(choice, strip.tokenizer, f"T {written.column.settings.temperature:g}")
        for choice, written in ((parting.first, strip.written[0]), (parting.second, each))
    )
    summary = tag("summary", f"Parts at token {parting.position + 1:,}")
    return tag("details", summary, *sides, class_="fork")


def _table(strip: Strip) -> Markup:
    first = strip.written[0]
    rows = (
        _measures(each, measures, find_parting(first.reply.steps, each.reply.steps))
        for each in strip.written
        if (measures := measure(each, first))
    )
    return table(_HEADS, rows, class_="stages measures-table") + tag("p", _MEASURED, class_="hint")


def _measures(each: Written, measures: Measures, parting: Parting | None) -> tuple[str, ...]:
    return (
        f"T {each.column.settings.temperature:g} #{each.column.sample}",
        f"{measures.mean_entropy_nats:.2f}",
        f"{measures.distinct_1:.2f}",
        f"{measures.distinct_2:.2f}",
        f"{measures.agreement:.0%}",
        "never" if parting is None else f"{parting.position + 1:,}",
        f"{measures.tokens_per_second:.1f}",
    )
