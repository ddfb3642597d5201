"""Charts of something against the tokens of a prompt, as SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from markupsafe import Markup

from playground.drawing.markup import tag
from playground.labs.context.arithmetic import Curve, Point, Widths, count_products

_WIDTH, _HEIGHT = 680, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 16, 14, 58
_STEPS = 4
_SAMPLES = 64


def time_chart(points: Sequence[Point], curve: Curve) -> Markup:
    """Return measured times with the curve that is fitted to them, and its straight part."""
    last = points[-1].tokens
    top = max(points[-1].seconds, curve.seconds(last))
    where = np.linspace(0, last, _SAMPLES)
    fitted = _path([(n, curve.seconds(n)) for n in where], last, top)
    straight = _path([(n, curve.linear * n) for n in where], last, top)
    said = (
        f"Seconds to read a prompt against its tokens: {points[-1].seconds:.2f} s for {last:,}, "
        "bending upwards"
    )
    chart = _svg(
        said,
        _axes(last, top, lambda value: f"{value:g} s"),
        tag("path", class_="linear", d=straight),
        tag("path", class_="fitted", d=fitted),
        tag("g", *(_dot(point, last, top) for point in points), class_="measured"),
    )
    keys = {"measured": "measured", "fitted": "fitted a n + b n²", "linear": _STRAIGHT}
    return chart + _legend(keys)


_STRAIGHT = "its straight part, a n"


def _dot(point: Point, last: int, top: float) -> Markup:
    x, y = _x(point.tokens, last), _y(point.seconds, top)
    return tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=2.4)


def products_chart(widths: Widths, last: int) -> Markup:
    """Return the multiply-adds of the linear layers, and on top of them attention's."""
    where = np.linspace(0, last, _SAMPLES).astype(np.int64)
    linear, attention = count_products(widths, where) / 1e9
    top = float(linear[-1] + attention[-1])
    base = _path(list(zip(where, linear, strict=True)), last, top)
    whole = _path(list(zip(where, linear + attention, strict=True)), last, top)
    foot = f"L{_x(last, last):.1f},{_y(0, top):.1f} L{_x(0, last):.1f},{_y(0, top):.1f} Z"
    share = attention[-1] / top
    chart = _svg(
        f"Billions of multiply-adds against tokens: {top:.0f} at {last:,}, "
        f"{100 * share:.0f} % attention",
        _axes(last, top, lambda value: f"{value:g} bn" if value else "0"),
        tag("path", class_="attention", d=f"{whole} {foot}"),
        tag("path", class_="layers", d=f"{base} {foot}"),
    )
    return chart + _legend({"layers": "linear layers, n", "attention": "attention, n²"})


def _svg(said: str, *parts: Markup) -> Markup:
    box = f"0 0 {_WIDTH} {_HEIGHT}"
    return tag("svg", *parts, class_="cost-chart", viewBox=box, role="img", aria_label=said)


def _legend(keys: dict[str, str]) -> Markup:
    items = (tag("span", tag("i", class_=f"key {kind}"), words) for kind, words in keys.items())
    return tag("p", *items, class_="hint keys-line")


def _axes(last: float, top: float, show: Callable[[float], str]) -> Markup:
    """Return both scales; heights in round steps, lengths in quarters."""
    heights = (part for value in round_steps(top) for part in _height(value, top, show(value)))
    lengths = (_length(step, last) for step in range(_STEPS + 1))
    name = _text("tokens", _WIDTH - _RIGHT, _HEIGHT - 10, "end")
    return tag("g", *heights, *lengths, name, class_="axes")


def _height(value: float, top: float, words: str) -> Iterable[Markup]:
    y = f"{_y(value, top):.1f}"
    yield tag("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y)
    yield _text(words, _LEFT - 8, _y(value, top) + 4, "end")


def _length(step: int, last: float) -> Markup:
    anchor = "start" if step == 0 else "end" if step == _STEPS else "middle"
    return _text(f"{last * step / _STEPS:,.0f}", _x(step, _STEPS), _HEIGHT - 36, anchor)


def _text(words: str, x: float, y: float, anchor: str) -> Markup:
    return tag("text", words, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def round_steps(top: float) -> list[float]:
    """Return 3 to 6 round numbers from 0 up to a height.

    Examples
    --------
    >>> round_steps(22.1)
    [0.0, 5.0, 10.0, 15.0, 20.0]
    """
    power = 10.0 ** math.floor(math.log10(top))
    step = next(power * part for part in (0.2, 0.5, 1, 2) if top / (power * part) < _STEPS + 2)
    return [step * count for count in range(int(top / step) + 1)]


def _path(pairs: Sequence[tuple[float, float]], last: float, top: float) -> str:
    return "M" + " L".join(f"{_x(n, last):.1f},{_y(value, top):.1f}" for n, value in pairs)


def _x(tokens: float, last: float) -> float:
    return float(_LEFT + (_WIDTH - _LEFT - _RIGHT) * tokens / last)


def _y(value: float, top: float) -> float:
    return float(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top))
