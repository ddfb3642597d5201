"""What fell out of the context window, struck through and said in words; all text escaped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup, escape

from playground.drawing.markup import join, tag
from playground.generation.fitting.prompt import Cut, Fit


@dataclass(frozen=True)
class Fate:
    """What became of one message.

    Parameters
    ----------
    dropped : bool
        Whether it was left out.
    cut : Cut or None
        What was taken out of it.
    border : str or None
        What to say on a line before it: here the window begins, or goes on.
    """

    dropped: bool = False
    cut: Cut | None = None
    border: str | None = None


def fate_of(fit: Fit | None, turn: int) -> Fate:
    """Return what became of a turn, named by its place without the system message."""
    if fit is None:
        return Fate()
    place = turn + fit.first_turn
    dropped = place in fit.dropped
    cut = fit.cut if fit.cut and fit.cut.message == place else None
    kept_after = not dropped and place - 1 in fit.dropped
    return Fate(dropped, cut, _border(fit, turn) if kept_after else None)


def _border(fit: Fit, turn: int) -> str:
    if not fit.dropped_turns:
        return "The system prompt fell out; the window begins here"
    begins = len(fit.dropped_turns) == turn
    words = "The window begins here" if begins else "The window goes on here"
    return f"{words}; the system prompt fell out too" if fit.system_dropped else words


def render_border(fate: Fate) -> Markup:
    """Return the line at which the window begins, or nothing."""
    if fate.border is None:
        return Markup()
    return tag("p", tag("span", fate.border), class_="window-border")


def render_label(fate: Fate) -> Markup:
    """Return the words that say what became of a message, or nothing."""
    if fate.dropped:
        return tag("p", "Fell out of the window: the model does not see this.", class_="fell")
    if fate.cut is None:
        return Markup()
    where = "middle" if fate.cut.head else "beginning"
    words = f"Its {where} fell out of the window ({fate.cut.tokens:,} tokens)."
    return tag("p", words, class_="fell")


def strike(content: str, fate: Fate, draw: Callable[[str], Markup] = escape) -> Markup:
    """Return a message's text, with what the model does not see struck through.

    Parameters
    ----------
    content : str
        The whole message.
    fate : Fate
        What became of it.
    draw : callable
        Turns text into HTML, and escapes it.
    """
    if fate.dropped:
        return tag("del", draw(content))
    if fate.cut is None:
        return draw(content)
    end = len(content) - fate.cut.tail
    head, gone, tail = content[: fate.cut.head], content[fate.cut.head : end], content[end:]
    return join((draw(head) if head else None, tag("del", draw(gone)), draw(tail)))
