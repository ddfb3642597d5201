"""Surfaces and ways down them: slopes against finite differences, minima against scipy's."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from scipy.optimize import minimize

from playground.labs.neurons.racing import (
    EXAMPLES,
    FAR,
    ended,
    longest_rate,
    tilts,
    walk,
)
from playground.labs.neurons.rules import Rates, RuleName
from playground.labs.neurons.surfaces import REACH, SURFACES, Name, Surface, contours

every_surface = pytest.mark.parametrize("name", get_args(Name))
RATES = Rates(0.05, 0.1, 0.9)
RULES: tuple[RuleName, ...] = get_args(RuleName)


def gone(surface: Surface, rule: RuleName, rates: Rates, start: tuple[float, float], steps: int):
    dice = np.random.default_rng(0)
    return walk(surface, rule, rates, start, steps, tilts(0, 1.0), dice)


@every_surface
def test_slope_and_curvature_equal_finite_differences(name: Name) -> None:
    surface, h = SURFACES[name], 1e-5
    for x, y in np.random.default_rng(1).uniform(-REACH, REACH, (20, 2)):
        across = (surface.cost(x + h, y) - surface.cost(x - h, y)) / (2 * h)
        along = (surface.cost(x, y + h) - surface.cost(x, y - h)) / (2 * h)
        np.testing.assert_allclose(surface.slope(x, y), (across, along), atol=1e-7)
        bend_x = (surface.slope(x + h, y)[0] - surface.slope(x - h, y)[0]) / (2 * h)
        bend_y = (surface.slope(x, y + h)[1] - surface.slope(x, y - h)[1]) / (2 * h)
        np.testing.assert_allclose(surface.curvature(x, y), (bend_x, bend_y), atol=1e-6)
        assert surface.slope(x + h, y)[1] == pytest.approx(surface.slope(x - h, y)[1], abs=1e-12)


@every_surface
def test_minima_are_those_that_scipy_finds_from_anywhere(name: Name) -> None:
    surface = SURFACES[name]
    found = set()
    for start in np.random.default_rng(2).uniform(-REACH, REACH, (30, 2)):
        end = minimize(lambda place: surface.cost(*place), start).x
        apart = [float(np.hypot(*(end - minimum))) for minimum in surface.minima]
        assert min(apart) < 1e-3
        found.add(int(np.argmin(apart)))
    assert found == set(range(len(surface.minima)))
    assert surface.is_global(surface.minima[0])
    for place in (*surface.minima, *surface.flat):
        np.testing.assert_allclose(surface.slope(*np.array(place)), 0, atol=1e-9)
    assert all(min(surface.curvature(*np.array(place))) < 0 for place in surface.flat)


@every_surface
def test_a_contour_has_one_cost(name: Name) -> None:
    surface = SURFACES[name]
    lines = [np.array(line) for line in contours(name)]
    assert sum(len(line) > 0 for line in lines) == len(lines)
    middles = []
    for line in lines:
        costs = surface.cost(line[..., 0], line[..., 1])
        assert np.ptp(costs) < 0.1 * np.ptp(surface.cost(*np.meshgrid([0, 2.0], [0, 2.0])))
        middles.append(costs.mean())
    assert middles == sorted(middles)


def test_examples_differ_and_are_right_on_the_average() -> None:
    tilted = tilts(5, 2.0)
    assert tilted.shape == (EXAMPLES, 2)
    np.testing.assert_allclose(tilted.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(tilted.std(axis=0), 2.0)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_gets_down_the_bowl(rule: RuleName) -> None:
    path = gone(SURFACES["bowl"], rule, RATES, (-1.6, 1.2), 300)
    assert path.steps == 300
    assert ended(SURFACES["bowl"], path) == "global"
    # Who looks at one example a step is thrown about, and never comes to rest.
    assert (path.reached(0.0) is None) == (rule == "stochastic")


def test_which_minimum_is_found_hangs_on_the_start_alone() -> None:
    surface = SURFACES["two-minima"]
    for x, where in ((-0.5, "global"), (0.5, "local"), (1.5, "local")):
        assert ended(surface, gone(surface, "gradient", RATES, (x, 1.0), 300)) == where


def test_on_the_ridge_of_a_saddle_only_noise_gets_away() -> None:
    surface = SURFACES["saddle"]
    still = gone(surface, "gradient", RATES, (1.5, 0.0), 300)
    assert ended(surface, still) == "saddle"
    assert ended(surface, gone(surface, "stochastic", RATES, (1.5, 0.0), 300)) == "global"


@pytest.mark.parametrize("rule", ["gradient", "momentum", "nesterov"])
@pytest.mark.parametrize("mu", [0.5, 0.9])
def test_just_above_the_longest_rate_the_steps_grow(rule: RuleName, mu: float) -> None:
    surface, start = SURFACES["ravine"], (1.0, 1.0)
    limit = longest_rate(surface, rule, Rates(1, 1, mu), start)
    below = gone(surface, rule, Rates(0.98 * limit, 1, mu), start, 3000)
    above = gone(surface, rule, Rates(1.02 * limit, 1, mu), start, 3000)
    assert below.left_at is None
    assert below.costs[-1] < below.costs[0]
    assert above.left_at is not None


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", get_args(Name))
def test_a_huge_rate_ends_before_there_is_no_number(rule: RuleName, name: Name) -> None:
    path = gone(SURFACES[name], rule, Rates(1e9, 1e9, 0.9), (-1.6, 1.2), 100)
    assert path.left_at == 1
    assert ended(SURFACES[name], path) == "left"
    assert np.abs(path.places).max() <= FAR
    assert np.isfinite(path.costs).all()
