"""Four cost surfaces over two weights, each with its slope, its curvature and its minima."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from playground.core.functional import FloatArray

Name = Literal["bowl", "ravine", "two-minima", "saddle"]
REACH = 2.0  # the picture goes from -REACH to REACH both ways

_CELLS = 48
_TILT = 0.3  # of the surface with two minima, which makes one of them the deeper


@dataclass(frozen=True)
class Surface:
    """A cost of two weights x and y, a sum of a part of each.

    Parameters
    ----------
    formula : str
        As one writes it.
    cost, slope, curvature : callable
        Of x and y each; arrays of the shape that is given. Slope and curvature give a pair: there
        is no mixed part, so the curvatures along x and y are the least and the greatest of all.
    minima : tuple of (float, float)
        Where the cost is less than all around; the lowest first.
    flat : tuple of (float, float)
        Where the slope is 0 and no minimum is.
    """

    formula: str
    cost: Callable[[FloatArray, FloatArray], FloatArray]
    slope: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
    curvature: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
    minima: tuple[tuple[float, float], ...]
    flat: tuple[tuple[float, float], ...] = ()

    @property
    def lowest(self) -> float:
        """The cost at the global minimum."""
        x, y = self.minima[0]
        return float(self.cost(np.array(x), np.array(y)))

    def is_global(self, minimum: tuple[float, float]) -> bool:
        """Tell whether nowhere is lower than at one of the minima."""
        x, y = minimum
        return bool(self.cost(np.array(x), np.array(y)) < self.lowest + 1e-9)

    def steepest(self, x: float, y: float) -> float:
        """Return the greatest curvature at a point: how fast the slope itself changes there."""
        return float(max(self.curvature(np.array(x), np.array(y))))


def _two_minima() -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """Return global minimum, local minimum and the saddle between: 4 x^3 - 4 x + 0.3 = 0."""
    left, middle, right = sorted(np.roots([4, 0, -4, _TILT]).real.tolist())
    return (left, 0.0), (right, 0.0), (middle, 0.0)


_GLOBAL, _LOCAL, _BETWEEN = _two_minima()

SURFACES: dict[Name, Surface] = {
    "bowl": Surface(
        "C = x²/2 + y²",
        lambda x, y: x**2 / 2 + y**2,
        lambda x, y: (x, 2 * y),
        lambda x, y: (np.ones_like(x), 2 * np.ones_like(y)),
        ((0.0, 0.0),),
    ),
    "ravine": Surface(
        "C = x²/2 + 12 y²",
        lambda x, y: x**2 / 2 + 12 * y**2,
        lambda x, y: (x, 24 * y),
        lambda x, y: (np.ones_like(x), 24 * np.ones_like(y)),
        ((0.0, 0.0),),
    ),
    "two-minima": Surface(
        "C = (x² - 1)² + 0.3 x + y²".replace("-", "\N{MINUS SIGN}"),
        lambda x, y: (x**2 - 1) ** 2 + _TILT * x + y**2,
        lambda x, y: (4 * x * (x**2 - 1) + _TILT, 2 * y),
        lambda x, y: (12 * x**2 - 4, 2 * np.ones_like(y)),
        (_GLOBAL, _LOCAL),
        (_BETWEEN,),
    ),
    "saddle": Surface(
        "C = x²/2 - y²/2 + y⁴/4".replace("-", "\N{MINUS SIGN}"),
        lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 4,
        lambda x, y: (x, y**3 - y),
        lambda x, y: (np.ones_like(x), 3 * y**2 - 1),
        ((0.0, 1.0), (0.0, -1.0)),
        ((0.0, 0.0),),
    ),
}

Segment = tuple[tuple[float, float], tuple[float, float]]


@cache
def contours(name: Name, lines: int = 14) -> tuple[tuple[Segment, ...], ...]:
    """Return lines of equal cost as short pieces, the lowest cost first.

    The costs grow with the square of their number, so that the lines are about equally far apart
    on a bowl.
    """
    surface, places = SURFACES[name], np.linspace(-REACH, REACH, _CELLS + 1)
    costs = surface.cost(*np.meshgrid(places, places, indexing="ij"))
    span = float(costs.max()) - surface.lowest
    levels = surface.lowest + span * ((np.arange(lines) + 0.5) / lines) ** 2
    return tuple(tuple(_segments(places, costs - level)) for level in levels)


def _segments(places: FloatArray, height: FloatArray) -> Iterator[Segment]:
    """Yield where a grid of heights crosses 0: each square is two triangles, cut straight."""
    for i in range(len(places) - 1):
        for j in range(len(places) - 1):
            square = height[i : i + 2, j : j + 2]
            if square.min() < 0 <= square.max():
                corners = [(places[i + a], places[j + b], height[i + a, j + b]) for a, b in _ROUND]
                for triangle in (corners[:3], [corners[2], corners[3], corners[0]]):
                    yield from _cut(triangle)


_ROUND = ((0, 0), (1, 0), (1, 1), (0, 1))


def _cut(triangle: list[tuple[float, float, float]]) -> Iterator[Segment]:
    """Yield the piece along which a triangle's height is 0, if there is one."""
    ends = []
    for (x, y, one), (other_x, other_y, other) in zip(
        triangle, triangle[1:] + triangle[:1], strict=True
    ):
        if (one < 0) != (other < 0):
            share = one / (one - other)
            ends.append((float(x + share * (other_x - x)), float(y + share * (other_y - y))))
    if len(ends) == 2:
        yield ends[0], ends[1]
