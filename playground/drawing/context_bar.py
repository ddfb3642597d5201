"""The context window as one stacked bar, in the rail and large in its lab."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.markup import join, tag
from playground.generation.fitting.outlook import Outlook
from playground.generation.fitting.window import ContextUsage

AMBER, RED = 0.75, 0.9
PARTS = ("system", "history", "prompt", "reserved", "free")
_MEANINGS = {
    "system": "the system prompt, and what the chat template adds",
    "history": "the messages before the newest",
    "prompt": "the newest message",
    "reserved": "kept for the reply",
    "free": "claimed by nobody",
}


def level(usage: ContextUsage) -> str:
    """Return how near the window is to overflow: "calm", "amber" from 75 %, "red" from 90 %."""
    if usage.filled >= RED:
        return "red"
    return "amber" if usage.filled >= AMBER else "calm"


def render_bar(usage: ContextUsage) -> Markup:
    """Return the bar alone; its numbers are its label."""
    counts = _counts(usage)
    # What does not fit is drawn beyond the window's end.
    whole = usage.window + usage.excess
    segments = (_segment(name, count) for name, count in counts.items() if count)
    said = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return tag(
        "div",
        *segments,
        tag("b", style=f"left:{100 * usage.window / whole:.3f}%") if usage.excess else None,
        class_=f"context-bar {level(usage)}",
        role="img",
        aria_label=f"Context window of {usage.window:,} tokens: {said}",
    )


def _segment(name: str, count: int) -> Markup:
    title = f"{name}: {count:,} tokens, {_MEANINGS[name]}"
    return tag("i", class_=name, style=f"flex-grow:{count}", title=title)


def render_parts(usage: ContextUsage) -> Markup:
    """Return the numbers of the bar, each beside its colour."""
    items = (
        tag(
            "span", tag("i", class_=name), f"{name} ", tag("b", f"{count:,}"), title=_MEANINGS[name]
        )
        for name, count in _counts(usage).items()
    )
    return tag("p", *items, class_=f"context-parts {level(usage)}")


def _counts(usage: ContextUsage) -> dict[str, int]:
    return {name: getattr(usage, name) for name in PARTS}


def render_outlook(outlook: Outlook | None) -> Markup:
    """Return the window of the next prompt, for the rail."""
    if outlook is None:
        return _label(tag("span", "once a model is loaded"), "meter-label")
    usage = outlook.usage
    numbers = tag("b", f"{usage.used:,} / {usage.window:,}")
    return join(
        (
            _label(numbers, f"meter-label {level(usage)}"),
            render_bar(usage),
            render_parts(usage),
            render_fate(outlook),
        )
    )


def _label(beside: Markup | None, classes: str) -> Markup:
    return tag("p", tag("span", "Context window"), beside, class_=classes)


def render_fate(outlook: Outlook) -> Markup:
    """Return one sentence on what would be left out of the next prompt, or nothing."""
    forecast = outlook.fit.forecast if outlook.fit else None
    words = outlook.refusal or forecast
    return tag("p", words, class_="context-fate") if words else Markup()


def render_context_problem(sentence: str) -> Markup:
    """Return what stands in the bar's place when it cannot be drawn."""
    problem = tag("p", sentence, class_="context-fate", role="alert")
    return _label(None, "meter-label") + problem
