"""A text with what was found in it marked where it stands; finds may lie over one another."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise

from markupsafe import Markup

from playground.drawing.marks import legible
from playground.drawing.markup import tag
from playground.moderation.verdict import Action, Match, strictest

ACTION_WORDS = {
    Action.ALLOW: "allowed",
    Action.REVIEW: "to be looked at",
    Action.REDACT: "redacted",
    Action.BLOCK: "blocked",
}


def marked_text(given: str, matches: Sequence[Match]) -> Markup:
    """Return a text whose stretches say which rules found them.

    Parameters
    ----------
    given : str
        The text.
    matches : sequence of Match
        Their spans may lie over one another.
    """
    return tag("p", *_stretches(given, matches), class_="marked", dir="auto")


def _stretches(given: str, matches: Sequence[Match]) -> Iterator[object]:
    waiting = deque(sorted(matches, key=lambda each: each.start))
    edges = {0, len(given)}
    edges.update(edge for each in matches for edge in (each.start, each.end))
    covering: list[Match] = []
    for start, end in pairwise(sorted(edges)):
        covering = [each for each in covering if each.end > start]
        while waiting and waiting[0].start <= start:
            covering.append(waiting.popleft())
        text = legible(given[start:end])
        yield _mark(text, covering) if covering else text


def _mark(text: str, covering: Sequence[Match]) -> Markup:
    action = strictest(each.action for each in covering)
    title = "; ".join(f"{each.rule} ({each.stage}, {each.view})" for each in covering)
    return tag("mark", text, class_=f"action-{action.value}", title=title)


def action_word(action: Action) -> Markup:
    """Return what is to be done, in a word and with its colour."""
    return tag("b", ACTION_WORDS[action], class_=f"action-word action-{action.value}")
