"""The strongest paths through the digits network: pixel, neuron, neuron, output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.core.functional import FloatArray
from playground.core.network import MLP

STRONGEST = 16  # paths drawn, of 256 to an output


@dataclass(frozen=True)
class Path:
    """One way from the image to an output; places are counted from 0.

    Parameters
    ----------
    pixel : int
        The one that adds most to the neuron of the first layer.
    first, second, output : int
        The neurons that it goes by.
    carried : float
        What it adds to the output's weighted sum.
    """

    pixel: int
    first: int
    second: int
    output: int
    carried: float


def carried_by_paths(network: MLP, activations: list[FloatArray], output: int) -> FloatArray:
    """Return what each path adds to an output's weighted sum.

    A path by neuron i of the first layer and j of the second carries
    ``a1[i] W2[j, i] s[j] W3[output, j]``. With ReLU, s is 1 where a neuron is active and 0
    elsewhere, and what all paths carry, with those of the biases, is the weighted sum itself. A
    sigmoid is no line: there s is its slope, and a small share of the activation moves the sum by
    that share of the product.

    Parameters
    ----------
    network : MLP
        784-16-16-10.
    activations : list of arrays
        Pixels, first layer, second layer, output, each of one image.
    output : int
        Which.

    Returns
    -------
    array of shape (16, 16)
        Second layer by first.
    """
    _, first, second, _ = activations
    slope = second * (1 - second) if network.activation == "sigmoid" else second > 0
    onward: FloatArray = network.parameters[4][output] * slope
    return onward[:, None] * network.parameters[2] * first


def strongest_paths(network: MLP, activations: list[FloatArray], output: int) -> list[Path]:
    """Return the paths that move an output's weighted sum most, the strongest first."""
    carried = carried_by_paths(network, activations, output)
    pixels = (network.parameters[0] * activations[0]).argmax(axis=1)
    order = np.argsort(-np.abs(carried), axis=None, kind="stable")[:STRONGEST]
    places = (divmod(int(place), carried.shape[1]) for place in order)
    return [
        Path(int(pixels[first]), first, second, output, float(carried[second, first]))
        for second, first in places
        if carried[second, first]
    ]
