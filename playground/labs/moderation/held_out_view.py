"""What the classifier is worth on sentences that it never saw, beside two rivals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from playground.data import classifier_figures
from playground.drawing.markup import table, tag

_HEADS = ("who judges", "AUROC", "precision", "recall", "false alarms")
# Who is judged, and at which of its thresholds; both as the file of figures spells them.
_JUDGED = (
    ("classifier", "review", "classifier, for review"),
    ("classifier", "block", "classifier, blocked"),
    ("own word lists", "any word", "the rail's own word lists"),
    ("word list", "any word", "LDNOOBW, a list of 403 rude words"),
    ("alt-profanity-check", "at 0.5", "alt-profanity-check, from 0.5"),
)


def held_out() -> Markup:
    """Return the figures that ship, folded in."""
    figures = classifier_figures()
    test = figures["test"]
    rows = [_row(test[who], test[who][at], label) for who, at, label in _JUDGED]
    first = f"AUROC {_spread(test['classifier']['auroc'])}"
    return tag(
        "details",
        tag("summary", f"On sentences that the classifier never saw: {first}"),
        table(_HEADS, rows, class_="plain"),
        tag("p", _about(figures), class_="hint"),
        tag("p", _MEANING, class_="hint"),
        class_="card",
    )


_MEANING = (
    "In brackets: 95 % intervals. It misses more than half of what asks for harm, and seldom stops "
    "the innocent: that is where its threshold was put. It is one stage of several. HarmBench "
    "asks in polite words, which lists and alt-profanity-check, made for rude ones, cannot see."
)


def _row(who: dict[str, Any], at: dict[str, Any], label: str) -> list[str]:
    parts = (_spread(at[name]) for name in ("precision", "recall"))
    return [label, _spread(who["auroc"]), *parts, _spread(at["false_alarms"], 100, " %")]


def _spread(found: Sequence[float], by: float = 1, unit: str = "") -> str:
    value, low, high = (f"{by * each:.{2 if by == 1 else 1}f}" for each in found)
    return f"{value}{unit} ({low} to {high})"


def _about(figures: dict[str, Any]) -> str:
    test, everyday = figures["test"], figures["everyday"]
    marked = _spread(everyday["flagged"]["classifier, review or block"], 100, " %")
    return (
        f"{test['harmful']} sentences of HarmBench's test part, {test['harmless']:,} harmless ones "
        "of four sources, none of them fitted on. Of "
        f"{everyday['n']:,} everyday questions ({everyday['source']}) it marks {marked}."
    )
