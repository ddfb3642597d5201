"""What a context costs, as HTML: bytes of the cache, time against length, and the arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from playground.labs.context.cost import (
    CacheSize,
    Curve,
    Point,
    Reading,
    Widths,
    count_products,
    fit_curve,
)

_WIDTH, _HEIGHT = 680, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 16, 14, 58
_STEPS = 4
_SAMPLES = 64
# A curve through two points says nothing.
_FEWEST = 4


def render_cache(size: CacheSize, tokens: int | None) -> str:
    """Return the bytes of the cache: of one token, of a conversation, of the whole window.

    Parameters
    ----------
    size : CacheSize
        Read off the arrays.
    tokens : int or None
        Of the conversation now; None while a reply is being written.
    """
    rows = [("one token", "measured", size.token_bytes)]
    if tokens is not None:
        chat = f"your chat now, {tokens:,} tokens"
        rows.append((chat, "computed", tokens * size.token_bytes))
    whole = f"the whole window, {size.context_length:,} tokens"
    rows.append((whole, "computed", size.whole_bytes))
    rows.append(("the model's weights", "computed", size.weight_bytes))
    most = max(size.whole_bytes, size.weight_bytes)
    body = "".join(_cache_row(name, how, count, most) for name, how, count in rows)
    times = size.whole_bytes / size.weight_bytes
    return (
        '<div class="card"><h2>The KV cache</h2><div class="scroll"><table class="cost">'
        f"<tbody>{body}</tbody></table></div>"
        '<p class="hint">Keys and values of every token, in every layer, kept so that they are '
        "computed once. One token was run and its arrays were measured: "
        f"<b>{size.token_bytes:,} bytes</b>. A full window takes {times:.2f} times the bytes of "
        "the weights.</p></div>"
    )


def _cache_row(name: str, how: str, count: int, most: int) -> str:
    return (
        f'<tr><th scope="row">{name}<small>{how}</small></th><td>{_size(count)}</td>'
        f'<td class="wide"><i class="track"><i style="width:{100 * count / most:.2f}%"></i></i>'
        "</td></tr>"
    )


def _size(count: float) -> str:
    return f"{count:,.0f} bytes" if count < 1e6 else f"{count / 1e6:,.1f} MB"


def render_reading(reading: Reading, widths: Widths | None) -> str:
    """Return time against length with its curve, a table, and the arithmetic beside it."""
    points = reading.points
    if len(points) < _FEWEST:
        return '<p class="hint">The curve will stand here after the first few pieces.</p>'
    curve = fit_curve(points)
    return (
        f'<div class="card"><h2>Time to read a prompt <span class="muted">measured</span></h2>'
        f"{_chart(points, curve)}{_words(points, curve)}{_table(points, curve)}"
        f'<p class="hint">{_how(reading)}</p></div>{_arithmetic(points, widths)}'
    )


def _chart(points: Sequence[Point], curve: Curve) -> str:
    last = points[-1].tokens
    top = max(points[-1].seconds, curve.seconds(last))
    ticks = _axes(last, top, lambda value: f"{value:g} s")
    where = np.linspace(0, last, _SAMPLES)
    fitted = _path([(n, curve.seconds(n)) for n in where], last, top)
    straight = _path([(n, curve.linear * n) for n in where], last, top)
    dots = "".join(
        f'<circle cx="{_x(p.tokens, last):.1f}" cy="{_y(p.seconds, top):.1f}" r="2.4"/>'
        for p in points
    )
    said = (
        f"Seconds to read a prompt against its tokens: {points[-1].seconds:.2f} s for {last:,}, "
        "bending upwards"
    )
    return (
        f'<svg class="cost-chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{said}">'
        f'{ticks}<path class="linear" d="{straight}"/><path class="fitted" d="{fitted}"/>'
        f'<g class="measured">{dots}</g></svg>'
        '<p class="hint keys-line"><span><i class="key measured"></i>measured</span>'
        '<span><i class="key fitted"></i>fitted a n + b n²</span>'
        '<span><i class="key linear"></i>its straight part, a n</span></p>'
    )


def _axes(last: float, top: float, show: Callable[[float], str]) -> str:
    """Return both scales; heights in round steps, lengths in quarters."""
    lines = [
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{_y(value, top):.1f}" '
        f'y2="{_y(value, top):.1f}"/><text x="{_LEFT - 8}" y="{_y(value, top) + 4:.1f}" '
        f'text-anchor="end">{show(value)}</text>'
        for value in _round_steps(top)
    ]
    for step in range(_STEPS + 1):
        anchor = "start" if step == 0 else "end" if step == _STEPS else "middle"
        lines.append(
            f'<text x="{_x(step, _STEPS):.1f}" y="{_HEIGHT - 36}" text-anchor="{anchor}">'
            f"{last * step / _STEPS:,.0f}</text>"
        )
    name = f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 10}" text-anchor="end">tokens</text>'
    return f'<g class="axes">{"".join(lines)}{name}</g>'


def _round_steps(top: float) -> list[float]:
    """Return 3 to 6 round numbers from 0 up to a height.

    Examples
    --------
    >>> _round_steps(22.1)
    [0.0, 5.0, 10.0, 15.0, 20.0]
    """
    power = 10.0 ** math.floor(math.log10(top))
    step = next(power * part for part in (0.2, 0.5, 1, 2) if top / (power * part) < _STEPS + 2)
    return [step * count for count in range(int(top / step) + 1)]


def _time(seconds: float) -> str:
    """Return a very short time in words.

    Examples
    --------
    >>> _time(0.00189), _time(4.2e-7)
    ('1.89 ms', '420 ns')
    """
    for unit, size in (("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-12:.3g} ps"


def _path(pairs: Sequence[tuple[float, float]], last: float, top: float) -> str:
    return "M" + " L".join(f"{_x(n, last):.1f},{_y(value, top):.1f}" for n, value in pairs)


def _words(points: Sequence[Point], curve: Curve) -> str:
    last = points[-1].tokens
    share = curve.quadratic_share(last)
    half, whole = curve.seconds(last / 2), curve.seconds(last)
    if curve.quadratic <= 0:
        return (
            '<p class="sums">No square can be seen in these times: the prompt is too short, or '
            "other work on this machine hides it. Read a longer one.</p>"
        )
    return (
        f'<p class="sums">Fitted: <b>{_time(curve.linear)}</b> a token, and '
        f"<b>{_time(curve.quadratic)}</b> times the square of the tokens. At {last:,} tokens "
        f"the square takes <b>{100 * share:.0f} %</b> of the time. Twice the text is more than "
        f"twice the time: {last // 2:,} tokens take {half:.2f} s on this curve, {last:,} take "
        f"{whole:.2f} s, {whole / half:.2f} times as long, because each token looks back at all "
        "before it.</p>"
    )


def _table(points: Sequence[Point], curve: Curve) -> str:
    rows = "".join(
        f'<tr><th scope="row">{p.tokens:,}</th><td>{p.seconds:.3f}</td>'
        f"<td>{curve.seconds(p.tokens):.3f}</td><td>{p.tokens / p.seconds:,.0f}</td>"
        f"<td>{p.held_bytes / 1e6:,.1f}</td><td>{p.size_bytes / 1e6:,.1f}</td></tr>"
        for p in _doublings(points)
    )
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in (
            "tokens",
            "s, measured",
            "s, fitted",
            "tokens/s",
            "cache held, MB",
            "set aside, MB",
        )
    )
    return (
        '<div class="scroll"><table class="cost-table"><thead><tr>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


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


def _arithmetic(points: Sequence[Point], widths: Widths | None) -> str:
    if widths is None:
        return '<p class="hint">The config of this model does not say what its arithmetic is.</p>'
    last = points[-1].tokens
    where = np.linspace(0, last, _SAMPLES).astype(np.int64)
    linear, attention = count_products(widths, where) / 1e9
    top = float(linear[-1] + attention[-1])
    base = _path(list(zip(where, linear, strict=True)), last, top)
    whole = _path(list(zip(where, linear + attention, strict=True)), last, top)
    foot = f"L{_x(last, last):.1f},{_y(0, top):.1f} L{_x(0, last):.1f},{_y(0, top):.1f} Z"
    share = attention[-1] / top
    said = f"Billions of multiply-adds against tokens: {top:.0f} at {last:,}, {share:.0%} attention"
    return (
        '<div class="card"><h2>The arithmetic of it <span class="muted">computed from the shapes'
        f'</span></h2><svg class="cost-chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{said}">{_axes(last, top, lambda value: f"{value:g} G")}'
        f'<path class="attention" d="{whole} {foot}"/><path class="layers" d="{base} {foot}"/>'
        '</svg><p class="hint keys-line"><span><i class="key layers"></i>linear layers, n</span>'
        '<span><i class="key attention"></i>attention, n²</span></p>'
        f'<p class="sums">{last:,} tokens take <b>{top:,.0f} billion</b> multiply-adds: each '
        f"weight of the linear layers once a token, {linear[-1]:,.0f} billion, and each token "
        f"against all before it, {attention[-1]:,.0f} billion, <b>{100 * share:.0f} %</b>. Seconds "
        "and "
        "multiply-adds need not have the same shares: the two kinds run at different speeds.</p>"
        "</div>"
    )


def _x(tokens: float, last: float) -> float:
    return float(_LEFT + (_WIDTH - _LEFT - _RIGHT) * tokens / last)


def _y(value: float, top: float) -> float:
    return float(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top))
