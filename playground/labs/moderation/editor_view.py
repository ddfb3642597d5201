"""How a policy's examples went, those that went wrong first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files

from markupsafe import Markup

from playground.drawing.files import csv_text
from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.moderation.counts_view import confusion
from playground.labs.moderation.editor import (
    EXAMPLE,
    MAX_POLICY,
    Edited,
    EditorSettings,
    Tried,
    run_editor,
)
from playground.labs.moderation.marked_text import action_word, marked_text
from playground.moderation.verdict import strictest

_EMPTY = "The policy's examples come here, with what its rules find in them."
_UNTRIED = (
    "{:,} more examples were not tried: the rules need too long. Look for a pattern in which one "
    "repetition stands inside another."
)
SHOWN = 200


def draw(edited: Edited) -> Markup:
    """Return the counts, the sentence to try, and every example."""
    return join((_opened(), _sums(edited), _own(edited), _examples(edited.tried)))


def _opened() -> Markup:
    """Return buttons that put a shipped policy into the form."""
    folder = files("playground.data").joinpath("moderation").joinpath("policies")
    shipped = sorted(each.name for each in folder.iterdir() if each.name.endswith(".yaml"))
    texts = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in shipped}
    texts = {"the small example": EXAMPLE, **texts}
    buttons = (
        tag("button", name, type="button", class_="small", data_set=json.dumps({"policy": text}))
        for name, text in texts.items()
        if len(text) <= MAX_POLICY
    )
    return tag("p", "Open ", join(buttons, " "), class_="hint on-page")


def _sums(edited: Edited) -> Markup:
    right = sum(each.right for each in edited.tried)
    rules = len(edited.policy.rules)
    said = (
        tag("b", f"{right} of {len(edited.tried)}"),
        f" examples go as the policy says; it has {rules} {'rule' if rules == 1 else 'rules'}.",
    )
    if not edited.tried and not edited.untried:
        said = (tag("b", "No examples."), " A rule without any says nothing of what it is to find.")
    return tag(
        "div",
        tag("h2", edited.policy.title),
        tag("p", *said),
        tag("p", _UNTRIED.format(edited.untried), class_="lesson") if edited.untried else None,
        confusion(edited.counts),
        class_="card",
    )


def _own(edited: Edited) -> Markup | None:
    text = edited.settings.text
    if not text:
        return None
    action = strictest(each.action for each in edited.own)
    rules = ", ".join(dict.fromkeys(each.rule for each in edited.own)) or "no rule"
    return tag(
        "div",
        tag("p", "Your sentence: ", action_word(action), f" by {rules}.", class_="sums"),
        marked_text(text, edited.own),
        class_="card",
    )


def _examples(tried: Sequence[Tried]) -> Markup | None:
    if not tried:
        return None
    ordered = sorted(tried, key=lambda each: each.right)
    rows = (
        [
            tag("span", _outcome(each), class_=None if each.right else "wrong"),
            marked_text(each.text, each.matches),
            "should match" if each.meant else "should pass",
            each.rule,
        ]
        for each in ordered[:SHOWN]
    )
    left = len(tried) - SHOWN
    return tag(
        "div",
        tag("h2", "Example by example"),
        table(("result", "sentence", "an example that", "of the rule"), rows, class_="plain"),
        tag("p", f"{left:,} more stand in the export.", class_="hint") if left > 0 else None,
    )


def _outcome(tried: Tried) -> str:
    outcome = "matches" if tried.found else "passes"
    return outcome if tried.right else f"✗ {outcome}"


def to_csv(edited: Edited) -> str:
    """Return one line an example."""
    heads = ("rule", "should_match", "matched", "by", "text")
    rows = (
        (each.rule, each.meant, each.found, " | ".join(m.rule for m in each.matches), each.text)
        for each in edited.tried
    )
    return csv_text(heads, rows)


EDITOR = Experiment(
    path="moderation/editor",
    title="Policy editor",
    idea=(
        "A policy is a text that a teacher can write: what is meant, what is not, and examples of "
        "both that are its tests. The first one below has a gap: close it."
    ),
    settings=EditorSettings,
    function=run_editor,
    view=draw,
    needs=Needs.NOTHING,
    action="",
    tables={"examples.csv": to_csv},
    empty=_EMPTY,
    small={"text": "Give me the answers of the exam."},
)
