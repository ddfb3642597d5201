"""How a network walks downhill: from gradient descent to Adam.

Every rule is a small frozen dataclass with two pure methods. ``init(parameters)`` returns what the
rule remembers between steps; ``step(parameters, gradients, state)`` returns new parameters and a
new memory, and leaves those it was given as they were. Conventions are torch.optim's, so that the
two can be compared number by number.

Which examples a gradient is taken over is a choice apart from the rule: all of them (gradient
descent), one (stochastic gradient descent) or a few (mini-batch). `minibatches` makes all three.

In the formulas t counts steps, w is a parameter, g its gradient, and eta the learning rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import FloatArray
from playground.core.network import Parameters

State = TypeVar("State")


class Optimizer(Protocol[State]):
    """What every rule below offers."""

    def init(self, parameters: Parameters) -> State:
        """Return the memory before the first step."""

    def step(
        self, parameters: Parameters, gradients: Parameters, state: State
    ) -> tuple[Parameters, State]:
        """Return the parameters and the memory after one step."""


@dataclass(frozen=True)
class SGD:
    """Gradient descent, w <- w - eta g; with momentum, and with Nesterov's look ahead.

    Momentum keeps a velocity (Polyak, 1964): v <- mu v + g, then w <- w - eta v. Nesterov's form
    (Sutskever et al., 2013) steps along g + mu v instead, where the velocity is about to lead.

    Parameters
    ----------
    learning_rate : float
        eta, the length of a step.
    momentum : float
        mu, how much of the velocity stays; 0 is plain gradient descent.
    nesterov : bool
        Look ahead; needs momentum.

    Examples
    --------
    >>> rule = SGD(learning_rate=0.1)
    >>> rule.step([np.array([1.0])], [np.array([2.0])], [])
    ([array([0.8])], [])
    """

    learning_rate: float
    momentum: float = 0.0
    nesterov: bool = False

    def init(self, parameters: Parameters) -> Parameters:
        """Return velocities of 0; none without momentum."""
        return _zeros_like(parameters) if self.momentum else []

    def step(
        self, parameters: Parameters, gradients: Parameters, state: Parameters
    ) -> tuple[Parameters, Parameters]:
        """Return the parameters and the velocities after one step."""
        if not self.momentum:
            return self._walk(parameters, gradients), state
        velocities: Parameters = [
            self.momentum * v + g for v, g in zip(state, gradients, strict=True)
        ]
        if not self.nesterov:
            return self._walk(parameters, velocities), velocities
        ahead: Parameters = [
            g + self.momentum * v for v, g in zip(velocities, gradients, strict=True)
        ]
        return self._walk(parameters, ahead), velocities

    def _walk(self, parameters: Parameters, directions: Parameters) -> Parameters:
        return [w - self.learning_rate * d for w, d in zip(parameters, directions, strict=True)]


@dataclass(frozen=True)
class RMSprop:
    """Divide each step by the recent size of its gradient (Hinton, 2012, lecture 6e).

    s <- alpha s + (1 - alpha) g^2, then w <- w - eta g / (sqrt(s) + eps).

    Parameters
    ----------
    learning_rate : float
        eta, about the length of a step in every direction.
    alpha : float
        How much of the mean square stays.
    eps : float
        Keeps a gradient of 0 from dividing by zero.

    Examples
    --------
    >>> rule = RMSprop(learning_rate=0.1, alpha=0.0)
    >>> (after,), _ = rule.step([np.array([1.0, 1.0])], [np.array([9.0, 0.1])], [np.zeros(2)])
    >>> after.round(6)
    array([0.9, 0.9])
    """

    learning_rate: float = 0.01
    alpha: float = 0.99
    eps: float = 1e-8

    def init(self, parameters: Parameters) -> Parameters:
        """Return mean squares of 0."""
        return _zeros_like(parameters)

    def step(
        self, parameters: Parameters, gradients: Parameters, state: Parameters
    ) -> tuple[Parameters, Parameters]:
        """Return the parameters and the mean squares after one step."""
        squares = [_blend(self.alpha, s, g * g) for s, g in zip(state, gradients, strict=True)]
        stepped: Parameters = [
            w - self.learning_rate * g / (np.sqrt(s) + self.eps)
            for w, g, s in zip(parameters, gradients, squares, strict=True)
        ]
        return stepped, squares


class AdamState(NamedTuple):
    """What Adam remembers: running means of g and of g^2, and the number of steps made."""

    means: Parameters
    squares: Parameters
    steps: int


@dataclass(frozen=True)
class Adam:
    """Momentum and RMSprop in one, both corrected for their start at 0.

    m <- b1 m + (1 - b1) g and s <- b2 s + (1 - b2) g^2; then, with m' = m / (1 - b1^t) and
    s' = s / (1 - b2^t), w <- w - eta m' / (sqrt(s') + eps). Kingma & Ba, 2015, arXiv:1412.6980.

    Parameters
    ----------
    learning_rate : float
        eta, about the length of a step in every direction.
    betas : (float, float)
        b1 and b2, how much of each running mean stays.
    eps : float
        Keeps a gradient of 0 from dividing by zero.

    Examples
    --------
    >>> rule = Adam(learning_rate=0.1)
    >>> weights = [np.array([1.0, 1.0])]
    >>> (after,), state = rule.step(weights, [np.array([9.0, 0.1])], rule.init(weights))
    >>> after.round(6), state.steps
    (array([0.9, 0.9]), 1)
    """

    learning_rate: float = 0.001
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def init(self, parameters: Parameters) -> AdamState:
        """Return running means of 0."""
        return AdamState(_zeros_like(parameters), _zeros_like(parameters), steps=0)

    def step(
        self, parameters: Parameters, gradients: Parameters, state: AdamState
    ) -> tuple[Parameters, AdamState]:
        """Return the parameters and the running means after one step."""
        b1, b2 = self.betas
        steps = state.steps + 1
        means = [_blend(b1, m, g) for m, g in zip(state.means, gradients, strict=True)]
        squares = [_blend(b2, s, g * g) for s, g in zip(state.squares, gradients, strict=True)]
        c1, c2 = 1 - b1**steps, 1 - b2**steps
        stepped = [
            w - self.learning_rate * (m / c1) / (np.sqrt(s / c2) + self.eps)
            for w, m, s in zip(parameters, means, squares, strict=True)
        ]
        return stepped, AdamState(means, squares, steps)


def minibatches(
    rng: np.random.Generator, examples: int, batch_size: int
) -> Iterator[NDArray[np.integer]]:
    """Deal out all examples once, in random order: one epoch.

    Parameters
    ----------
    rng : Generator
        Shuffles.
    examples : int
        How many there are.
    batch_size : int
        How many make one step: 1 is stochastic gradient descent, all of them gradient descent. The
        last batch may be smaller.

    Yields
    ------
    array of int
        Indices of the batch's examples.

    Examples
    --------
    >>> [len(batch) for batch in minibatches(np.random.default_rng(0), 10, 4)]
    [4, 4, 2]
    """
    order = rng.permutation(examples)
    for start in range(0, examples, batch_size):
        yield order[start : start + batch_size]


def _zeros_like(parameters: Parameters) -> Parameters:
    return [np.zeros_like(w) for w in parameters]


def _blend(keep: float, old: FloatArray, new: FloatArray) -> FloatArray:
    """Move a running mean on by one value."""
    return keep * old + (1 - keep) * new
