"""What bends buy: a curve followed as well as so many ReLU neurons side by side can.

Each neuron is flat up to one place and a straight line beyond it, or the other way round; their
weighted sum bends once a neuron. The places are searched on a grid: a neuron more is put where it
lowers the squared error most, then each in turn is moved to where it does, until none moves. What
weighs them is the least squares solution, so no fit here hangs on luck or on a learning rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from playground.core.activations import relu
from playground.core.functional import FloatArray as Floats

Curve = Literal["sine", "bump", "step", "valley"]

REACH = 3.0
SAMPLES = np.linspace(-REACH, REACH, 121)
CURVES: dict[Curve, Callable[[Floats], Floats]] = {
    "sine": lambda x: np.sin(np.pi * x / 2),
    "bump": lambda x: 2 * np.exp(-(x**2)) - 1,
    "step": lambda x: np.where(x < 0, -1.0, 1.0),
    "valley": lambda x: np.abs(x) * 2 / REACH - 1,
}
_GRID = np.linspace(-REACH, REACH, 61)
_GAIN = 1e-12  # of the squared error; what gains less is rounding


@dataclass(frozen=True)
class Bends:
    """Neurons side by side: sum_i out_i relu(w_i x + b_i), plus a bias.

    Parameters
    ----------
    weights, biases, outs : tuple of float
        One a neuron: w_i, b_i, and how much of it goes into the sum.
    bias : float
        Added at the end.
    """

    weights: tuple[float, ...]
    biases: tuple[float, ...]
    outs: tuple[float, ...]
    bias: float

    def __call__(self, x: Floats) -> Floats:
        """Return the sum at every x."""
        hidden = relu(np.multiply.outer(x, self.weights) + np.array(self.biases))
        total: Floats = hidden @ np.array(self.outs) + self.bias
        return total

    @property
    def places(self) -> tuple[float, ...]:
        """Where it bends, from left to right: w x + b = 0."""
        both = zip(self.weights, self.biases, strict=True)
        return tuple(sorted(-bias / weight + 0 for weight, bias in both))


def straight_error(curve: Curve) -> float:
    """Return the root mean square error of the best straight line: all that no bend can do."""
    columns = np.stack([np.ones_like(SAMPLES), SAMPLES], axis=1)
    wanted = CURVES[curve](SAMPLES)
    line: Floats = columns @ np.linalg.lstsq(columns, wanted)[0]
    return root_mean_square(line - wanted)


def root_mean_square(values: Floats) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(values**2)))


def follow(curve: Curve, neurons: int) -> Bends:
    """Return the neurons that follow a curve, each put where it helps most."""
    return _weighed(CURVES[curve](SAMPLES), _chosen(curve, neurons))


@cache
def _chosen(curve: Curve, neurons: int) -> tuple[int, ...]:
    """Return which of the candidates are taken; those with fewer neurons are where it starts."""
    if not neurons:
        return ()
    wanted = CURVES[curve](SAMPLES)
    if neurons == 2:  # few enough to try every pair
        pairs = [(first, _best(wanted, (first,))) for first in range(2 * len(_GRID))]
        return min(pairs, key=lambda pair: _error(wanted, pair))
    before = _chosen(curve, neurons - 1)
    chosen = [*before, _best(wanted, before)]
    moved = True
    while moved:
        moved = False
        for index, place in enumerate(chosen):
            others = (*chosen[:index], *chosen[index + 1 :])
            better = _best(wanted, others)
            gain = _error(wanted, chosen) - _error(wanted, (*others, better))
            if better != place and gain > _GAIN:
                chosen[index], moved = better, True
    return tuple(chosen)


@cache
def _candidates() -> tuple[Floats, Floats, Floats]:
    """Return weights, biases and outputs of all neurons that may be taken, shape (121, 122)."""
    weights = np.repeat([1.0, -1.0], len(_GRID))
    biases = -weights * np.tile(_GRID, 2)
    return weights, biases, relu(np.multiply.outer(SAMPLES, weights) + biases)


def _columns(chosen: tuple[int, ...] | list[int]) -> Floats:
    outputs = _candidates()[2][:, list(chosen)]
    return np.column_stack([np.ones_like(SAMPLES), outputs])


def _error(wanted: Floats, chosen: tuple[int, ...] | list[int]) -> float:
    columns = _columns(chosen)
    fitted: Floats = columns @ np.linalg.lstsq(columns, wanted)[0]
    return float(((fitted - wanted) ** 2).sum())


def _best(wanted: Floats, others: tuple[int, ...]) -> int:
    """Return the candidate that, beside the others, leaves the least squared error."""
    basis, _ = np.linalg.qr(_columns(others))
    outputs = _candidates()[2]
    # What the others cannot say of each candidate, and of the curve: there alone it can help.
    new: Floats = outputs - basis @ (basis.T @ outputs)
    left = wanted - basis @ (basis.T @ wanted)
    size = (new**2).sum(axis=0)
    can = size > 1e-9 * len(SAMPLES)
    gain = np.where(can, (new.T @ left) ** 2 / np.where(can, size, 1), 0)
    return int(gain.argmax())


def _weighed(wanted: Floats, chosen: tuple[int, ...]) -> Bends:
    weights, biases, _ = _candidates()
    bias, *outs = np.linalg.lstsq(_columns(chosen), wanted)[0].tolist()
    picked = list(chosen)
    return Bends(tuple(weights[picked].tolist()), tuple(biases[picked].tolist()), tuple(outs), bias)
