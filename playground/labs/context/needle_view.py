"""The needle map as HTML and CSV: depth against length, and what the model said in each cell."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from playground.drawing.files import csv_text
from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment
from playground.labs.context.needle import (
    NEEDLE,
    QUESTION,
    Needles,
    NeedleSettings,
    Trial,
    run_needles,
)

SHADES = 4  # steps of the heat map, besides none


def draw(found: Needles) -> Markup:
    """Return the map as far as it has come; a cell opens what the model said there."""
    if not found.trials:
        return tag("p", "The map comes here, a cell for each depth and length.", class_="hint")
    cells, settings = found.cells(), found.settings
    lengths = sorted(set(settings.lengths))
    rows = (
        [f"{depth} %", *(_cell(settings, cells.get((length, depth), [])) for length in lengths)]
        for depth in sorted(set(settings.depths))
    )
    grid = table(["depth", *(f"{length:,}" for length in lengths)], rows, class_="needle")
    caption = tag("p", "Depth of the needle, against tokens of the prompt: keys found")
    return tag("div", caption, grid, _sums(found), class_="card needle-card") + join(
        _replies(trials) for trials in cells.values()
    )


def _cell(settings: NeedleSettings, trials: list[Trial]) -> Markup:
    if not trials:
        return tag("span", "…", class_="waiting")
    hits = sum(trial.found for trial in trials)
    partly = "" if len(trials) == settings.needles else "…"
    place = trials[0]
    where = f"at depth {place.depth} %, {place.length:,} tokens"
    return tag(
        "button",
        f"{hits}/{len(trials)}{partly}",
        type="button",
        class_=f"heat h{round(SHADES * hits / len(trials))}",
        data_show=_name(place),
        title=_said(trials),
        aria_label=f"{hits} of {len(trials)} found {where}",
        aria_expanded="false",
    )


def _name(trial: Trial) -> str:
    """Return what a cell and its replies have in common."""
    return f"needle-{trial.length}-{trial.depth}"


def _said(trials: Iterable[Trial]) -> str:
    return "; ".join(f"asked {trial.key}, said {trial.said or 'no number'}" for trial in trials)


def _sums(found: Needles) -> Markup:
    hits = sum(trial.found for trial in found.trials)
    confused = sum(trial.confused for trial in found.trials)
    other = f" In {confused} of the replies it was a key that was not asked for."
    total = tag("b", f"{hits} of {len(found.trials)}")
    told = "Measured at temperature 0. Click a cell for what the model said."
    if kept := sum(trial.kept_tokens for trial in found.trials):
        read = sum(trial.length for trial in found.trials)
        told += f" Of {read:,} tokens {kept:,} had been read for a question before."
    return tag(
        "p",
        total,
        " keys found, to the digit.",
        other if found.settings.others else "",
        class_="sums",
    ) + tag("p", told, class_="hint")


def _replies(trials: list[Trial]) -> Markup:
    first = trials[0]
    head = tag("h2", f"Depth {first.depth} %, {first.length:,} tokens")
    rows = ([t.key, t.said or "no number", _grade(t), t.reply.strip()] for t in trials)
    replies = table(["key", "said", "graded", "what was written"], rows, class_="trials")
    return tag("div", head, replies, class_="card", data_shown_by=_name(first), hidden=True)


def _grade(trial: Trial) -> Markup:
    words = "found" if trial.found else "another key" if trial.confused else "not found"
    return tag("span", words, class_="found" if trial.found else "not-found")


def setup() -> Markup:
    """Return how the trial is made, in words."""
    needle = NEEDLE.format(name="miller", key="71432").strip()
    question = QUESTION.format(name="miller").strip()
    return tag(
        "p",
        f"The hay is the shipped story of the ferry, over and over. The needle: “{needle}” Other "
        f"keys are of the same form, with other names. At the end stands “{question}”, and the "
        "model writes on.",
        class_="hint",
    )


def to_csv(found: Needles) -> str:
    """Return one row a trial."""
    heads = ("length", "depth", "key", "said", "found", "confused", "reply")
    rows = ((t.length, t.depth, t.key, t.said, t.found, t.confused, t.reply) for t in found.trials)
    return csv_text(heads, rows)


NEEDLES = Experiment(
    path="context/needle",
    title="Needle",
    idea=(
        "What is in the window is not therefore found. Hide a key in a long text and ask for it at "
        "the end: with another key beside it, a small model begins to mix them up."
    ),
    settings=NeedleSettings,
    function=run_needles,
    view=draw,
    action="Draw the map",
    tables={"needles.csv": to_csv},
    intro=setup(),
    empty="The map comes here, a cell for each depth and length.",
    small={"lengths": (160, 200), "depths": (50,)},
)
