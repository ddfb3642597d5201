"""The chain rule by hand: a derivative as a sum over paths, every factor with its value.

The network's own backpropagation adds up the same products, each part once and for all weights at
the same time. Here one weight's are multiplied one by one, so that they can be looked at, and the
result is held against a finite difference: the cost with the weight a little larger and a little
smaller. All in float64.

Layers are counted 1, 2, 3 from the first that has weights; `a[0]` is the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from playground.core.activations import relu_derivative, sigmoid_derivative
from playground.core.functional import FloatArray, one_hot, squared_cost
from playground.core.network import MLP

# The error of a central difference falls with the square of the step, that of rounding grows with
# its inverse: near the cube root of float64's epsilon both are about 1e-11.
STEP = 1e-5


@dataclass(frozen=True, eq=False)
class Pass:
    """One example's way through a network of three layers.

    Parameters
    ----------
    a : tuple of array
        Activations, from the picture to the output: a[l] of shape (neurons of layer l,).
    z : tuple of array
        Weighted sums of the layers 1, 2, 3 under their numbers; z[0] is empty.
    slope : tuple of array
        What each neuron's bend does to a small change: f'(z), under the same numbers.
    weight : tuple of array
        weight[l][k, j] leads from neuron j of the layer before to neuron k of layer l.
    pull : array
        2 (a - y), the derivative of the cost by each output.
    cost : float
        The sum over the outputs of (a - y)^2.
    """

    a: tuple[FloatArray, ...]
    z: tuple[FloatArray, ...]
    slope: tuple[FloatArray, ...]
    weight: tuple[FloatArray, ...]
    pull: FloatArray
    cost: float


def pass_through(network: MLP, image: FloatArray, label: int) -> Pass:
    """Return an example's way through a network with the squared cost.

    Parameters
    ----------
    network : MLP
        Three layers; cost "squared".
    image : array of shape (I,)
        The example.
    label : int
        What it shows.
    """
    none = np.zeros(0)
    a = [row[0] for row in network.forward(image[None])]
    weights, biases = network.parameters[0::2], network.parameters[1::2]
    z = [w @ before + b for w, b, before in zip(weights, biases, a, strict=False)]
    hidden = sigmoid_derivative if network.activation == "sigmoid" else relu_derivative
    slopes = [*(hidden(each) for each in z[:-1]), sigmoid_derivative(z[-1])]
    wanted = one_hot(np.array([label]), len(a[-1])).astype(a[-1].dtype)
    return Pass(
        tuple(a),
        (none, *z),
        (none, *slopes),
        (none, *weights),
        2 * (a[-1] - wanted[0]),
        squared_cost(a[-1][None], wanted),
    )


def output_parts(way: Pass, second: int) -> FloatArray:
    """Return, for each output k, what a change of neuron `second` of layer 2 does through it.

    2 (a_k - y_k) f'(z_k) w_kj: their sum is dC/da_j, the sum over the paths from j to the cost.
    """
    parts: FloatArray = way.pull * way.slope[3] * way.weight[3][:, second]
    return parts


def second_parts(way: Pass, first: int) -> FloatArray:
    """Return, for each neuron j of layer 2, what a change of neuron `first` does through it.

    dC/da_j f'(z_j) w_ji: each is a sum over the outputs already, so that all of them are the sum
    over every path from neuron `first` of layer 1 to the cost.
    """
    parts: FloatArray = paths(way, first).sum(axis=0)
    return parts


def paths(way: Pass, first: int) -> FloatArray:
    """Return one product for each path from neuron `first` of layer 1 to the cost.

    Returns
    -------
    array of shape (outputs, neurons of layer 2)
        At [k, j] the path by neuron j and output k.
    """
    to_second = way.slope[2] * way.weight[2][:, first]
    products: FloatArray = (way.pull * way.slope[3])[:, None] * way.weight[3] * to_second
    return products


def by_weighted_sum(way: Pass, layer: int, neuron: int) -> float:
    """Return dC/dz of a neuron: how the cost changes with its weighted sum."""
    if layer == 3:
        return float(way.pull[neuron] * way.slope[3][neuron])
    parts = output_parts(way, neuron) if layer == 2 else second_parts(way, neuron)
    return float(parts.sum() * way.slope[layer][neuron])


def by_weight(way: Pass, layer: int, neuron: int, source: int) -> float:
    """Return dC/dw of the weight from `source` of the layer before to `neuron` of a layer."""
    return by_weighted_sum(way, layer, neuron) * float(way.a[layer - 1][source])


def by_difference(
    network: MLP, image: FloatArray, label: int, layer: int, place: tuple[int, ...]
) -> float:
    """Return the slope of the cost by a weight, or a bias, from two costs close by.

    Parameters
    ----------
    network : MLP
        In float64; it stays as it is.
    image : array of shape (I,)
        The example.
    label : int
        What it shows.
    layer : int
        1, 2 or 3.
    place : tuple of int
        (neuron, source) of a weight, (neuron,) of a bias.
    """
    at = 2 * (layer - 1) + (len(place) == 1)

    def cost(change: float) -> float:
        moved = network.parameters[at].copy()
        moved[place] += change
        parameters = [*network.parameters[:at], moved, *network.parameters[at + 1 :]]
        return pass_through(replace(network, parameters=parameters), image, label).cost

    return (cost(STEP) - cost(-STEP)) / (2 * STEP)
