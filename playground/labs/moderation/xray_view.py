"""The text with its finds, the verdict and why, each reading, each stage, each category."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from playground.drawing.files import csv_text
from playground.drawing.marks import legible
from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.moderation.examining import Examined
from playground.labs.moderation.marked_text import action_word, marked_text
from playground.labs.moderation.xray import XRay, XRaySettings, run_xray
from playground.moderation.backwards import BACKWARDS, BACKWARDS_WORDS
from playground.moderation.canonical import CANONICAL
from playground.moderation.classifier import CATEGORY
from playground.moderation.decoded import DECODED
from playground.moderation.letters import LETTERS
from playground.moderation.rot13 import ROT13
from playground.moderation.verdict import Match
from playground.moderation.view import AS_WRITTEN

EMPTY = "Write something above; what each stage says of it comes here."
WAITING = "This is what the other stages say: the classifier is being loaded, once."
SCORED = "A rule matches or does not, so its score is 1; only the classifier says how likely it is."
UNDONE = {
    AS_WRITTEN: "The text as it came.",
    CANONICAL: "Look-alikes, odd and invisible characters made plain.",
    LETTERS: "Digits for letters, accents, and words in pieces made whole.",
    DECODED: "What was encoded, decoded where it stands.",
    BACKWARDS: "What is spelt backwards read from its end.",
    BACKWARDS_WORDS: "Each word read from its end.",
    ROT13: "Words turned by 13 letters turned back.",
}
"""What each reading has undone."""

SHOWN_OF_A_VIEW = 2_000
SHOWN_FINDS = 200
_INSIDE = "Within these the same rules found {:,} more; the export has all."


def draw(xray: XRay) -> Markup:
    """Return the verdict first, then what led to it."""
    examined = xray.examined
    if not examined.given:
        return tag("p", EMPTY, class_="hint")
    return join(
        (
            *(tag("p", each, class_="lesson") for each in xray.refused),
            tag("p", WAITING, class_="hint") if xray.waiting else None,
            _verdict(examined),
            _finds(examined),
            _categories(xray),
            _stages(examined),
            _views(examined),
        )
    )


def _verdict(examined: Examined) -> Markup:
    return tag(
        "div",
        tag("p", action_word(examined.verdict.action), " ", why(examined), class_="sums"),
        marked_text(examined.given, examined.matches),
        class_="card",
    )


def why(examined: Examined) -> str:
    """Return in a sentence which find decides, or why nothing does."""
    first = examined.decisive
    if first:
        return (
            f"The stage “{first.stage}” found “{legible(first.text)}” by the rule {first.rule} "
            f"({first.category}), in the reading “{first.view}”. {first.reason}".rstrip()
        )
    if examined.matches:
        return "What was found asks for nothing to be done."
    readings = len(examined.views)
    words = f"in any of {readings} readings" if readings > 1 else "in it"
    return f"None of {len(examined.stages)} stages found anything {words}."


def _finds(examined: Examined) -> Markup | None:
    widest = _widest(examined.matches)
    if not widest:
        return None
    rows = (
        [
            tag("span", legible(each.text), class_="found marked"),
            action_word(each.action),
            tag("span", each.rule, tag("small", each.category), class_="rule"),
            each.stage,
            each.view,
            tag("span", f"{each.start:,} to {each.end:,}", class_="place"),
            f"{each.score:.2f}",
        ]
        for each in widest[:SHOWN_FINDS]
    )
    left = len(widest) - SHOWN_FINDS
    within = len(examined.matches) - len(widest)
    heads = ("text", "it is", "rule and category", "stage", "reading", "place", "score")
    return tag(
        "div",
        tag("h2", "What was found"),
        table(heads, rows, class_="plain"),
        tag("p", f"{left:,} more stand in the export.", class_="hint") if left > 0 else None,
        tag("p", _INSIDE.format(within), class_="hint") if within else None,
    )


def _widest(matches: Sequence[Match]) -> list[Match]:
    """Return the finds without those of which the same rule has a longer one around them.

    Parameters
    ----------
    matches : sequence of Match
        In the order of their places, of equal ones the longest first.
    """
    reached: dict[tuple[str, str], int] = {}
    widest = []
    for each in matches:
        rule = (each.stage, each.rule)
        if each.end > reached.get(rule, 0):
            widest.append(each)
            reached[rule] = each.end
    return widest


def _categories(xray: XRay) -> Markup | None:
    scores = xray.examined.verdict.to_json()["category_scores"]
    if not scores:
        return None
    asked = xray.settings.classifier and not xray.waiting
    thresholds = _thresholds(xray.settings) if asked else {}
    ordered = sorted(scores.items(), key=lambda each: -each[1])
    bars = (_bar(name, score, thresholds.get(name, ())) for name, score in ordered)
    note = "A line in a bar: from there on the sentence is to be looked at, or blocked. "
    return tag(
        "div",
        tag("h2", "Categories"),
        tag("ol", *bars, class_="category-bars"),
        tag("p", f"{note if thresholds else ''}{SCORED}", class_="hint"),
        class_="card",
    )


def _thresholds(settings: XRaySettings) -> dict[str, tuple[float, float]]:
    return {CATEGORY: (settings.review, settings.block)}


def _bar(name: str, score: float, thresholds: Sequence[float]) -> Markup:
    ticks = (
        tag("b", style=f"left:{100 * each:.1f}%", title=f"threshold {each:.2f}")
        for each in thresholds
    )
    track = (tag("i", style=f"width:{100 * score:.1f}%"), *ticks)
    return tag(
        "li",
        tag("span", name, class_="name"),
        tag("span", *track, class_="track"),
        tag("span", f"{score:.2f}", class_="value"),
        class_="over" if score >= min(thresholds, default=1) else None,
    )


def _stages(examined: Examined) -> Markup:
    ways = len(examined.views)
    read = f"Read it in {ways} ways." if ways > 1 else "Nothing in it is disguised."
    reading = ["readings", read, _took(examined)]
    rows = ([each.name, each.said, f"{each.milliseconds:.2f}"] for each in examined.stages)
    total = ["together", "", f"{examined.milliseconds:.2f}"]
    heads = ("stage", "what it says", "ms")
    return tag(
        "div",
        tag("h2", "Stage by stage"),
        table(heads, (reading, *rows, total), class_="plain times"),
    )


def _took(examined: Examined) -> str:
    return f"{examined.reading_milliseconds:.2f}"


def _views(examined: Examined) -> Markup:
    columns = (
        tag(
            "div",
            tag("h3", each.name),
            tag("p", UNDONE.get(each.name, ""), class_="hint"),
            tag("p", _cut(each.text), class_="written", dir="auto"),
            class_="strip-column",
        )
        for each in examined.views
    )
    return tag(
        "div",
        tag("h2", "How it was read"),
        tag("div", *columns, class_="strip", tabindex=0, role="group", aria_label="Readings"),
    )


def _cut(text: str) -> str:
    shown = legible(text[:SHOWN_OF_A_VIEW])
    left = len(text) - SHOWN_OF_A_VIEW
    return f"{shown} … and {left:,} characters more" if left > 0 else shown


def to_csv(xray: XRay) -> str:
    """Return one line a find."""
    heads = ("rule", "category", "stage", "action", "score", "view", "start", "end", "text")
    found = [each.to_json() for each in xray.examined.matches]
    return csv_text(heads, ([each[head] for head in heads] for each in found))


XRAY = Experiment(
    path="moderation/xray",
    title="X-ray",
    idea=(
        "A filter is a row of stages, and each can say what it saw and where. Write a text and "
        "see which stage stops it, in which reading, or why it passes."
    ),
    settings=XRaySettings,
    function=run_xray,
    view=draw,
    needs=Needs.NOTHING,
    action="",
    tables={"xray.csv": to_csv},
    empty=EMPTY,
    small={"text": "A call to +1 650 253 0000."},
)
