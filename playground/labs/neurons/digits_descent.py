"""Descent on the digits: the same seven rules train the same network, with time beside cost.

The network is 784-16-16-10 with ReLU and cross-entropy. All start from the same weights and see the
examples in the same order; only the rule, and with it how many examples make a step, differs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from playground.core.functional import cross_entropy
from playground.core.network import MLP
from playground.core.optimizers import minibatches
from playground.data.digits import Digits, load_digits
from playground.experiments.run import Progress, Run
from playground.experiments.settings import field
from playground.labs.neurons.racers import HIGHEST_RATE, RacersSettings
from playground.labs.neurons.rules import Rates, RuleName, optimizer

POINTS = 10  # an epoch; for who makes so many steps
_TOO_HIGH = 1e3  # a cost of guessing is 2.3; who is here does not come back


class DigitsDescentSettings(RacersSettings):
    """How long the steps are, and how many."""

    learning_rate: float = field(
        0.01,
        label="Learning rate",
        explanation="Of the rules that follow the slope.",
        gt=0,
        le=HIGHEST_RATE,
    )
    adaptive_rate: float = field(
        0.001,
        label="RMSProp's and Adam's",
        explanation="About the length of each step.",
        gt=0,
        le=HIGHEST_RATE,
    )
    epochs: int = field(
        3, label="Epochs", explanation="Passes over the 9,000 digits; at most 20.", ge=1, le=20
    )
    batch_size: int = field(
        10,
        label="Mini-batch",
        explanation="Examples a step; of momentum and the others, too.",
        ge=2,
        le=9000,
        seldom=True,
    )
    seed: int = field(
        0,
        label="Seed",
        explanation="Draws the first weights and the order of the examples.",
        ge=0,
        le=2**32 - 1,
        seldom=True,
    )

    def batch_of(self, rule: RuleName, examples: int) -> int:
        """Return how many examples make a rule's step."""
        return {"gradient": examples, "stochastic": 1}.get(rule, min(self.batch_size, examples))


@dataclass(frozen=True)
class Point:
    """How good a network is after some training.

    Parameters
    ----------
    epoch : float
        Passes over the examples, in parts too.
    steps : int
        Made so far.
    seconds : float
        Of training; tests are not counted.
    cost, accuracy : float
        On digits that it has not seen.
    """

    epoch: float
    steps: int
    seconds: float
    cost: float
    accuracy: float


@dataclass(frozen=True)
class Course:
    """A rule's training.

    Parameters
    ----------
    rule : str
        Which.
    batch : int
        Examples a step.
    points : tuple of Point
        From the untrained network on.
    diverged_at : int or None
        The step whose batch cost was no number, or beyond all measure.
    """

    rule: RuleName
    batch: int
    points: tuple[Point, ...]
    diverged_at: int | None = None


@dataclass(frozen=True)
class DigitsDescent:
    """The trainings as far as they have come."""

    settings: DigitsDescentSettings
    courses: tuple[Course, ...] = ()

    @property
    def progress(self) -> Progress:
        """Epochs trained, by all rules."""
        epochs = self.settings.epochs
        done = sum(
            epochs if each.diverged_at else int(each.points[-1].epoch + 1e-9)
            for each in self.courses
        )
        total = epochs * len(self.settings.racing)
        return Progress(done, total, f"{done} of {total} epochs trained")

    def to_json(self) -> dict[str, Any]:
        """Return every training."""
        return {"courses": [asdict(each) for each in self.courses]}


def run_digits_descent(
    _given: None, settings: DigitsDescentSettings, run: Run
) -> Iterator[DigitsDescent]:
    """Train by each rule in turn; yield the curves as they grow.

    Yields
    ------
    DigitsDescent
        The same seed gives the same costs; seconds are measured.
    """
    train, test = load_digits().split()
    done: tuple[Course, ...] = ()
    for rule in settings.racing:
        for course in _train(rule, settings, train, test):
            yield DigitsDescent(settings, (*done, course))
            run.check()
        done = (*done, course)


def _train(
    rule: RuleName, settings: DigitsDescentSettings, train: Digits, test: Digits
) -> Iterator[Course]:
    """Yield a rule's training as it grows."""
    dice = np.random.default_rng(settings.seed)
    network = MLP.create(dice, activation="relu", cost="cross-entropy", initialization="he")
    rates = Rates(settings.learning_rate, settings.adaptive_rate, settings.momentum)
    descent, state, examples = optimizer(rule, rates), None, len(train.labels)
    batch = settings.batch_of(rule, examples)
    course = Course(rule, batch, (_measured(network, test, 0, 0, 0.0),))
    yield course
    state, seconds, step = descent.init(network.parameters), 0.0, 0
    a_point = max(examples // batch // POINTS, 1)
    for epoch in range(settings.epochs):
        started, seen = time.perf_counter(), 0
        for chosen in minibatches(dice, examples, batch):
            step, seen = step + 1, seen + len(chosen)
            with np.errstate(all="ignore"):  # what overflows is seen in the next lines
                cost, slopes = network.loss_and_gradients(
                    train.images[chosen], train.labels[chosen]
                )
                if not cost < _TOO_HIGH:
                    yield replace(course, diverged_at=step)
                    return
                parameters, state = descent.step(network.parameters, slopes, state)
            network = replace(network, parameters=parameters)
            if step % a_point == 0 or seen == examples:
                seconds += time.perf_counter() - started
                share = epoch + seen / examples
                point = _measured(network, test, share, step, seconds)
                course = replace(course, points=(*course.points, point))
                yield course
                started = time.perf_counter()


def _measured(network: MLP, test: Digits, epoch: float, steps: int, seconds: float) -> Point:
    with np.errstate(all="ignore"):
        output = network.forward(test.images)[-1]
        cost = float(cross_entropy(output, test.labels))
    right = float((output.argmax(axis=-1) == test.labels).mean())
    # A network about to be given up has costs that JSON and a picture have no number for.
    return Point(epoch, steps, seconds, cost if cost < _TOO_HIGH else _TOO_HIGH, right)
