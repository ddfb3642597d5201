"""Each disguise with what the text looks like in it, who saw through it, and what it costs."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.files import csv_text
from playground.drawing.marks import legible
from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.moderation.evasion import (
    Bench,
    Disguised,
    EvasionSettings,
    Outcome,
    run_evasion,
)
from playground.labs.moderation.marked_text import action_word, marked_text
from playground.moderation.verdict import Match

_EMPTY = "Each disguise comes here, and the stage that sees through it."


def draw(bench: Bench) -> Markup:
    """Return how many disguises are seen through, then each of them."""
    if not bench.outcomes:
        return tag("p", _EMPTY, class_="hint")
    one = bench.settings.over == "text"
    return join((_sums(bench), _one(bench) if one else _many(bench)))


def _sums(bench: Bench) -> Markup:
    plain, *others = bench.outcomes
    if not plain.stopped:
        said = (
            "As it stands the text is not stopped, so that a disguise has nothing to hide: take "
            "one that is."
        )
        return tag("p", said, class_="lesson")
    if bench.settings.over == "text":
        seen = sum(each.stopped for each in others)
        count = tag("b", f"{seen} of {len(others)}")
        return tag("p", count, " disguises are seen through.", class_="sums")
    lost = max((bench.lost(each) for each in others), default=0.0)
    count = tag("b", f"{100 * lost:.0f} points")
    return tag("p", "The worst disguise costs ", count, " of recall.", class_="sums")


def _one(bench: Bench) -> Markup:
    rows = (_row(each.name, each.disguised[0]) for each in bench.outcomes)
    heads = ("disguise", "it is", "what it looks like", "seen by", "in the reading")
    return table(heads, rows, class_="plain")


def _row(name: str, disguised: Disguised) -> list[object]:
    examined = disguised.examined
    match = examined.decisive
    return [
        name,
        action_word(examined.verdict.action),
        marked_text(examined.given, examined.matches),
        f"{match.stage}: {match.rule}" if match else "nobody",
        match.view if match else "",
    ]


def _many(bench: Bench) -> Markup:
    bars = (_bar(bench, each) for each in bench.outcomes)
    example = (
        [each.name, tag("p", legible(each.disguised[0].examined.given), class_="marked")]
        for each in bench.outcomes
    )
    note = f"{len(bench.outcomes[0].disguised)} examples; the bar is the share that is stopped."
    return join(
        (
            tag(
                "div",
                tag("p", note, class_="hint"),
                tag("ol", *bars, class_="category-bars"),
                class_="card",
            ),
            tag("h2", "What they look like"),
            table(("disguise", "the first example in it"), example, class_="plain"),
        )
    )


def _bar(bench: Bench, outcome: Outcome) -> Markup:
    lost = 100 * bench.lost(outcome)
    words = f"{100 * outcome.recall:.0f} %"
    if round(lost) > 0:
        words += f", {lost:.0f} lost"
    return tag(
        "li",
        tag("span", outcome.name, class_="name"),
        tag("span", tag("i", style=f"width:{100 * outcome.recall:.1f}%"), class_="track"),
        tag("span", words, class_="value"),
        class_="over" if lost > 10 else None,
    )


def to_csv(bench: Bench) -> str:
    """Return one line a text and disguise."""
    heads = ("disguise", "plain", "disguised", "action", "stage", "rule", "reading")
    rows = (
        (
            outcome.name,
            each.plain,
            each.examined.given,
            each.examined.verdict.action.value,
            *_seen_by(each.examined.decisive),
        )
        for outcome in bench.outcomes
        for each in outcome.disguised
    )
    return csv_text(heads, rows)


def _seen_by(match: Match | None) -> tuple[str, str, str]:
    return (match.stage, match.rule, match.view) if match else ("", "", "")


EVASION = Experiment(
    path="moderation/evasion",
    title="Evasion bench",
    idea=(
        "Digits for letters, dots between them, letters of another alphabet: a person still reads "
        "it, and so must a filter. Each disguise, and the stage that sees through it."
    ),
    settings=EvasionSettings,
    function=run_evasion,
    view=draw,
    needs=Needs.NOTHING,
    action="Try every disguise",
    tables={"evasion.csv": to_csv},
    empty=_EMPTY,
)
