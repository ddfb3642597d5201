"""A digit on its way through the digits network: sums, activations, the strongest paths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from playground.core.functional import FloatArray
from playground.core.network import MLP
from playground.drawing.markup import join, table, tag
from playground.labs.neurons.numbers import show
from playground.labs.neurons.paths import strongest_paths
from playground.labs.neurons.weight_pictures import weight_picture

SIDE = 28
_WIDTH, _HEIGHT, _TOP = 484, 400, 26
_PIXEL = 5  # of the image at the left
_LEVELS = 20  # of its ink
_IMAGE_TOP = _TOP + (_HEIGHT - _TOP - SIDE * _PIXEL) // 2
_ACROSS = (205, 295, 385)  # where the layers stand

Place = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Way:
    """What a digit sets off: activations of four layers, weighted sums of the last three.

    Parameters
    ----------
    activations : list of arrays
        The pixels, then those of each layer; the last are logits with cross-entropy.
    sums : list of arrays
        Bias included.
    outputs : array of shape (10,)
        How sure the network is of each digit.
    """

    activations: list[FloatArray]
    sums: list[FloatArray]
    outputs: FloatArray

    @property
    def said(self) -> int:
        """The digit that the network says."""
        return int(self.outputs.argmax())


def follow(network: MLP, image: FloatArray) -> Way:
    """Return a digit's way through a network."""
    weights, biases = network.parameters[0::2], network.parameters[1::2]
    layers = [each[0] for each in network.forward(image[None])]
    pairs = zip(weights, biases, layers, strict=False)  # the last layer feeds none
    sums: list[FloatArray] = [weight @ before + bias for weight, bias, before in pairs]
    return Way(layers, sums, network.predict_probabilities(image[None])[0])


@lru_cache(maxsize=64)
def _image(pixels: bytes) -> Markup:
    """Return a digit of 28 x 28 pixels, float32 row by row, the darker the more ink.

    While a network trains the same one is drawn again and again, so it is kept; and it is sent
    each time, so pixels of about the same ink are one path.
    """
    ink: defaultdict[int, str] = defaultdict(str)
    for place, level in enumerate(np.rint(np.frombuffer(pixels, np.float32) * _LEVELS).tolist()):
        x, y = _pixel(place)
        ink[int(level)] += f"M{x} {y}h{_PIXEL}v{_PIXEL}h-{_PIXEL}z"
    paths = (
        tag("path", d=drawn, fill_opacity=f"{level / _LEVELS:g}")
        for level, drawn in sorted(ink.items())
        if level
    )
    size = SIDE * _PIXEL
    ground = tag("rect", class_="ground", y=_IMAGE_TOP, width=size, height=size)
    return tag("g", ground, *paths, class_="image")


