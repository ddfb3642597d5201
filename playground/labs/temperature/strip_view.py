"""The strip: columns, where they part or how they differ, what they measure."""

from __future__ import annotations

import json

from markupsafe import Markup

from playground.drawing.markup import join, table, tag
from playground.labs.temperature.columns import Measures, Written, measure, parts_at
from playground.labs.temperature.strip import Strip
from playground.labs.temperature.strip_columns_view import draw_column
from playground.labs.temperature.token_data import MOST_OPENED

HEADS = (
    "column",
    "entropy, nats",
    "different tokens",
    "different pairs",
    "agrees",
    "parts at token",
    "tokens/s",
)
MEASURED = (
    "Entropy is the mean over the tokens, in nats, of the model's own distribution. Different "
    "tokens and pairs: the share that is no repeat (distinct-1 and distinct-2); low means that it "
    "goes round in circles. Agreement is with the first column, place by place. Speeds were "
    "measured while all columns ran together."
)
# Both are in the page; the style sheet shows the one that is chosen, with no server and no script.
_MARKS = {"parting": "Where they part", "difference": "Difference to the first"}
_OPENS = "Muted: the prompt, and what columns share. A ring: where one parts. Open any token: "
_BRANCHES = "what else could have come, and a branch from there."


def draw(strip: Strip) -> Markup:
    """Return all columns with both marks, and the table of their measures."""
    if not strip.written:
        return tag("p", "The columns come here, token by token.", class_="hint")
    columns = (draw_column(strip, each) for each in strip.written)
    return join(
        (
            _switch(strip) if strip.closed else None,
            tag(
                "div",
                *columns,
                class_="strip",
                tabindex="0",
                role="group",
                aria_label="Columns",
                data_seed=_seed(strip),
            ),
            _hint(strip) if strip.closed else None,
            _table(strip),
        )
    )


def _seed(strip: Strip) -> int | None:
    """Return the seed of the first sample, also where it was drawn; a branch keeps the others."""
    if strip.settings.seed is not None:
        return strip.settings.seed
    own = (each.column.settings.seed for each in strip.written if not each.begun)
    return min((seed for seed in own if seed is not None), default=None)


def _switch(strip: Strip) -> Markup:
    choices = (_mark(value, words) for value, words in _MARKS.items())
    return tag(
        "div",
        tag("p", tag("span", "Mark "), *choices, class_="marks", role="radiogroup"),
        _without(strip),
        class_="above-strip",
    )


def _mark(value: str, words: str) -> Markup:
    button = Markup('<input type="radio" name="strip-mark" value="{}"{}>').format(
        value, Markup(" checked") if value == "parting" else ""
    )
    return tag("label", button, " ", words)


def _without(strip: Strip) -> Markup | None:
    if strip.settings.branch is None:
        return None
    sets = {"branch": "", "seed": "" if _seed(strip) is None else str(_seed(strip))}
    return tag(
        "button",
        "Take the branch away",
        type="button",
        class_="small on-page",
        data_set=json.dumps(sets),
        data_run=True,
    )


def _hint(strip: Strip) -> Markup:
    opened = MOST_OPENED // len(strip.written)
    longest = max(len(each.reply.steps) for each in strip.written)
    most = f" The first {opened:,} tokens of a column can be opened." if longest > opened else None
    return tag("p", _OPENS, _BRANCHES, most, class_="hint")


def _table(strip: Strip) -> Markup:
    first = strip.written[0]
    rows = (
        _measures(each, measures, parts_at(each, first))
        for each in strip.written
        if (measures := measure(each, first))
    )
    return table(HEADS, rows, class_="stages measures-table") + tag("p", MEASURED, class_="hint")


def _measures(each: Written, measures: Measures, place: int | None) -> tuple[str, ...]:
    which = "branch" if each.begun else f"#{each.column.sample}"
    return (
        f"T {each.column.settings.temperature:g} {which}",
        f"{measures.mean_entropy_nats:.2f}",
        f"{measures.distinct_1:.0%}".replace("%", " %"),
        f"{measures.distinct_2:.0%}".replace("%", " %"),
        f"{measures.agreement:.0%}".replace("%", " %"),
        "never" if place is None else f"{place + 1:,}",
        f"{measures.tokens_per_second:.1f}",
    )
