"""The merges of a text as HTML: the stage that the lab's script steps through, and a table."""

from __future__ import annotations

import json

from markupsafe import Markup

from playground.drawing.markup import scrolled, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.tokens.own_text import OwnText
from playground.labs.tokens.steps import Steps, run_steps

EMPTY = "Write something above; its merges come here."
_HOW = (
    "The text is first cut into words, then pair after pair is joined: of all pairs that stand "
    "side by side the one that was learned first. Rank 1 was learned first of all."
)
_HEADS = ("step", "rank", "left", "right", "becomes")


def draw(steps: Steps) -> Markup:
    """Return the stage on which the script steps forth and back, and the table of all steps."""
    trace = steps.trace
    if not trace.text:
        return tag("p", EMPTY, class_="hint")
    cut = f" Only the first {len(trace.text):,} characters are followed here." if trace.cut else ""
    return tag(
        "div",
        tag("p", _HOW + cut, class_="hint"),
        _controls(len(trace.steps)),
        tag("p", class_="merge-says", aria_live="polite"),
        tag("div", class_="merge-stage"),
        _table(steps),
        class_="card merges",
        data_trace=json.dumps(steps.to_json()),
    )


def _controls(last: int) -> Markup:
    return tag(
        "div",
        _button("To the start", "first"),
        _button("Back", "back"),
        tag("input", type="range", min="0", max=last, value="0", aria_label="Step"),
        _button("Forward", "forth"),
        _button("To the end", "last"),
        class_="merge-controls",
        role="group",
        aria_label="Steps",
    )


def _button(words: str, go: str) -> Markup:
    return tag("button", words, type="button", class_="small", data_go=go)


def _table(steps: Steps) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in _HEADS)))
    rows = (_row(steps, number) for number in range(1, len(steps.trace.steps) + 1))
    table = tag("table", head, tag("tbody", *rows), class_="merge-table")
    summary = tag("summary", f"All {len(steps.trace.steps):,} merges")
    return tag("details", summary, scrolled(table))


def _row(steps: Steps, number: int) -> Markup:
    merge = steps.trace.steps[number - 1].merge
    pieces = (merge.left, merge.right, merge.left + merge.right)
    return tag(
        "tr",
        tag("td", number),
        tag("td", f"{merge.rank + 1:,}"),
        *(tag("th", steps.shown(piece)) for piece in pieces),
        data_step=number,
    )


STEPS = Experiment(
    path="tokens/steps",
    title="Step by step",
    idea=(
        "A tokenizer starts from single bytes and joins the pair of neighbours that it learned "
        "first, again and again, until no known pair is left."
    ),
    settings=OwnText,
    function=run_steps,
    view=draw,
    needs=Needs.FOLDER,
    action="",
    empty=EMPTY,
    small={"text": "lighthouse é"},
)