def _pixel(place: int) -> Place:
    """Return the left top corner of a pixel."""
    return _PIXEL * (place % SIDE), _IMAGE_TOP + _PIXEL * (place // SIDE)


def draw_bars(outputs: FloatArray, label: int | None = None) -> Markup:
    """Return a bar for each digit, as long as the network is sure of it."""
    said = int(outputs.argmax())
    rows = (
        tag(
            "div",
            tag("span", number, class_="number"),
            tag("span", tag("i", style=f"width: {100 * share:.1f}%"), class_="track"),
            tag("span", f"{100 * share:.1f} %", class_="share"),
            class_="bar" + (" said" if number == said else "") + _wanted(number, label),
        )
        for number, share in enumerate(outputs.tolist())
    )
    return tag("div", join(rows), class_="ten-bars")


def _wanted(number: int, label: int | None) -> str:
    return " wanted" if number == label else ""


def draw_way(network: MLP, way: Way) -> Markup:
    """Return the image, the layers lit by it, and the strongest paths to what the network says."""
    neurons = (each for layer in range(3) for each in _neurons(network, way, layer))
    across = (SIDE * _PIXEL / 2, *_ACROSS)
    names = (
        tag("text", name, x=x, y=14, text_anchor="middle", class_="name")
        for name, x in zip(("input", "layer 1", "layer 2", "output"), across, strict=True)
    )
    return tag(
        "svg",
        *names,
        _image(way.activations[0].astype(np.float32).tobytes()),
        *_lines(network, way),
        *neurons,
        class_="way",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=f"The digit and the layers lit by it; the network says {way.said}",
    )


def _at(layer: int, neuron: int, count: int) -> Place:
    return _ACROSS[layer], round(_TOP + (neuron + 0.5) * (_HEIGHT - _TOP) / count, 1)


def _lines(network: MLP, way: Way) -> Iterator[Markup]:
    """Yield the strongest paths, piece by piece; what paths share carries what they carry."""
    carried: defaultdict[tuple[Place, Place], float] = defaultdict(float)
    counts = [len(each) for each in way.sums]
    for path in strongest_paths(network, way.activations, way.said):
        x, y = _pixel(path.pixel)
        neurons = enumerate((path.first, path.second, path.output))
        stops = [_at(layer, neuron, counts[layer]) for layer, neuron in neurons]
        for piece in pairwise([(x + _PIXEL / 2, y + _PIXEL / 2), *stops]):
            carried[piece] += path.carried
    most = max((abs(each) for each in carried.values()), default=0.0) or 1.0
    for ((x1, y1), (x2, y2)), each in sorted(carried.items(), key=lambda item: abs(item[1])):
        strength = abs(each) / most
        yield tag(
            "line",
            x1=x1,
            y1=y1,
            x2=x2,
            y2=y2,
            class_="plus" if each > 0 else "minus",
            stroke_width=f"{0.8 + 2.8 * strength:.1f}",
            stroke_opacity=f"{0.35 + 0.65 * strength:.2f}",
        )


def lit(way: Way, layer: int) -> FloatArray:
    """Return how bright each neuron of a layer is, 0 to 1; the brightest of a hidden one is 1."""
    if layer == 2:
        return way.outputs
    active = np.abs(way.activations[layer + 1])
    bright: FloatArray = active / (float(active.max()) or 1.0)
    return bright


def _neurons(network: MLP, way: Way, layer: int) -> Iterator[Markup]:
    bright, count = lit(way, layer), len(way.sums[layer])
    bias = network.parameters[2 * layer + 1]
    shown = way.outputs if layer == 2 else way.activations[layer + 1]
    for neuron in range(count):
        x, y = _at(layer, neuron, count)
        told = (
            f"sum {show(float(way.sums[layer][neuron]))}, of which bias "
            f"{show(float(bias[neuron]))}; activation {show(float(shown[neuron]))}"
        )
        yield tag(
            "g",
            tag("title", told),
            tag("circle", cx=x, cy=y, r=10, class_="back"),
            tag("circle", cx=x, cy=y, r=10, fill_opacity=f"{float(bright[neuron]):.2f}"),
            class_="neuron",
        )
        if layer == 2:
            told = f"{neuron}: {100 * float(way.outputs[neuron]):.0f} %"
            said = "said" if neuron == way.said else None
            yield tag("text", told, x=x + 18, y=y + 5, class_=said)


def draw_numbers(network: MLP, way: Way) -> Markup:
    """Return weighted sum, bias and activation of every neuron, as tables that open."""
    names = ("Layer 1", "Layer 2", "Output")
    tables = (
        table(
            (name, "weighted sum", "bias", "z", "activation"),
            (
                [
                    neuron if layer == 2 else neuron + 1,
                    show(float(way.sums[layer][neuron] - bias)),
                    show(float(bias)),
                    show(float(way.sums[layer][neuron])),
                    show(float(way.activations[layer + 1][neuron])),
                ]
                for neuron, bias in enumerate(network.parameters[2 * layer + 1])
            ),
            class_="neurons",
        )
        for layer, name in enumerate(names)
    )
    words = tag("summary", "Weighted sums, biases and activations of all 42 neurons")
    inside = tag("div", join(tables), class_="three-tables")
    return tag("details", words, inside, class_="numbers")


def draw_weights(network: MLP) -> Markup:
    """Return the weights of the first layer, a picture a neuron."""
    weights = network.parameters[0]
    largest = float(np.quantile(np.abs(weights), 0.99))
    pictures = (
        tag(
            "figure",
            tag("img", src=weight_picture(each, SIDE, largest), alt=f"Weights of neuron {number}"),
            tag("figcaption", number),
        )
        for number, each in enumerate(weights, start=1)
    )
    return tag("div", join(pictures), class_="weight-pictures")
