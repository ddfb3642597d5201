"""The window of the next prompt as HTML: the bar large, and every message with its fate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from playground.drawing.context_bar import level, render_bar, render_fate, render_parts
from playground.drawing.left_out import Fate, fate_of, render_border, strike
from playground.generation.fitting.outlook import Outlook
from playground.generation.fitting.prompt import Cut
from playground.generation.fitting.window import ContextUsage
from playground.labs.context.window import TurnView, count_own

# Rows drawn at most: the first few, which a policy may keep, and the newest.
FIRST_ROWS, LAST_ROWS = 10, 90
# Letters of a message shown at each of its ends, and beside a cut.
_ENDS = 120

_WHO = {"system": "system", "user": "you", "assistant": "model"}


def render_window(views: Sequence[TurnView], outlook: Outlook, example: bool) -> str:
    """Return the bar and the messages.

    Parameters
    ----------
    views : sequence of TurnView
        The messages, the next one last.
    outlook : Outlook
        What would become of them.
    example : bool
        Whether they are the example, because the chat is empty.
    """
    whose = (
        "An example conversation, because your chat is empty"
        if example
        else f"Your chat, {len(views) - 1:,} messages"
    )
    return (
        f'<div class="card window-card"><h2>{_headline(outlook.usage)}</h2>'
        f"{render_bar(outlook.usage)}{render_parts(outlook.usage)}{render_fate(outlook)}</div>"
        f'<div class="card"><h2>{whose}, and the message above</h2>{_table(views, outlook)}</div>'
    )


def _headline(usage: ContextUsage) -> str:
    taken = min(usage.window, usage.used + usage.reserved)
    words = f"{taken:,} of {usage.window:,} tokens are taken, {100 * usage.filled:.0f} %"
    if usage.excess:
        words = f"{usage.excess:,} tokens too many for the window of {usage.window:,}"
    return f'<span class="{level(usage)}">{words}</span>'


def _table(views: Sequence[TurnView], outlook: Outlook) -> str:
    own = count_own(views, outlook)
    first_turn = 1 if len(views) > 1 and views[0].message.role == "system" else 0
    rows = [
        _plain_row(
            "template",
            own,
            "its own system prompt where none is given or left, and the opening of the reply",
        )
    ]
    drawn = _drawn(len(views))
    for place, view in enumerate(views):
        if place in drawn:
            rows.append(
                _row(view, fate_of(outlook.fit, place - first_turn), place == len(views) - 1)
            )
        elif place - 1 in drawn:
            gone = len(views) - len(drawn)
            rows.append(
                f'<tr><td colspan="3" class="rest">{gone:,} more are not drawn here</td></tr>'
            )
    rows.append(_plain_row("reply", outlook.usage.reserved, "reserved"))
    return (
        '<div class="scroll"><table class="turns"><thead><tr><th scope="col">who</th>'
        '<th scope="col">tokens</th><th scope="col">message</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _drawn(count: int) -> set[int]:
    if count <= FIRST_ROWS + LAST_ROWS:
        return set(range(count))
    return {*range(FIRST_ROWS), *range(count - LAST_ROWS, count)}


def _row(view: TurnView, fate: Fate, newest: bool) -> str:
    who = "you, next" if newest else _WHO[view.message.role]
    if view.dropped:
        state, tokens = "left out", f"<s>{view.tokens:,}</s>"
    elif view.cut:
        state, tokens = "cut", f"{view.kept_tokens:,}<small>of {view.tokens:,}</small>"
    else:
        state, tokens = "", f"{view.tokens:,}"
    label = f" <small>{state}</small>" if state else ""
    line = render_border(fate)
    border = f'<tr class="border"><td colspan="3">{line}</td></tr>' if line else ""
    content, shown = _excerpt(view.message.content, fate)
    text = strike(content, shown) or '<span class="muted">nothing yet</span>'
    return (
        f'{border}<tr class="{"gone" if view.dropped else ""}"><th scope="row">{who}{label}</th>'
        f'<td>{tokens}</td><td class="text">{text}</td></tr>'
    )


def _plain_row(who: str, tokens: int, words: str) -> str:
    return (
        f'<tr class="plain"><th scope="row">{who}</th><td>{tokens:,}</td>'
        f'<td class="text">{words}</td></tr>'
    )


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
