"""One neuron, some in a row, and some side by side: what weight, bias and bend each do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from playground.core.activations import relu, sigmoid
from playground.core.functional import FloatArray as Floats
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.neurons.bends import (
    CURVES,
    SAMPLES,
    Bends,
    Curve,
    follow,
    root_mean_square,
    straight_error,
)

Bend = Literal["line", "sigmoid", "relu"]
BENDS: dict[Bend, Callable[[Floats], Floats]] = {
    "line": lambda z: z,
    "sigmoid": sigmoid,
    "relu": relu,
}
SIDE_BY_SIDE = (1, 2, 4, 8)
_RANGE: dict[str, Any] = {"ge": -3, "le": 3, "step": 0.1}


class NeuronSettings(Settings):
    """Weights and biases, and the curve that is to be followed."""

    weight: float = field(1.5, label="Weight W", explanation="Turns the line: its slope.", **_RANGE)
    bias: float = field(
        -1.0, label="Bias b", explanation="Shifts the line: its value at x = 0.", **_RANGE
    )
    row: Literal[2, 3] = field(
        2,
        label="In a row",
        explanation="Each neuron takes what the one before it gives.",
        words={"2": "two neurons", "3": "three neurons"},
    )
    curve: Curve = field(
        "sine",
        label="A curve to follow",
        explanation="By 1, 2, 4 and 8 ReLU neurons side by side.",
        words={"sine": "a sine", "bump": "a bump", "step": "a step", "valley": "a valley"},
    )
    weight_2: float = field(
        -1.2, label="Weight of the second", explanation="Of those in a row.", seldom=True, **_RANGE
    )
    bias_2: float = field(
        1.0, label="Bias of the second", explanation="Of those in a row.", seldom=True, **_RANGE
    )
    weight_3: float = field(
        2.0, label="Weight of the third", explanation="Of those in a row.", seldom=True, **_RANGE
    )
    bias_3: float = field(
        -0.5, label="Bias of the third", explanation="Of those in a row.", seldom=True, **_RANGE
    )

    @property
    def neurons(self) -> tuple[tuple[float, float], ...]:
        """Weight and bias of each in the row, the first first."""
        second, third = (self.weight_2, self.bias_2), (self.weight_3, self.bias_3)
        return ((self.weight, self.bias), second, third)[: self.row]


@dataclass(frozen=True)
class Followed:
    """A curve as so many neurons follow it."""

    bends: Bends
    error: float  # root mean square


@dataclass(frozen=True)
class Neuron:
    """All that is drawn.

    Parameters
    ----------
    settings : NeuronSettings
        Weights, biases, curve.
    straight : float
        Root mean square error of the best straight line through the curve.
    followed : tuple of Followed
        For each of `SIDE_BY_SIDE`.
    """

    settings: NeuronSettings
    straight: float
    followed: tuple[Followed, ...]

    @property
    def progress(self) -> Progress:
        """Done at once."""
        return Progress()

    def to_json(self) -> dict[str, Any]:
        """Return where the neuron bends, the line that a row of lines is, and every fit."""
        weight, bias = collapse(self.settings.neurons)
        return {
            "zero_at": zero(self.settings.weight, self.settings.bias),
            "row_as_one_line": {"weight": weight, "bias": bias},
            "straight_error": self.straight,
            "followed": [
                {
                    "neurons": len(each.bends.outs),
                    "error": each.error,
                    "bends_at": list(each.bends.places),
                }
                for each in self.followed
            ],
        }


def zero(weight: float, bias: float) -> float | None:
    """Return where W x + b is 0, None where the line is flat.

    Examples
    --------
    >>> zero(2.0, -1.0), zero(0.0, 1.0)
    (0.5, None)
    """
    return -bias / weight + 0 if weight else None


def in_a_row(x: Floats, neurons: tuple[tuple[float, float], ...], bend: Bend) -> Floats:
    """Return what the last of some neurons gives, each taking what the one before it gives."""
    for weight, bias in neurons:
        x = BENDS[bend](weight * x + bias)
    return x


def collapse(neurons: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """Return weight and bias of the one line that straight lines in a row are.

    W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2).

    Examples
    --------
    >>> collapse(((2.0, 1.0), (3.0, -1.0)))
    (6.0, 2.0)
    """
    slope, shift = 1.0, 0.0
    for weight, bias in neurons:
        slope, shift = weight * slope, weight * shift + bias
    return slope, shift


def run_neuron(_given: None, settings: NeuronSettings, _run: Run) -> Iterator[Neuron]:
    """Work out what is drawn.

    Yields
    ------
    Neuron
        One.
    """
    wanted = CURVES[settings.curve](SAMPLES)
    fits = (follow(settings.curve, neurons) for neurons in SIDE_BY_SIDE)
    followed = tuple(Followed(fit, root_mean_square(fit(SAMPLES) - wanted)) for fit in fits)
    yield Neuron(settings, straight_error(settings.curve), followed)


def spread(reach: float) -> Floats:
    """Return places to draw a curve at, from one end to the other."""
    return np.linspace(-reach, reach, 161)
