"""The window of the next prompt as HTML: the bar large, and every message with its fate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from markupsafe import Markup, escape

from playground.drawing.context_bar import level, render_bar, render_fate, render_parts
from playground.drawing.left_out import Fate, fate_of, render_border, strike
from playground.drawing.markup import join, scrolled, tag
from playground.experiments.experiment import Experiment, Needs
from playground.generation.fitting.messages import find_first_turn
from playground.generation.fitting.outlook import Outlook
from playground.generation.fitting.prompt import Cut
from playground.generation.fitting.window import ContextUsage
from playground.labs.context.window import (
    TurnView,
    Window,
    WindowSettings,
    count_own,
    run_window,
)

# Rows drawn at most: the first few, which a policy may keep, and the newest.
FIRST_ROWS, LAST_ROWS = 10, 90
# Letters of a message shown at each of its ends, and beside a cut.
_ENDS = 120

_OWN = "its own system prompt where none is given or left, and the opening of the reply"
_WHO = {"system": "system", "user": "you", "assistant": "model"}


def draw(found: Window) -> Markup:
    """Return the bar and the messages."""
    outlook = found.outlook
    bar = tag(
        "div",
        tag("h2", _headline(outlook.usage)),
        render_bar(outlook.usage),
        render_parts(outlook.usage),
        render_fate(outlook),
        class_="card window-card",
    )
    return bar + tag("div", tag("h2", _whose(found)), _table(found.views, outlook), class_="card")


def _whose(found: Window) -> str:
    count = len(found.views) - 1
    whose = f"The conversation, {count:,} message{'' if count == 1 else 's'}"
    if found.example:
        whose = "An example conversation, because the chat is empty"
    return f"{whose}, and the message above"


def _headline(usage: ContextUsage) -> Markup:
    taken = min(usage.window, usage.used + usage.reserved)
    words = f"{taken:,} of {usage.window:,} tokens are taken, {100 * usage.filled:.0f} %"
    if usage.excess:
        words = f"{usage.excess:,} tokens too many for the window of {usage.window:,}"
    return tag("span", words, class_=level(usage))


def _table(views: Sequence[TurnView], outlook: Outlook) -> Markup:
    heads = (tag("th", name, scope="col") for name in ("who", "tokens", "message"))
    rows = (
        _plain_row("template", count_own(views, outlook), _OWN),
        *_rows(views, outlook),
        _plain_row("reply", outlook.usage.reserved, "reserved"),
    )
    head = tag("thead", tag("tr", *heads))
    return scrolled(tag("table", head, tag("tbody", *rows), class_="turns"))


def _rows(views: Sequence[TurnView], outlook: Outlook) -> Iterator[Markup]:
    first_turn = find_first_turn([view.message for view in views])
    drawn, newest = _drawn(len(views)), len(views) - 1
    for place, view in enumerate(views):
        if place in drawn:
            yield from _row(view, fate_of(outlook.fit, place - first_turn), place == newest)
        elif place - 1 in drawn:
            yield _wide_row("rest", f"{len(views) - len(drawn):,} more are not drawn here")


def _drawn(count: int) -> set[int]:
    if count <= FIRST_ROWS + LAST_ROWS:
        return set(range(count))
    return {*range(FIRST_ROWS), *range(count - LAST_ROWS, count)}


def _row(view: TurnView, fate: Fate, newest: bool) -> Iterator[Markup]:
    """Return a message, and before it the line at which the window begins, if it does there."""
    if border := render_border(fate):
        yield _wide_row("border", border)
    content, shown = _excerpt(view.message.content, fate)
    text = strike(content, shown) or tag("span", "nothing yet", class_="muted")
    state, tokens = _state(view)
    yield tag(
        "tr",
        tag("th", "you, next" if newest else _WHO[view.message.role], state, scope="row"),
        tag("td", tokens),
        tag("td", text, class_="text"),
        class_="gone" if view.dropped else None,
    )


def _state(view: TurnView) -> tuple[Markup | None, Markup]:
    """Return what became of a message in a word, and its tokens."""
    tokens = f"{view.tokens:,}"
    if view.dropped:
        return tag("small", "left out"), tag("s", tokens)
    if view.cut:
        return tag("small", "cut"), join((f"{view.kept_tokens:,}", tag("small", f"of {tokens}")))
    return None, escape(tokens)


def _plain_row(who: str, tokens: int, words: str) -> Markup:
    return tag(
        "tr",
        tag("th", who, scope="row"),
        tag("td", f"{tokens:,}"),
        tag("td", words, class_="text"),
        class_="plain",
    )


def _wide_row(kind: str, words: object) -> Markup:
    return tag("tr", tag("td", words, colspan=3, class_="wide"), class_=kind)


def _excerpt(content: str, fate: Fate) -> tuple[str, Fate]:
    """Return a message short enough to be read in a row, and its fate to match."""
    if fate.cut is None:
        return _ends(content), fate
    end = len(content) - fate.cut.tail
    parts = content[: fate.cut.head], content[fate.cut.head : end], content[end:]
    head, gone, tail = (_ends(part) for part in parts)
    return head + gone + tail, replace(fate, cut=Cut(0, len(head), len(tail), fate.cut.tokens))


def _ends(text: str) -> str:
    if len(text) <= 2 * _ENDS:
        return text
    return f"{text[:_ENDS]} … {text[-_ENDS:]}"


WINDOW = Experiment(
    path="context/window",
    title="Window",
    idea=(
        "This is what the model would be given if you sent the next message now. Make the window "
        "smaller and watch what falls out. No model runs: its tokenizer counts."
    ),
    settings=WindowSettings,
    function=run_window,
    view=draw,
    needs=Needs.FOLDER,
    action="",
    empty="Counting the tokens of your chat…",
    small={"window": 128},
)
