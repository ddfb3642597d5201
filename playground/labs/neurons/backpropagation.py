"""Backpropagation by numbers: the digits network at one digit, and a weight of each layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Any, Literal

import numpy as np

from playground.core.functional import FloatArray
from playground.core.network import MLP
from playground.core.optimizers import SGD
from playground.core.training import train_epochs
from playground.data.digits import load_digits
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.neurons.chain_rule import (
    Pass,
    by_difference,
    by_weight,
    by_weighted_sum,
    pass_through,
)

Hidden = Literal["sigmoid", "relu"]
SIDE = 28
_RATES: dict[Hidden, float] = {"sigmoid": 1.5, "relu": 0.1}
_HIDDEN: dict[str, Any] = {"ge": 1, "le": 16}
_SIDE: dict[str, Any] = {"ge": 1, "le": SIDE}


class BackpropagationSettings(Settings):
    """Which digit, which network, and which neurons are followed."""

    example: int = field(
        18, label="Digit", explanation="Of the 1,000 held-out ones.", ge=1, le=1000, step=1
    )
    epochs: Literal[0, 1, 3] = field(
        1,
        label="Trained for",
        explanation="Passes over 9,000 digits.",
        words={"0": "not at all", "1": "one epoch", "3": "three epochs"},
    )
    bend: Hidden = field(
        "sigmoid",
        label="Hidden neurons bend by",
        explanation="The last layer ends in a sigmoid.",
        words={"sigmoid": "sigmoid", "relu": "ReLU"},
    )
    output: int = field(
        5, label="Output", explanation="The neuron of this digit.", ge=0, le=9, seldom=True
    )
    second: int = field(
        11, label="Neuron of layer 2", explanation="From 1 to 16.", seldom=True, **_HIDDEN
    )
    first: int = field(
        1, label="Neuron of layer 1", explanation="From 1 to 16.", seldom=True, **_HIDDEN
    )
    row: int = field(17, label="Pixel: row", explanation="From the top.", seldom=True, **_SIDE)
    column: int = field(
        12, label="Pixel: column", explanation="From the left.", seldom=True, **_SIDE
    )

    @property
    def pixel(self) -> int:
        """The pixel's place in the picture, row by row."""
        return SIDE * (self.row - 1) + self.column - 1


@dataclass(frozen=True)
class Check:
    """One derivative, found twice.

    Parameters
    ----------
    layer : int
        1, 2 or 3.
    place : tuple of int
        (neuron, source) of a weight, (neuron,) of a bias; from 0.
    value : float
        The weight, or the bias, itself.
    chain : float
        By the chain rule.
    difference : float
        By a finite difference.
    """

    layer: int
    place: tuple[int, ...]
    value: float
    chain: float
    difference: float

    @property
    def apart(self) -> float:
        """How far both lie from one another."""
        return abs(self.chain - self.difference)


@dataclass(frozen=True)
class Backpropagation:
    """A digit's way through the network, and what it says of a weight and a bias of each layer.

    Parameters
    ----------
    settings : BackpropagationSettings
        What was asked for.
    image : array of shape (784,)
        The digit.
    label : int
        What it shows.
    way : Pass
        Every activation, sum and slope.
    weights, biases : tuple of Check
        From the last layer to the first.
    """

    settings: BackpropagationSettings
    image: FloatArray
    label: int
    way: Pass
    weights: tuple[Check, ...]
    biases: tuple[Check, ...]

    @property
    def progress(self) -> Progress:
        """Done at once."""
        return Progress()

    def to_json(self) -> dict[str, Any]:
        """Return the cost, the outputs, and every derivative found twice."""
        return {
            "label": self.label,
            "cost": self.way.cost,
            "outputs": self.way.a[3].tolist(),
            "weights": [_told(each) for each in self.weights],
            "biases": [_told(each) for each in self.biases],
        }


def _told(check: Check) -> dict[str, Any]:
    return {
        "layer": check.layer,
        "neuron": check.place[0],
        "source": check.place[1] if len(check.place) > 1 else None,
        "value": check.value,
        "chain_rule": check.chain,
        "finite_difference": check.difference,
    }


@cache
def trained(bend: Hidden, epochs: int) -> MLP:
    """Return the digits network after so many epochs, in float64; the same each time."""
    train, _ = load_digits().split()
    dice = np.random.default_rng(0)
    network = MLP.create(dice, activation=bend, initialization="he" if bend == "relu" else "xavier")
    learning = train_epochs(network, SGD(_RATES[bend]), train.images, train.labels, dice)
    for epoch in islice(learning, epochs):
        network = epoch.network
    exact: list[FloatArray] = [array.astype(np.float64) for array in network.parameters]
    return replace(network, parameters=exact)


@cache
def _held_out() -> tuple[FloatArray, tuple[int, ...]]:
    _, test = load_digits().split()
    return test.images.astype(np.float64), tuple(test.labels.tolist())


def run_backpropagation(
    _given: None, settings: BackpropagationSettings, _run: Run
) -> Iterator[Backpropagation]:
    """Follow the chosen weights and biases.

    Yields
    ------
    Backpropagation
        One.
    """
    network, (images, labels) = trained(settings.bend, settings.epochs), _held_out()
    image, label = images[settings.example - 1], labels[settings.example - 1]
    way = pass_through(network, image, label)
    first, second = settings.first - 1, settings.second - 1
    chosen = ((3, settings.output, second), (2, second, first), (1, first, settings.pixel))
    weights = tuple(
        Check(
            layer,
            (neuron, source),
            float(way.weight[layer][neuron, source]),
            by_weight(way, layer, neuron, source),
            by_difference(network, image, label, layer, (neuron, source)),
        )
        for layer, neuron, source in chosen
    )
    biases = tuple(
        Check(
            layer,
            (neuron,),
            float(network.parameters[2 * layer - 1][neuron]),
            by_weighted_sum(way, layer, neuron),
            by_difference(network, image, label, layer, (neuron,)),
        )
        for layer, neuron, _ in chosen
    )
    yield Backpropagation(settings, image, label, way, weights, biases)
