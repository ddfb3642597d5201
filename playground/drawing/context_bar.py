"""The context window as one stacked bar, in the rail and large in its lab."""

from __future__ import annotations

from html import escape

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


def render_bar(usage: ContextUsage) -> str:
    """Return the bar alone; its numbers are its label."""
    counts = _counts(usage)
    # What does not fit is drawn beyond the window's end.
    whole = usage.window + usage.excess
    segments = "".join(
        f'<i class="{name}" style="flex-grow:{count}" '
        f'title="{name}: {count:,} tokens, {_MEANINGS[name]}"></i>'
        for name, count in counts.items()
        if count
    )
    said = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    edge = f'<b style="left:{100 * usage.window / whole:.3f}%"></b>' if usage.excess else ""
    return (
        f'<div class="context-bar {level(usage)}" role="img" aria-label="Context window of '
        f'{usage.window:,} tokens: {said}">{segments}{edge}</div>'
    )


def render_parts(usage: ContextUsage) -> str:
    """Return the numbers of the bar, each beside its colour."""
    items = "".join(
        f'<span title="{_MEANINGS[name]}"><i class="{name}"></i>{name} <b>{count:,}</b></span>'
        for name, count in _counts(usage).items()
    )
    return f'<p class="context-parts {level(usage)}">{items}</p>'


def _counts(usage: ContextUsage) -> dict[str, int]:
    return {name: getattr(usage, name) for name in PARTS}


def render_outlook(outlook: Outlook | None) -> str:
    """Return the window of the next prompt, for the rail."""
    if outlook is None:
        return (
            '<p class="meter-label"><span>Context window</span>'
            "<span>once a model is loaded</span></p>"
        )
    usage = outlook.usage
    return (
        f'<p class="meter-label {level(usage)}"><span>Context window</span>'
        f"<b>{usage.used:,} / {usage.window:,}</b></p>"
        f"{render_bar(usage)}{render_parts(usage)}{render_fate(outlook)}"
    )


def render_fate(outlook: Outlook) -> str:
    """Return one sentence on what would be left out of the next prompt, or nothing."""
    if outlook.refusal:
        return f'<p class="context-fate">{escape(outlook.refusal)}</p>'
    notice = outlook.fit.forecast if outlook.fit else None
    return f'<p class="context-fate">{escape(notice)}</p>' if notice else ""


def render_context_problem(error: Exception) -> str:
    """Return what stands in the bar's place when it cannot be drawn."""
    return (
        '<p class="meter-label"><span>Context window</span></p>'
        f'<p class="context-fate" role="alert">{escape(str(error))}</p>'
    )
