"""Cosines of a word in several lines, layer by layer, as HTML."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from playground.drawing.cosine_bars import signed
from playground.drawing.markup import join, scrolled, table, tag
from playground.drawing.scatter import Frame
from playground.labs.embeddings.layers import LayerView

_FRAME = Frame(400, 300, 36, 26)
_EDGE = 8
_TICK = 0.2
_CURVES = {"one sense": "same", "two senses": "different"}  # words -> class


@dataclass(frozen=True)
class _Axes:
    """Where a layer and a cosine stand in the picture."""

    last: int
    low: float

    def x(self, layer: int) -> float:
        room = _FRAME.width - _FRAME.margin_x - _EDGE
        return _FRAME.margin_x + room * layer / self.last

    def y(self, cosine: float) -> float:
        room = _FRAME.height - _FRAME.margin_y - _EDGE
        return _EDGE + room * (1 - cosine) / (1 - self.low)

    def curve(self, cosines: NDArray[np.float64], name: str) -> Markup:
        points = " ".join(
            f"{self.x(layer):.1f},{self.y(cosine):.1f}" for layer, cosine in enumerate(cosines)
        )
        return tag("polyline", class_=name, points=points)


def draw_chart(view: LayerView, layer: int) -> Markup:
    """Return the curves, with a marker that the page moves, and what they are."""
    last = len(view.cosines) - 1
    low = min(1 - 2 * _TICK, np.floor(view.cosines.min() / _TICK + 1e-9) * _TICK)
    axes = _Axes(last, float(low))
    frames = [[[round(axes.x(each), 1), 0]] for each in range(last + 1)]
    chart = tag(
        "svg",
        _grid(axes),
        _curves(view, axes),
        _marker(axes, layer),
        class_="cosine-chart",
        viewBox=f"0 0 {_FRAME.width} {_FRAME.height}",
        role="img",
        aria_label=(
            f"Cosines of the lines from layer 0 to {last}; the numbers are in the table below"
        ),
        data_frames=json.dumps(frames),
    )
    return chart + _key(view)


def _marker(axes: _Axes, layer: int) -> Markup:
    line = tag("line", class_="now", y1=_EDGE, y2=f"{axes.y(axes.low):.1f}")
    return tag("g", line, class_="moving", style=f"transform:translate({axes.x(layer):.1f}px,0px)")


def _grid(axes: _Axes) -> Markup:
    ticks = np.linspace(axes.low, 1, round((1 - axes.low) / _TICK) + 1)
    layers = (
        _number(axes.x(layer), _FRAME.height - 6, str(layer), "middle")
        for layer in sorted({0, axes.last // 2, axes.last})
    )
    return join(_level(axes.y(tick), signed(tick, 1)) for tick in ticks) + join(layers)


def _level(y: float, words: str) -> Markup:
    height = f"{y:.1f}"
    line = tag(
        "line", class_="grid", x1=_FRAME.margin_x, x2=_FRAME.width - _EDGE, y1=height, y2=height
    )
    return line + _number(_FRAME.margin_x - 6, y + 4, words, "end")


def _number(x: float, y: float, words: str, anchor: str) -> Markup:
    return tag("text", words, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def _curves(view: LayerView, axes: _Axes) -> Markup:
    rows, columns = np.triu_indices(view.cosines.shape[1], k=1)
    pairs = (
        axes.curve(view.cosines[:, row, column], "pair")
        for row, column in zip(rows, columns, strict=True)
    )
    return join(pairs) + join(axes.curve(mean, _CURVES[words]) for words, mean in view.means())


def _key(view: LayerView) -> Markup:
    parts = [(_CURVES[words], f"lines of {words}, mean") for words, _ in view.means()]
    keys = (_key_part(*part) for part in (*parts, ("pair", "each two lines")))
    return tag("p", *keys, class_="hint keys-line")


def _key_part(name: str, words: str) -> Markup:
    line = tag("polyline", class_=name, points="0,4 24,4")
    return tag(
        "span", tag("svg", line, class_="curve-key", viewBox="0 0 24 8", aria_hidden="true"), words
    )


def draw_pairs(view: LayerView, layer: int) -> Markup:
    """Return the cosines of each two lines at one layer, and those of the others for the page."""
    cosines = view.cosines.round(3)
    numbers = range(1, cosines.shape[1] + 1)
    head = tag(
        "tr",
        tag("th", "line", scope="col"),
        *(tag("th", number, scope="col") for number in numbers),
    )
    rows = (
        tag(
            "tr",
            tag("th", f"line {number}", scope="row"),
            *(_cell(cosine) for cosine in cosines[layer, number - 1]),
        )
        for number in numbers
    )
    heat = tag(
        "table",
        tag("thead", head),
        tag("tbody", *rows),
        class_="cosine-heat",
        data_cosines=json.dumps(cosines.tolist(), separators=(",", ":")),
        aria_label="Cosine of each two lines at this layer",
    )
    return scrolled(heat)


def _cell(cosine: float) -> Markup:
    return tag("td", signed(cosine, 2), style=f"--share:{max(cosine, 0):.2f}")


def draw_table(view: LayerView) -> Markup:
    """Return the mean cosines of every layer."""
    means = view.means()
    rows = (
        [layer, *(signed(mean[layer]) for _, mean in means)] for layer in range(len(view.cosines))
    )
    means_table = table(["layer", *(words for words, _ in means)], rows, class_="places")
    return tag("details", tag("summary", "Mean cosine at every layer, as a table"), means_table)
