"""The training of one model of the next character: its curve, and what it writes on the way."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from playground.core.character_models import CharacterModel
from playground.core.optimizers import Adam
from playground.labs.neurons.character_text import CharacterText
from playground.labs.neurons.writing import write

STEP_CHARACTERS = 1_024  # read in a step
CHECKPOINTS = 10  # besides the one before the first step
SAMPLE = 200  # characters
START = 32
# Points of a curve, but never more than so many steps apart: the picture must move.
_POINTS, _FURTHEST = 100, 10
_FALL = 0.9  # of the learning rate, by the last step


@dataclass(frozen=True)
class Plan:
    """How a training goes.

    Parameters
    ----------
    steps : int
        Of the training.
    learning_rate : float
        Of the first step; it falls in a straight line to a tenth.
    temperature : float
        Of the samples.
    seed : int
        Draws the order of the text, and the samples.
    """

    steps: int
    learning_rate: float
    temperature: float
    seed: int


@dataclass(frozen=True)
class Point:
    """The mean loss of the steps since the point before, in nats a character."""

    step: int
    loss: float


@dataclass(frozen=True)
class Checkpoint:
    """The loss on what no model learns from, and what the model writes; each with the same dice."""

    step: int
    held_out: float
    sample: str


@dataclass(frozen=True)
class Course:
    """A training as far as it has come.

    Parameters
    ----------
    name : str
        Which model.
    weights : int
        How many are learned.
    reach : int
        Characters that it sees.
    step : int
        Steps made.
    points : tuple of Point
        The loss on what is learned from, each step's before it is learned.
    checkpoints : tuple of Checkpoint
        The first before the first step.
    seconds : float
        Of steps and checkpoints.
    diverged : str
        Why it ended early; empty where it did not.
    """

    name: str
    weights: int
    reach: int
    step: int = 0
    points: tuple[Point, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    seconds: float = 0.0
    diverged: str = ""


def train(
    model: CharacterModel, name: str, text: CharacterText, plan: Plan, check: Callable[[], None]
) -> Iterator[Course]:
    """Train a model; yield every few steps.

    Parameters
    ----------
    model : CharacterModel
        Where to start; it stays as it is.
    name : str
        What it is called.
    text : CharacterText
        What is learned from, and what is held out.
    plan : Plan
        How long and how fast.
    check : callable
        Called before each step; raises where it shall stop.

    Yields
    ------
    Course
        The first before the first step; the last at the end, or where it diverged.
    """
    learner = _Learner(model, text, plan)
    course = Course(name, model.parameter_count, model.reach, checkpoints=(learner.look(0),))
    yield course
    done = 0
    for stop in _stops(plan.steps):
        started = time.perf_counter()
        losses: list[float] = []
        for step in range(done + 1, stop + 1):
            check()
            losses.append(learner.step(step))
            if reason := why_diverged(losses[-1], len(text.kinds), step):
                yield replace(course, step=step, diverged=reason)
                return
        done, point = stop, Point(stop, float(np.mean(losses)))
        course = replace(course, step=stop, points=(*course.points, point))
        if stop in _checkpoints(plan.steps):
            seen = learner.look(stop)
            if reason := why_diverged(seen.held_out, len(text.kinds), stop):
                yield replace(course, diverged=reason)
                return
            course = replace(course, checkpoints=(*course.checkpoints, seen))
        yield (course := replace(course, seconds=course.seconds + time.perf_counter() - started))


class _Learner:
    """A model that changes with every step, and the dice of its training."""

    def __init__(self, model: CharacterModel, text: CharacterText, plan: Plan) -> None:
        self.model = model
        self._text, self._plan = text, plan
        self._dice = np.random.default_rng([plan.seed, 1])
        self._memory = Adam().init(model.parameters)

    def step(self, number: int) -> float:
        """Make a step; return the loss before it."""
        plan, model = self._plan, self.model
        fallen = 1 - _FALL * (number - 1) / plan.steps
        rule = Adam(model.rate_factor * plan.learning_rate * fallen)
        guesses = model.reach if model.every_place else 1
        windows = self._text.draw_windows(self._dice, STEP_CHARACTERS // guesses, model.reach)
        with np.errstate(all="ignore"):  # what overflows is seen by its loss, and told
            loss, gradients = model.loss_and_gradients(windows)
            parameters, self._memory = rule.step(model.parameters, gradients, self._memory)
        self.model = replace(model, parameters=parameters)
        return loss

    def look(self, number: int) -> Checkpoint:
        """Return what the model is worth now."""
        return look(self.model, self._text, self._plan, number)


def look(model: CharacterModel, text: CharacterText, plan: Plan, step: int) -> Checkpoint:
    """Return the loss of a model on what is held out, and what it writes.

    Parameters
    ----------
    model : CharacterModel
        After so many steps.
    text : CharacterText
        The end of what is learned from stands before the sample.
    plan : Plan
        Temperature and seed of the sample.
    step : int
        How many steps.
    """
    with np.errstate(all="ignore"):
        held_out = model.loss(text.held_out_windows(model.reach, model.every_place))
    if not math.isfinite(held_out):
        return Checkpoint(step, held_out, "")
    dice = np.random.default_rng([plan.seed, 2])
    written = write(model, text.learned[-START:], SAMPLE, plan.temperature, dice)
    return Checkpoint(step, held_out, text.spell(written))


def why_diverged(loss: float, kinds: int, step: int) -> str:
    """Return why a training has come to nothing, in words; empty where it has not.

    Examples
    --------
    >>> why_diverged(3.1, 64, step=9)
    ''
    >>> why_diverged(31.25, 64, step=9).split(":")[0]
    'diverged at step 9'
    """
    guess = math.log(kinds)
    if math.isfinite(loss) and loss <= 2 * guess + 1:
        return ""
    size = f"{loss:,.2f} nats" if math.isfinite(loss) else "beyond all numbers"
    return (
        f"diverged at step {step:,}: the loss was {size}, and a guess among {kinds} characters "
        f"costs {guess:.2f}. Each step was so long that it overshot; take a lower learning rate."
    )


def _stops(steps: int) -> list[int]:
    """Return the steps after which the picture changes."""
    apart = max(1, min(_FURTHEST, steps // _POINTS))
    return sorted({*range(apart, steps + 1, apart), *_checkpoints(steps)})


def _checkpoints(steps: int) -> set[int]:
    """Return the steps after which the model is looked at; the last is one of them.

    Examples
    --------
    >>> sorted(_checkpoints(5)), sorted(_checkpoints(1000))[:2]
    ([1, 2, 3, 4, 5], [100, 200])
    """
    return {max(1, steps * number // CHECKPOINTS) for number in range(1, CHECKPOINTS + 1)}
