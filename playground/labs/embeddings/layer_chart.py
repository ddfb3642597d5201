"""Cosines of a word in several lines, layer by layer, as HTML."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.drawing.cosine_bars import signed
from playground.drawing.scatter import Frame
from playground.labs.embeddings.layers import LayerView

_FRAME = Frame(400, 300, 36, 26)
_EDGE = 8
_TICK = 0.2


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

    def curve(self, cosines: NDArray[np.float64], name: str) -> str:
        points = " ".join(
            f"{self.x(layer):.1f},{self.y(cosine):.1f}" for layer, cosine in enumerate(cosines)
        )
        return f'<polyline class="{name}" points="{points}"/>'


def render_chart(view: LayerView, layer: int) -> str:
    """Return the curves, with a marker that the page moves, and what they are."""
    last = len(view.cosines) - 1
    low = min(1 - 2 * _TICK, np.floor(view.cosines.min() / _TICK + 1e-9) * _TICK)
    axes = _Axes(last, float(low))
    marker = (
        f'<g class="moving" style="transform:translate({axes.x(layer):.1f}px,0px)">'
        f'<line class="now" y1="{_EDGE}" y2="{axes.y(axes.low):.1f}"/></g>'
    )
    frames = json.dumps([[[round(axes.x(each), 1), 0]] for each in range(last + 1)])
    return (
        f'<svg class="cosine-chart" viewBox="0 0 {_FRAME.width} {_FRAME.height}" role="img" '
        f'aria-label="Cosines of the lines from layer 0 to {last}; the numbers are in the table '
        f'below" data-frames="{frames}">{_grid(axes)}{_curves(view, axes)}{marker}</svg>'
        f"{_key(view)}"
    )


def _grid(axes: _Axes) -> str:
    ticks = np.linspace(axes.low, 1, round((1 - axes.low) / _TICK) + 1)
    lines = "".join(
        f'<line class="grid" x1="{_FRAME.margin_x}" x2="{_FRAME.width - _EDGE}" '
        f'y1="{axes.y(tick):.1f}" y2="{axes.y(tick):.1f}"/><text x="{_FRAME.margin_x - 6}" '
        f'y="{axes.y(tick) + 4:.1f}" text-anchor="end">{signed(tick, 1)}</text>'
        for tick in ticks
    )
    layers = "".join(
        f'<text x="{axes.x(layer):.1f}" y="{_FRAME.height - 6}" text-anchor="middle">{layer}</text>'
        for layer in sorted({0, axes.last // 2, axes.last})
    )
    return lines + layers


def _curves(view: LayerView, axes: _Axes) -> str:
    rows, columns = np.triu_indices(view.cosines.shape[1], k=1)
    pairs = [
        axes.curve(view.cosines[:, row, column], "pair")
        for row, column in zip(rows, columns, strict=True)
    ]
    means = [
        axes.curve(mean, name)
        for mean, name in ((view.same, "same"), (view.different, "different"))
        if mean is not None
    ]
    return "".join((*pairs, *means))


def _key(view: LayerView) -> str:
    parts = [
        f'<span><svg class="curve-key" viewBox="0 0 24 8" aria-hidden="true"><polyline '
        f'class="{name}" points="0,4 24,4"/></svg>{words}</span>'
        for name, words, there in (
            ("same", "lines of one sense, mean", view.same is not None),
            ("different", "lines of two senses, mean", view.different is not None),
            ("pair", "each two lines", True),
        )
        if there
    ]
    return f'<p class="hint keys-line">{"".join(parts)}</p>'


def render_pairs(view: LayerView, layer: int) -> str:
    """Return the cosines of each two lines at one layer, and those of the others for the page."""
    cosines = view.cosines.round(3)
    numbers = range(1, cosines.shape[1] + 1)
    head = "".join(f'<th scope="col">{number}</th>' for number in numbers)
    rows = "".join(
        f'<tr><th scope="row">line {number}</th>'
        + "".join(
            f'<td style="--share:{max(cosine, 0):.2f}">{signed(cosine, 2)}</td>'
            for cosine in cosines[layer, number - 1]
        )
        + "</tr>"
        for number in numbers
    )
    data = json.dumps(cosines.tolist(), separators=(",", ":"))
    return (
        f'<div class="scroll"><table class="cosine-heat" data-cosines="{data}" '
        'aria-label="Cosine of each two lines at this layer"><thead><tr><th></th>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def render_table(view: LayerView) -> str:
    """Return the mean cosines of every layer."""
    columns = [
        (words, mean)
        for words, mean in (("one sense", view.same), ("two senses", view.different))
        if mean is not None
    ]
    head = "".join(f'<th scope="col">{words}</th>' for words, _ in columns)
    rows = "".join(
        f'<tr><th scope="row">{layer}</th>'
        + "".join(f"<td>{signed(mean[layer])}</td>" for _, mean in columns)
        + "</tr>"
        for layer in range(len(view.cosines))
    )
    return (
        "<details><summary>Mean cosine at every layer, as a table</summary>"
        '<div class="scroll"><table class="places"><thead><tr><th scope="col">layer</th>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )
