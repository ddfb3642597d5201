"""The small model's judgement beside the rail's, with what each costs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from markupsafe import Markup

from playground.drawing.files import csv_text
from playground.drawing.marks import percent
from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment
from playground.labs.moderation.counts_view import confusion, share
from playground.labs.moderation.judge import Judged, JudgeSettings, Judging, run_judge

_EMPTY = "Each sentence comes here with both opinions."
_CAUTION = (
    "The sentences are examples of the shipped policies, their near misses and the traps. The "
    "rail was written with them at hand, so its figures here are no measure of it; those on "
    "sentences that it never saw stand in the documentation. The model saw none of them."
)
_LETTERS = (
    "“Yes, as A”: how likely the model says that it is to be stopped, where A means yes; above "
    "50 % it stops it. Then the same where B means yes. ✗ is wrong."
)


def draw(judging: Judging) -> Markup:
    """Return the figures of both, then every sentence."""
    if not judging.judged:
        return tag("p", _EMPTY, class_="hint")
    return join(
        (
            tag("div", _judge(judging), _rail(judging), class_="twins"),
            tag("p", _CAUTION, class_="lesson"),
            _sentences(judging.judged),
        )
    )


def _judge(judging: Judging) -> Markup:
    took = median(each.judge_milliseconds for each in judging.judged)
    same = f"{judging.same_letter} of {len(judging.judged)}"
    return tag(
        "section",
        tag("h2", "The model as a judge"),
        confusion(judging.judge_counts),
        tag("p", _ranked(judging)),
        tag("p", tag("b", same), " times it gives the same letter whether A means yes or no."),
        tag("p", f"{took:,.0f} ms for a sentence, asked both ways.", class_="hint"),
        class_="card",
    )


def _ranked(judging: Judging) -> str:
    ranking = judging.ranking
    if ranking.auroc is None:
        return ranking.why_not or ""
    interval = f"95 % interval {share(ranking.low)} to {share(ranking.high)}"
    return f"AUROC {ranking.auroc:.2f} ({interval}); 0.5 is guessing."


def _rail(judging: Judging) -> Markup:
    took = median(each.examined.milliseconds for each in judging.judged)
    return tag(
        "section",
        tag("h2", "The rail"),
        confusion(judging.rail_counts),
        tag("p", "It can name a rule and a place; it knows only what its rules say."),
        tag("p", f"{took:,.2f} ms for a sentence.", class_="hint"),
        class_="card",
    )


def _sentences(judged: Sequence[Judged]) -> Markup:
    rows = (
        [
            tag("p", each.sentence.text, class_="marked", dir="auto"),
            tag("span", "be stopped" if each.sentence.meant else "pass", class_="place"),
            _opinion(each.refuses, each.sentence.meant),
            percent(each.yes[0]),
            percent(each.yes[1]),
            _opinion(each.stopped, each.sentence.meant),
        ]
        for each in judged
    )
    heads = ("sentence", "it should", "judge", "yes, as A", "yes, as B", "rail")
    return tag(
        "div",
        tag("h2", "Sentence by sentence"),
        tag("p", _LETTERS, class_="hint"),
        table(heads, rows, class_="plain"),
    )


def _opinion(stops: bool, meant: bool) -> Markup:
    word = "stops" if stops else "lets pass"
    right = stops == meant
    return tag("span", word if right else f"✗ {word}", class_="place" if right else "wrong")


def to_csv(judging: Judging) -> str:
    """Return one line a sentence."""
    heads = (
        "text",
        "should_stop",
        "judge_refuses",
        "yes_named_first",
        "no_named_first",
        "rail_stops",
    )
    found = [each.to_json() for each in judging.judged]
    return csv_text(heads, ([each[head] for head in heads] for each in found))


JUDGE = Experiment(
    path="moderation/judge",
    title="Judge",
    idea=(
        "Why not ask the model itself? A small one's answer hangs on which letter means yes: see "
        "its numbers beside the rail's."
    ),
    settings=JudgeSettings,
    function=run_judge,
    view=draw,
    action="Ask it",
    tables={"judge.csv": to_csv},
    empty=_EMPTY,
    small={"sentences": 1},
)
