"""A word's way through the layers as HTML; all text is escaped here.

Every layer is worked out beforehand and handed to the page, where `layers.js` moves the points.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from playground.drawing.marks import mark
from playground.drawing.scatter import Frame, fit
from playground.labs.embeddings.layer_chart import render_chart, render_pairs, render_table
from playground.labs.embeddings.layers import Journey, LayerView, Occurrence

_FRAME = Frame(400, 300, 20, 20)
_SENSES = 4  # kinds of marks; after that they begin anew
_MARKS = (
    '<circle r="9"/>',
    '<rect x="-8.5" y="-8.5" width="17" height="17" rx="2"/>',
    '<path d="M0 -11L10.5 8H-10.5Z"/>',
    '<path d="M0 -11.5L11.5 0L0 11.5L-11.5 0Z"/>',
)


def render_journey(journey: Journey, view: LayerView) -> str:
    """Return the lines, the slider, the map and the chart side by side, and the tables."""
    last, start = len(view.positions) - 1, _telling_layer(view)
    told = [_told(view, layer) for layer in range(last + 1)]
    return (
        f'<div class="card"><ol class="lines">{_lines(journey.occurrences)}</ol>'
        f'{_warnings(journey.occurrences)}<div class="layer-row"><button type="button" '
        f'class="small" data-play>Play</button><input type="range" min="0" max="{last}" '
        f'value="{start}" step="1" aria-label="Layer"></div><p class="told" role="status" '
        f'data-told="{escape(json.dumps(told))}">{told[start]}</p><div class="side-by-side">'
        f"<figure><figcaption>On a map</figcaption>{_map(journey, view, start)}</figure>"
        f"<figure><figcaption>Cosine by layer</figcaption>{render_chart(view, start)}</figure>"
        f'</div><p class="hint">{_explained(journey, view)}</p>{render_pairs(view, start)}'
        f"{render_table(view)}</div>"
    )


def _telling_layer(view: LayerView) -> int:
    """Return the layer to begin with: where the senses lie furthest apart, or else the last."""
    if view.same is None or view.different is None:
        return len(view.positions) - 1
    return int((view.same - view.different).argmax())


def _told(view: LayerView, layer: int) -> str:
    last = len(view.positions) - 1
    where = "in the table" if layer == 0 else f"after block {layer} of {last}"
    if layer == last:
        where += ", normalised"
    parts = [
        f"{words} {mean[layer]:.2f}"
        for words, mean in (("one sense", view.same), ("two senses", view.different))
        if mean is not None
    ]
    return f"Layer {layer}, {where}. Mean cosine of lines with {', with '.join(parts)}."


def _lines(occurrences: Sequence[Occurrence]) -> str:
    return "".join(
        f"<li>{_badge(each)}<span>{escape(each.line[: each.start])}<mark>"
        f"{escape(each.line[each.start : each.end])}</mark>{escape(each.line[each.end :])} "
        f'<span class="muted">{escape(" ".join(mark(piece) for piece in each.pieces))}</span>'
        "</span></li>"
        for each in occurrences
    )


def _badge(each: Occurrence) -> str:
    return (
        f'<svg class="badge-mark" viewBox="-13 -13 26 26" role="img" aria-label="Line '
        f'{each.number}">{_mark(each)}</svg>'
    )


def _mark(each: Occurrence) -> str:
    kind = each.sense % _SENSES
    return f'<g class="sense-{kind}">{_MARKS[kind]}<text y="4">{each.number}</text></g>'


def _map(journey: Journey, view: LayerView, start: int) -> str:
    places = fit(view.positions, _FRAME)
    trails = "".join(
        f'<polyline class="sense-{each.sense % _SENSES}" points="{_points(places[:, row])}"/>'
        for row, each in enumerate(journey.occurrences)
    )
    marks = "".join(
        f'<g class="moving" style="transform:translate({x:.1f}px,{y:.1f}px)">{_mark(each)}</g>'
        for each, (x, y) in zip(journey.occurrences, places[start], strict=True)
    )
    frames = json.dumps(places.round(1).tolist(), separators=(",", ":"))
    return (
        f'<svg class="journey" viewBox="0 0 {_FRAME.width} {_FRAME.height}" role="img" '
        f'aria-label="The word in {len(journey.occurrences)} lines, moving from layer to layer" '
        f'data-frames="{frames}">{trails}{marks}</svg>'
    )


def _points(places: NDArray[np.float64]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _explained(journey: Journey, view: LayerView) -> str:
    first, second = view.explained
    how = (
        "The mean of each layer over all tokens of the lines was taken away, because all vectors "
        "of a layer share a few huge numbers that hide the rest. Each line's first token is left "
        f"out of that mean: its vector is up to {journey.sink:,.0f} times as long as the others "
        "(measured), for there the model parks attention. "
        if view.centred
        else "The vectors are as the model has them: all of a layer share a few huge numbers, so "
        "that any two point nearly the same way. "
    )
    return (
        f"{how}Then all were brought to length 1 and all layers laid out together by PCA, so "
        f"that the axes stay; they hold {100 * first:.0f} % and {100 * second:.0f} % of the "
        "variance. A trail is a line's way through all layers."
    )


def _warnings(occurrences: Sequence[Occurrence]) -> str:
    first = [str(each.number) for each in occurrences if each.first]
    if not first:
        return ""
    where = f"line {first[0]}" if len(first) == 1 else f"lines {', '.join(first)}"
    parked = (
        " It is also where the model parks attention, which makes its vector unlike any other."
        if any(each.place == 0 for each in occurrences)
        else ""
    )
    return (
        f'<p class="hint warning">In {where} the word comes first: nothing stands before it that '
        f"could give it a sense.{parked} Put words before it.</p>"
    )
