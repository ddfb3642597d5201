"""One rule's way down a cost surface, and where it ends.

A surface here is the mean over 64 examples. Each example's own surface is the same but tilted, and
the tilts cancel out over all: whoever looks at one example, or a few, sees a slope that is right on
the average and wrong each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from playground.core.functional import FloatArray
from playground.core.network import Parameters
from playground.labs.neurons.rules import ADAPTIVE, FOLLOWING, Rates, RuleName, optimizer
from playground.labs.neurons.surfaces import REACH, Surface

EXAMPLES = 64
BATCHES: dict[RuleName, int] = {"stochastic": 1, "mini-batch": 8}  # all others take all
FAR = 50 * REACH  # who is there has left, and does not come back
_IN, _AROUND = 0.05, 0.5
_LEVEL = 1e-3

Ended = Literal["global", "local", "saddle", "way", "left"]


@dataclass(frozen=True)
class Path:
    """A rule's way.

    Parameters
    ----------
    rule : str
        Which.
    places : tuple of (float, float)
        The start, and where each step led.
    costs : tuple of float
        The cost there.
    left_at : int or None
        The step that led farther than `FAR`, or to no number at all; the way ends before it.
    """

    rule: RuleName
    places: tuple[tuple[float, float], ...]
    costs: tuple[float, ...]
    left_at: int | None = None

    @property
    def steps(self) -> int:
        """Steps made."""
        return len(self.places) - 1

    @property
    def batch(self) -> int:
        """Examples looked at in each step."""
        return BATCHES.get(self.rule, EXAMPLES)

    def reached(self, lowest: float) -> int | None:
        """Return the step from which 99 % of the start's height above a cost is gone for good.

        None where it is not, or only in the last tenth, in which noise may have been kind.
        """
        bound = lowest + 0.01 * (self.costs[0] - lowest) + 1e-12
        above = [step for step, cost in enumerate(self.costs) if cost > bound]
        first = above[-1] + 1 if above else 0
        return first if first <= 0.9 * self.steps else None


def tilts(seed: int, spread: float) -> FloatArray:
    """Return each example's own part of the slope, shape (64, 2); over all they are 0.

    Parameters
    ----------
    seed : int
        Draws them.
    spread : float
        How far a single example's slope is off, along x and along y.
    """
    drawn = np.random.default_rng(seed).standard_normal((EXAMPLES, 2))
    drawn -= drawn.mean(axis=0)
    scaled: FloatArray = spread * drawn / drawn.std(axis=0)
    return scaled


def walk(
    surface: Surface,
    rule: RuleName,
    rates: Rates,
    start: tuple[float, float],
    steps: int,
    tilted: FloatArray,
    dice: np.random.Generator,
) -> Path:
    """Return a rule's way from a start, of so many steps or until it leaves.

    Parameters
    ----------
    surface : Surface
        What it walks on.
    rule, rates : str, Rates
        Which rule, and how long its steps are.
    start, steps : (float, float), int
        Where it begins, and how many it makes at most.
    tilted : array of shape (64, 2)
        See `tilts`.
    dice : Generator
        Draws the examples of each step.
    """
    descent, batch = optimizer(rule, rates), BATCHES.get(rule, 0)
    place: Parameters = [np.array(start, dtype=np.float64)]
    state = descent.init(place)
    places, costs = [start], [float(surface.cost(*place[0]))]
    for step in range(1, steps + 1):
        slope = np.array(surface.slope(*place[0])) + _off(tilted, batch, dice)
        with np.errstate(all="ignore"):  # what leaves is seen in the next line
            place, state = descent.step(place, [slope], state)
            gone = not bool((np.abs(place[0]) <= FAR).all())
        if gone:
            return Path(rule, tuple(places), tuple(costs), left_at=step)
        x, y = place[0].tolist()
        places.append((x, y))
        costs.append(float(surface.cost(*place[0])))
    return Path(rule, tuple(places), tuple(costs))


def _off(tilted: FloatArray, batch: int, dice: np.random.Generator) -> FloatArray:
    """Return how far the mean slope of some examples is off; 0 stands for all of them."""
    if not batch:
        return np.zeros(2)
    off: FloatArray = tilted[dice.choice(EXAMPLES, batch, replace=False)].mean(axis=0)
    return off


def ended(surface: Surface, path: Path) -> Ended:
    """Tell where a way ends: in a minimum or around it, on a saddle, on its way, or away."""
    if path.left_at is not None:
        return "left"
    end = path.places[-1]
    near = _AROUND if path.rule in BATCHES or path.rule in ADAPTIVE else _IN
    for minimum in surface.minima:
        if _apart(end, minimum) < near:
            return "global" if surface.is_global(minimum) else "local"
    slope = np.hypot(*surface.slope(*np.array(end)))
    still = slope < _LEVEL and any(_apart(end, flat) < _IN for flat in surface.flat)
    return "saddle" if still else "way"


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


def longest_rate(surface: Surface, rule: RuleName, rates: Rates, at: tuple[float, float]) -> float:
    """Return the learning rate above which a rule's steps grow, as the surface curves at a point.

    A step lands on the other side of the valley, and farther up than it came from, when rate times
    curvature is above 2; with a velocity above 2 (1 + mu), with Nesterov's above
    2 (1 + mu) / (1 + 2 mu).
    """
    steepest, mu = surface.steepest(*at), rates.momentum
    if steepest <= 0:
        return float("inf")
    factor = 2.0
    if rule in FOLLOWING:
        factor *= 1 + mu
    if rule == "nesterov":
        factor /= 1 + 2 * mu
    return factor / steepest
