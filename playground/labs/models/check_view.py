"""The answers as a table under the verdict, and the experiment's declaration."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.markup import table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.models.check import Check, CheckSettings, run_check
from playground.labs.models.check_parts import Finding

_CLASSES = {"ok": "passed", "failed": "failed", "not applicable": "unasked"}


def draw(check: Check) -> Markup:
    """Return the verdict, and below it each question with its answer."""
    words = check.verdict or check.progress.words
    verdict = tag("p", words, class_="verdict failed" if check.failed else "verdict")
    rows = table(("check", "verdict", "found"), map(_row, check.rows), class_="checks")
    return tag("section", tag("h2", check.title), verdict, rows, class_="card")


def _row(row: Finding) -> tuple[object, ...]:
    return tag("b", row.name), tag("span", row.verdict, class_=_CLASSES[row.verdict]), row.sentence


CHECK = Experiment(
    path="models/check",
    title="Check",
    idea="Whether the chosen model runs right here: its files, tokenizer, template and numbers.",
    settings=CheckSettings,
    function=run_check,
    view=draw,
    needs=Needs.CHOICE,
    action="Check it",
    empty="What was checked comes here, part by part.",
    small={"precisions": "fp32"},
)
