"""The digits network at one digit: its pixels, and its neurons as buttons, the active ones dark."""

from __future__ import annotations

import json

from markupsafe import Markup

from playground.core.functional import FloatArray
from playground.drawing.markup import tag
from playground.labs.neurons.backpropagation import SIDE, Backpropagation
from playground.labs.neurons.numbers import show

_PIXEL = 10


def draw_network(known: Backpropagation) -> Markup:
    """Return the digit, the three layers, and what the network says."""
    settings, way = known.settings, known.way
    first = _layer("Layer 1", "first", way.a[1], settings.first, 1)
    second = _layer("Layer 2", "second", way.a[2], settings.second, 1)
    output = _layer("Output", "output", way.a[3], settings.output, 0)
    layers = tag("div", first, second, output, class_="layers")
    picture = tag("div", draw_digit(known.image, settings.row, settings.column), class_="digit-box")
    whole = tag("div", picture, layers, class_="network")
    press = tag(
        "p",
        "Press a neuron, or click a pixel: the weights between those that are marked are followed "
        "below.",
        class_="hint on-page",
    )
    words = tag("p", _verdict(known))
    return tag(
        "section",
        tag("h3", "The digit, and what it sets off"),
        words,
        whole,
        press,
        class_="card part",
    )


def _verdict(known: Backpropagation) -> str:
    outputs = known.way.a[3]
    said = int(outputs.argmax())
    right = "rightly" if said == known.label else "wrongly"
    return (
        f"This is a {known.label}; the network says, {right}, {said}, with an activation of "
        f"{show(float(outputs[said]), 2)}. The cost, the sum of (a - y)"
        f"\N{SUPERSCRIPT TWO} over the ten outputs, is {show(known.way.cost)}."
    ).replace("a - y", "a\N{NO-BREAK SPACE}\N{MINUS SIGN}\N{NO-BREAK SPACE}y")


def _layer(name: str, setting: str, active: FloatArray, chosen: int, lowest: int) -> Markup:
    """Return a layer's neurons; the most active one is the darkest."""
    most = max(float(active.max()), 1e-12)
    buttons = (
        _neuron(setting, place + lowest, float(each), float(each) / most, chosen)
        for place, each in enumerate(active)
    )
    rows = "row ten" if len(active) == 10 else "row"
    group = tag("div", *buttons, class_=rows, role="group", aria_label=name)
    return tag("div", tag("span", name, class_="name"), group, class_="layer")


def _neuron(setting: str, number: int, active: float, share: float, chosen: int) -> Markup:
    told = f"{active:.2f}"
    return tag(
        "button",
        tag("small", number),
        " ",  # to who reads it as a line
        told,
        type="button",
        class_=f"heat h{1 + min(int(3.999 * share), 3)}",
        data_set=json.dumps({setting: number}),
        aria_pressed="true" if number == chosen else "false",
        aria_label=f"{'output' if setting == 'output' else 'neuron'} {number}, activation {told}",
    )


def draw_digit(image: FloatArray, row: int, column: int) -> Markup:
    """Return a digit of 28 x 28 pixels, the darker the more ink, with one pixel marked."""
    size = SIDE * _PIXEL
    ink = (
        tag(
            "rect",
            x=_PIXEL * (place % SIDE),
            y=_PIXEL * (place // SIDE),
            width=_PIXEL,
            height=_PIXEL,
            fill_opacity=f"{float(each):.2f}",
        )
        for place, each in enumerate(image)
        if each
    )
    marked = tag(
        "rect",
        class_="marked",
        x=_PIXEL * (column - 1) - 1,
        y=_PIXEL * (row - 1) - 1,
        width=_PIXEL + 2,
        height=_PIXEL + 2,
    )
    # Where it is clicked says which pixel; `lab.js` fills that in.
    pick = {"x": ["column", 0.5, SIDE + 0.5, 1], "y": ["row", 0.5, SIDE + 0.5, 1]}
    value = float(image[SIDE * (row - 1) + column - 1])
    return tag(
        "svg",
        tag("rect", class_="ground", width=size, height=size),
        *ink,
        marked,
        class_="digit",
        viewBox=f"0 0 {size} {size}",
        role="img",
        aria_label=f"The digit; marked is row {row}, column {column}, ink {value:.2f}",
        data_pick=json.dumps(pick),
        data_set="{}",
    )
