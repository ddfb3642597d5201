"""What a context costs, as HTML: bytes of the cache, time against length, and the arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from markupsafe import Markup

from playground.drawing.markup import scrolled, table, tag
from playground.experiments.experiment import Experiment
from playground.labs.context.arithmetic import Curve, Point, Widths, count_products, fit_curve
from playground.labs.context.cost import CacheSize, Cost, CostSettings, Reading, run_cost
from playground.labs.context.cost_chart import products_chart, time_chart
from playground.sizes import in_millions

# A curve through two points says nothing.
_FEWEST = 4
_HEADS = ("tokens", "s, measured", "s, fitted", "tokens/s", "cache held, MB", "set aside, MB")


def draw(cost: Cost) -> Markup:
    """Return the bytes of the cache, and the times as far as they have been measured."""
    return _cache(cost.size) + _reading(cost.reading, cost.widths)


def _cache(size: CacheSize) -> Markup:
    """Return the bytes of the cache: of one token, of a conversation, of the whole window."""
    most = max(size.whole_bytes, size.weight_bytes)
    rows = (_cache_row(name, how, count, most) for name, how, count in _weights(size))
    times = size.whole_bytes / size.weight_bytes
    return tag(
        "div",
        tag("h2", "The KV cache"),
        scrolled(tag("table", tag("tbody", *rows), class_="cost")),
        tag(
            "p",
            "Keys and values of every token, in every layer, kept so that they are computed once. "
            "One token was run and its arrays were measured: ",
            tag("b", f"{size.token_bytes:,} bytes"),
            f". A full window takes {times:.2f} times the bytes of the weights.",
            class_="hint",
        ),
        class_="card",
    )


def _weights(size: CacheSize) -> Iterator[tuple[str, str, int]]:
    """Yield what is weighed, how its bytes are known, and the bytes."""
    yield "one token", "measured", size.token_bytes
    if (tokens := size.conversation_tokens) is not None:
        yield f"the conversation, {tokens:,} tokens", "computed", tokens * size.token_bytes
    yield f"the whole window, {size.context_length:,} tokens", "computed", size.whole_bytes
    yield "the model's weights", "computed", size.weight_bytes


def _cache_row(name: str, how: str, count: int, most: int) -> Markup:
    bar = tag("i", tag("i", style=f"width:{100 * count / most:.2f}%"), class_="track")
    return tag(
        "tr",
        tag("th", name, tag("small", how), scope="row"),
        tag("td", _size(count)),
        tag("td", bar, class_="wide"),
    )


def _size(count: float) -> str:
    return f"{count:,.0f} bytes" if count < 1e6 else f"{count / 1e6:,.1f} MB"


def _reading(reading: Reading, widths: Widths | None) -> Markup:
    """Return time against length with its curve, a table, and the arithmetic beside it."""
    points = reading.points
    if len(points) < _FEWEST:
        return tag("p", _EMPTY, class_="hint")
    curve = fit_curve(points)
    measured = tag(
        "div",
        tag("h2", "Time to read a prompt ", tag("span", "measured", class_="muted")),
        time_chart(points, curve),
        _words(points, curve),
        _table(points, curve),
        tag("p", _how(reading), class_="hint"),
        class_="card",
    )
    return measured + _arithmetic(points[-1].tokens, widths)


_EMPTY = "The curve of the times comes here after the first few pieces."


def _words(points: Sequence[Point], curve: Curve) -> Markup:
    last = points[-1].tokens
    half, whole = curve.seconds(last / 2), curve.seconds(last)
    if curve.quadratic <= 0:
        return tag(
            "p",
            "No square can be seen in these times: the prompt is too short, or other work on this "
            "machine hides it. Read a longer one.",
            class_="sums",
        )
    return tag(
        "p",
        "Fitted: ",
        tag("b", duration(curve.linear)),
        " a token, and ",
        tag("b", duration(curve.quadratic)),
        f" times the square of the tokens. At {last:,} tokens the square takes ",
        tag("b", f"{100 * curve.quadratic_share(last):.0f} %"),
        f" of the time. Twice the text is more than twice the time: {last // 2:,} tokens take "
        f"{half:.2f} s on this curve, {last:,} take {whole:.2f} s, {whole / half:.2f} times as "
        "long, because each token looks back at all before it.",
        class_="sums",
    )


def duration(seconds: float) -> str:
    """Return a very short time in words.

    Examples
    --------
    >>> duration(0.00189), duration(4.2e-7)
    ('1.89 ms', '420 ns')
    """
    for unit, size in (("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-12:.3g} ps"


def _table(points: Sequence[Point], curve: Curve) -> Markup:
    rows = (
        (
            f"{p.tokens:,}",
            f"{p.seconds:.3f}",
            f"{curve.seconds(p.tokens):.3f}",
            f"{p.tokens / p.seconds:,.0f}",
            in_millions(p.held_bytes, 1),
            in_millions(p.size_bytes, 1),
        )
        for p in _doublings(points)
    )
    return table(_HEADS, rows, class_="cost-table")


def _doublings(points: Sequence[Point]) -> list[Point]:
    """Return the points at the longest prompt, its half, its quarter, and so on."""
    chosen, at = [], len(points)
    while at >= 1:
        chosen.append(points[at - 1])
        at //= 2
    return chosen[::-1]


def _how(reading: Reading) -> str:
    runs = "one run" if reading.runs <= 1 else f"the median of {reading.runs} runs"
    return (
        f"The shipped story was read in pieces as the chat reads a prompt, {runs}; the first n "
        "tokens of a long prompt are read just as a prompt of n. The bytes are those of the "
        "cache's arrays then."
    )


def _arithmetic(last: int, widths: Widths | None) -> Markup:
    if widths is None:
        missing = "The config of this model does not say what its arithmetic is."
        return tag("p", missing, class_="hint")
    linear, attention = count_products(widths, np.array([last]))[:, 0] / 1e9
    whole = linear + attention
    how = tag("span", "computed from the shapes", class_="muted")
    return tag(
        "div",
        tag("h2", "The arithmetic of it ", how),
        products_chart(widths, last),
        tag(
            "p",
            f"{last:,} tokens take ",
            tag("b", f"{whole:,.0f} billion"),
            " multiply-adds: each weight of the linear layers once a token, "
            f"{linear:,.0f} billion, and each token against all before it, {attention:,.0f} "
            "billion, ",
            tag("b", f"{100 * attention / whole:.0f} %"),
            ". Seconds and multiply-adds need not have the same shares: the two kinds run at "
            "different speeds.",
            class_="sums",
        ),
        class_="card",
    )


COST = Experiment(
    path="context/cost",
    title="Cost",
    idea=(
        "A long context costs twice: memory, in proportion to its tokens, and time, which grows "
        "faster than they do."
    ),
    settings=CostSettings,
    function=run_cost,
    view=draw,
    action="Measure the time",
    empty="The bytes of the cache come here, then the times.",
    small={"length": 256, "runs": 1},
)
