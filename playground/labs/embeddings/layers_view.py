"""A word's way through the layers as HTML and CSV.

Every layer, centred and raw, is worked out beforehand, and `lab.js` moves the points.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from playground.drawing.files import vectors_csv
from playground.drawing.marks import mark
from playground.drawing.markup import tag
from playground.drawing.scatter import Frame, fit
from playground.experiments.experiment import Experiment
from playground.labs.embeddings.journey import Journey, Occurrence
from playground.labs.embeddings.layer_chart import draw_chart, draw_pairs, draw_table
from playground.labs.embeddings.layers import (
    Layers,
    LayersSettings,
    LayerView,
    run_layers,
    view,
)

_FRAME = Frame(400, 300, 20, 20)
_SENSES = 4  # kinds of marks; after that they begin anew
_MARKS = (
    Markup('<circle r="9"/>'),
    Markup('<rect x="-8.5" y="-8.5" width="17" height="17" rx="2"/>'),
    Markup('<path d="M0 -11L10.5 8H-10.5Z"/>'),
    Markup('<path d="M0 -11.5L11.5 0L0 11.5L-11.5 0Z"/>'),
)
_WAYS = {"centred": "centred: what sets them apart", "raw": "raw: as the model has them"}


def draw(found: Layers) -> Markup:
    """Return the lines, the slider, and for both ways map, chart and tables."""
    if found.journey is None:
        return tag("p", "The word will be drawn here, layer by layer.", class_="hint")
    journey = found.journey
    views = {name: view(journey, centred=name == "centred") for name in _WAYS}
    start = _telling_layer(views["centred"])
    return tag(
        "div",
        tag("ol", *map(_line, journey.occurrences), class_="lines"),
        _warnings(journey.occurrences),
        _ways(),
        _slider(len(journey.states) - 1, start),
        *(_way(journey, name, each, start) for name, each in views.items()),
        class_="card",
    )


def _ways() -> Markup:
    choices = (
        tag(
            "label",
            tag("input", type="radio", name="way", value=name, checked=name == "centred"),
            f" {words}",
        )
        for name, words in _WAYS.items()
    )
    return tag("p", *choices, class_="ways", role="radiogroup", aria_label="Vectors")


def _slider(last: int, start: int) -> Markup:
    play = tag("button", "Play", type="button", class_="small", data_play=True)
    layer = tag("input", type="range", min=0, max=last, value=start, step=1, aria_label="Layer")
    return tag("div", play, layer, class_="layer-row")


def _way(journey: Journey, name: str, shown: LayerView, start: int) -> Markup:
    told = [_told(shown, layer) for layer in range(len(shown.positions))]
    return tag(
        "div",
        tag("p", told[start], class_="told", role="status", data_told=json.dumps(told)),
        tag(
            "div",
            _figure("On a map", _map(journey, shown, start)),
            _figure("Cosine by layer", draw_chart(shown, start)),
            class_="side-by-side",
        ),
        tag("p", _explained(journey, shown), class_="hint"),
        draw_pairs(shown, start),
        draw_table(shown),
        data_way=name,
        hidden=name != "centred",
    )


def _figure(caption: str, picture: Markup) -> Markup:
    return tag("figure", tag("figcaption", caption), picture)


def _telling_layer(shown: LayerView) -> int:
    """Return the layer to begin with: where the senses lie furthest apart, or else the last."""
    if shown.same is None or shown.different is None:
        return len(shown.positions) - 1
    return int((shown.same - shown.different).argmax())


def _told(shown: LayerView, layer: int) -> str:
    last = len(shown.positions) - 1
    where = "in the table" if layer == 0 else f"after block {layer} of {last}"
    if layer == last:
        where += ", normalised"
    parts = [f"{words} {mean[layer]:.2f}" for words, mean in shown.means()]
    return f"Layer {layer}, {where}. Mean cosine of lines with {', with '.join(parts)}."


def _line(each: Occurrence) -> Markup:
    pieces = " ".join(mark(piece) for piece in each.pieces)
    text = tag(
        "span",
        each.line[: each.start],
        tag("mark", each.line[each.start : each.end]),
        f"{each.line[each.end :]} ",
        tag("span", pieces, class_="muted"),
    )
    return tag("li", _badge(each), text)


def _badge(each: Occurrence) -> Markup:
    return tag(
        "svg",
        _mark(each),
        class_="badge-mark",
        viewBox="-13 -13 26 26",
        role="img",
        aria_label=f"Line {each.number}",
    )


def _mark(each: Occurrence) -> Markup:
    kind = each.sense % _SENSES
    return tag("g", _MARKS[kind], tag("text", each.number, y=4), class_=f"sense-{kind}")


def _map(journey: Journey, shown: LayerView, start: int) -> Markup:
    places = fit(shown.positions, _FRAME)
    trails = (
        tag("polyline", class_=f"sense-{each.sense % _SENSES}", points=_points(places[:, row]))
        for row, each in enumerate(journey.occurrences)
    )
    marks = (
        tag("g", _mark(each), class_="moving", style=f"transform:translate({x:.1f}px,{y:.1f}px)")
        for each, (x, y) in zip(journey.occurrences, places[start], strict=True)
    )
    count = len(journey.occurrences)
    return tag(
        "svg",
        *trails,
        *marks,
        class_="journey",
        viewBox=f"0 0 {_FRAME.width} {_FRAME.height}",
        role="img",
        aria_label=f"The word in {count} lines, moving from layer to layer",
        data_frames=json.dumps(places.round(1).tolist(), separators=(",", ":")),
    )


def _points(places: NDArray[np.float64]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _explained(journey: Journey, shown: LayerView) -> str:
    first, second = shown.explained
    how = (
        "The mean of each layer over all tokens of the lines was taken away, because all vectors "
        "of a layer share a few huge numbers that hide the rest. Each line's first token is left "
        f"out of that mean: its vector is up to {journey.sink:,.0f} times as long as the others "
        "(measured), for there the model parks attention. "
        if shown.centred
        else "The vectors are as the model has them: all of a layer share a few huge numbers, so "
        "that any two point nearly the same way. "
    )
    return (
        f"{how}Then all were brought to length 1 and all layers laid out together by PCA, so "
        f"that the axes stay; they hold {100 * first:.0f} % and {100 * second:.0f} % of the "
        "variance. A trail is a line's way through all layers."
    )


def _warnings(occurrences: Sequence[Occurrence]) -> Markup | None:
    first = [str(each.number) for each in occurrences if each.first]
    if not first:
        return None
    where = f"line {first[0]}" if len(first) == 1 else f"lines {', '.join(first)}"
    parked = (
        " It is also where the model parks attention, which makes its vector unlike any other."
        if any(each.place == 0 for each in occurrences)
        else ""
    )
    words = (
        f"In {where} the word comes first: nothing stands before it that could give it a sense."
        f"{parked} Put words before it."
    )
    return tag("p", words, class_="hint warning")


def to_csv(found: Layers) -> str:
    """Return the vectors of the word, layer by layer."""
    journey = found.journey
    if journey is None:
        return vectors_csv([], np.empty((0, 0), np.float32))
    labels = (
        f"layer {layer}, line {each.number}"
        for layer in range(len(journey.states))
        for each in journey.occurrences
    )
    return vectors_csv(labels, journey.states.reshape(-1, journey.states.shape[-1]))


LAYERS = Experiment(
    path="embeddings/layers",
    title="Through the layers",
    idea=(
        "In the table a word has one vector. Layer by layer it takes in what stands "
        "before it: follow one word through the layers in sentences that mean different "
        "things by it."
    ),
    settings=LayersSettings,
    function=run_layers,
    view=draw,
    action="Follow",
    empty="The word is drawn here, layer by layer.",
    tables={"layers.csv": to_csv},
)
