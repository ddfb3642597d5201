"""Descent: seven rules race over a cost surface from one start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from playground.experiments.run import Progress, Run
from playground.experiments.settings import field
from playground.labs.neurons.racers import HIGHEST_RATE, RacersSettings
from playground.labs.neurons.racing import Ended, Path, ended, tilts, walk
from playground.labs.neurons.rules import Rates
from playground.labs.neurons.surfaces import REACH, SURFACES, Name, Surface


class DescentSettings(RacersSettings):
    """The surface, the start, and how long the steps are."""

    surface: Name = field(
        "ravine",
        label="Cost surface",
        explanation="Over two weights, x and y.",
        words={
            "bowl": "convex bowl",
            "ravine": "ravine",
            "two-minima": "two minima",
            "saddle": "saddle",
        },
    )
    start_x: float = field(
        -1.8, label="Start x", explanation="Or click in the picture.", ge=-REACH, le=REACH
    )
    start_y: float = field(
        0.7, label="Start y", explanation="Or click in the picture.", ge=-REACH, le=REACH
    )
    learning_rate: float = field(
        0.05,
        label="Learning rate",
        explanation="Of the rules that follow the slope.",
        gt=0,
        le=HIGHEST_RATE,
    )
    adaptive_rate: float = field(
        0.05,
        label="RMSProp's and Adam's",
        explanation="About the length of each step.",
        gt=0,
        le=HIGHEST_RATE,
    )
    spread: float = field(
        1.0,
        label="Spread of the examples",
        explanation="How far one example's slope is off.",
        ge=0,
        le=20,
        step=0.5,
        seldom=True,
    )
    steps: int = field(
        150, label="Steps", explanation="Of each; at most 1,000.", ge=1, le=1000, seldom=True
    )
    seed: int = field(
        0,
        label="Seed",
        explanation="Draws the examples and their order.",
        ge=0,
        le=2**32 - 1,
        seldom=True,
    )

    @property
    def start(self) -> tuple[float, float]:
        """Where all begin."""
        return self.start_x, self.start_y

    @property
    def rates(self) -> Rates:
        """How long the steps are."""
        return Rates(self.learning_rate, self.adaptive_rate, self.momentum)

    @property
    def ground(self) -> Surface:
        """The surface."""
        return SURFACES[self.surface]


@dataclass(frozen=True)
class Descent:
    """The ways that have been walked.

    Parameters
    ----------
    settings : DescentSettings
        What was asked for.
    paths : tuple of Path
        One a rule.
    """

    settings: DescentSettings
    paths: tuple[Path, ...] = ()

    @property
    def progress(self) -> Progress:
        """Rules that have arrived."""
        done, total = len(self.paths), len(self.settings.racing)
        return Progress(done, total, f"{done} of {total} rules have walked")

    def to_json(self) -> dict[str, Any]:
        """Return every way, and where it ended."""
        lowest = self.settings.ground.lowest
        return {
            "lowest": lowest,
            "paths": [
                {
                    "rule": each.rule,
                    "steps": each.steps,
                    "examples": each.steps * each.batch,
                    "cost": each.costs[-1],
                    "end": list(each.places[-1]),
                    "ended": self.ended(each),
                    "left_at_step": each.left_at,
                    "reached_at_step": each.reached(lowest),
                    "places": [list(place) for place in each.places],
                    "costs": list(each.costs),
                }
                for each in self.paths
            ],
        }

    def ended(self, path: Path) -> Ended:
        """Tell where a way ends."""
        return ended(self.settings.ground, path)


def run_descent(_given: None, settings: DescentSettings, run: Run) -> Iterator[Descent]:
    """Let each rule walk; yield after each.

    Yields
    ------
    Descent
        The same seed gives the same ways.
    """
    known = Descent(settings)
    tilted = tilts(settings.seed, settings.spread)
    for rule in settings.racing:
        run.check()
        path = walk(
            settings.ground,
            rule,
            settings.rates,
            settings.start,
            settings.steps,
            tilted,
            np.random.default_rng(settings.seed),
        )
        known = Descent(settings, (*known.paths, path))
        yield known
