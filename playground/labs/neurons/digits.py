"""The digits network, 784-16-16-10, trained batch by batch while one watches."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from dataclasses import field as member
from functools import cache
from typing import Any, Literal

import numpy as np

from playground.core.functional import cross_entropy, one_hot, squared_cost
from playground.core.network import MLP
from playground.core.training import Batch, train_batches
from playground.data.digits import Digits, load_digits
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.neurons.racers import HIGHEST_RATE
from playground.labs.neurons.rules import Rates, RuleName, optimizer

TRAINING, VALIDATION = 8_000, 1_000  # the last 1,000 of the 10,000 are the test
POINTS = 10  # an epoch, for who makes so many steps
MOMENTUM = 0.9
BEYOND = 1e6  # a cost or a weight of the last layer; who is here does not come back

_RULES: dict[str, RuleName] = {
    "sgd": "mini-batch",
    "momentum": "momentum",
    "nesterov": "nesterov",
    "rmsprop": "rmsprop",
    "adam": "adam",
}


class DigitsSettings(Settings):
    """How the network starts, how it learns, and which digit it is shown."""

    learning_rate: float = field(
        0.03,
        label="Learning rate",
        explanation="The length of a step.",
        gt=0,
        le=HIGHEST_RATE,
    )
    batch_size: int = field(10, label="Batch size", explanation="Digits a step.", ge=1, le=TRAINING)
    epochs: int = field(
        30, label="Epochs", explanation="Passes over the 8,000 digits; at most 100.", ge=1, le=100
    )
    example: int = field(
        1, label="Digit at hand", explanation="Of the 1,000 of the test.", ge=1, le=1000, step=1
    )
    activation: Literal["relu", "sigmoid"] = field(
        "relu",
        label="Hidden neurons bend by",
        explanation="The activation function.",
        words={"relu": "ReLU", "sigmoid": "sigmoid"},
    )
    cost: Literal["cross-entropy", "squared"] = field(
        "cross-entropy",
        label="Cost",
        explanation="Squared: the last layer ends in a sigmoid.",
        words={"cross-entropy": "cross-entropy", "squared": "squared"},
    )
    optimizer: Literal["sgd", "momentum", "nesterov", "rmsprop", "adam"] = field(
        "sgd",
        label="Optimizer",
        explanation="RMSProp and Adam want a rate near 0.001.",
        words={
            "sgd": "SGD",
            "momentum": "momentum",
            "nesterov": "Nesterov",
            "rmsprop": "RMSProp",
            "adam": "Adam",
        },
        seldom=True,
    )
    initialization: Literal["he", "xavier", "normal"] = field(
        "he",
        label="Start",
        explanation="How large the first weights are.",
        words={"he": "He", "xavier": "Xavier", "normal": "deviation 1"},
        seldom=True,
    )
    seed: int = field(
        0,
        label="Seed",
        explanation="Draws the first weights and the order of the digits.",
        ge=0,
        le=2**32 - 1,
        seldom=True,
    )

    @property
    def recipe(self) -> tuple[object, ...]:
        """All that the weights hang on; the digit at hand and the last epoch are only looked at."""
        told = self.to_json()
        return tuple(value for name, value in told.items() if name not in {"example", "epochs"})


@dataclass(frozen=True)
class Point:
    """How good the network is after some training.

    Parameters
    ----------
    step : int
        Batches learned from.
    epoch : float
        Passes over the training digits, in parts too.
    train_cost, train_accuracy : float
        On the first 1,000 of the digits that it learns from.
    validation_cost, validation_accuracy : float
        On 1,000 that it has not seen.
    """

    step: int
    epoch: float
    train_cost: float
    train_accuracy: float
    validation_cost: float
    validation_accuracy: float


@dataclass(frozen=True, eq=False)
class DigitsTraining:
    """The training as far as it has come.

    Parameters
    ----------
    settings : DigitsSettings
        What was asked for.
    network : MLP
        As it is now; the last that was any good, where it diverged.
    points : tuple of Point
        From the untrained network on.
    test_cost, test_accuracy : float or None
        On the digits kept for the end; None before that.
    diverged_at : int or None
        The step after which cost or weights were beyond `BEYOND`, or no number.
    """

    settings: DigitsSettings
    network: MLP = member(repr=False)
    points: tuple[Point, ...]
    test_cost: float | None = None
    test_accuracy: float | None = None
    diverged_at: int | None = None

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to train."""
        return self.diverged_at is not None or self.points[-1].epoch >= self.settings.epochs

    @property
    def progress(self) -> Progress:
        """Epochs trained."""
        last, total = self.points[-1], self.settings.epochs
        done = total if self.ended else int(last.epoch)
        words = f"Epoch {min(int(last.epoch) + 1, total)} of {total}, step {last.step:,}"
        return Progress(done, total, words)

    def to_json(self) -> dict[str, Any]:
        """Return the curves, and what the test says."""
        return {
            "parameters": self.network.parameter_count,
            "points": [asdict(each) for each in self.points],
            "test_cost": self.test_cost,
            "test_accuracy": self.test_accuracy,
            "diverged_at": self.diverged_at,
        }


@dataclass(frozen=True)
class Parts:
    """The digits: what is learned from, what is watched meanwhile, what is kept for the end."""

    train: Digits
    validation: Digits
    test: Digits


@cache
def parts() -> Parts:
    """Return the digits in three parts; they are read once."""
    train, rest = load_digits().split(TRAINING)
    return Parts(train, *rest.split(VALIDATION))


class Training:
    """A network that is being trained, which can be left and gone on with.

    One thread trains it; meanwhile others may look at it, and choose what is looked at.

    Parameters
    ----------
    settings : DigitsSettings
        How; `epochs` only says where `advance` ends.
    """

    def __init__(self, settings: DigitsSettings) -> None:
        dice = np.random.default_rng(settings.seed)
        network = MLP.create(
            dice,
            activation=settings.activation,
            cost=settings.cost,
            initialization=settings.initialization,
        )
        rule = _RULES[settings.optimizer]
        rates = Rates(settings.learning_rate, settings.learning_rate, MOMENTUM)
        train, batch = parts().train, settings.batch_size
        self._batches: Iterator[Batch] = train_batches(
            network, optimizer(rule, rates), train.images, train.labels, dice, batch
        )
        self._a_point = max(TRAINING // batch // POINTS, 1)
        self._step = 0
        self._changing = threading.Lock()
        self.snapshot = DigitsTraining(settings, network, (measure(network, 0, 0.0),))

    def look_at(self, settings: DigitsSettings) -> None:
        """Take another digit to hand, or another last epoch."""
        self._change(settings=settings)

    def _change(self, **changes: Any) -> None:
        """Put a changed snapshot in the place of the last, however many threads do."""
        with self._changing:
            self.snapshot = _with_test(replace(self.snapshot, **changes))

    def step(self) -> None:
        """Learn from one batch, and measure."""
        self._learn(1)

    def advance(self) -> None:
        """Learn from as many batches as lie between two points of the curves."""
        self._learn(self._a_point - self._step % self._a_point)

    def _learn(self, batches: int) -> None:
        """Learn from so many batches, or fewer where an epoch ends or it diverges."""
        known = self.snapshot
        if known.ended:
            return
        network, epoch = known.network, known.points[-1].epoch
        for _ in range(batches):
            with np.errstate(all="ignore"):  # what overflows is seen in the next lines
                batch = next(self._batches)
            self._step += 1
            if _beyond(batch):
                self._change(diverged_at=self._step)
                return
            network, epoch = batch.network, batch.epoch - 1 + batch.seen / TRAINING
            if batch.seen == TRAINING:
                break
        points = (*known.points, measure(network, self._step, epoch))
        self._change(network=network, points=points)


def _beyond(batch: Batch) -> bool:
    """Tell of a cost, or of weights of the last layer, that are out of all measure."""
    weight = batch.network.parameters[-2]
    return not (batch.loss < BEYOND and float(np.abs(weight).max()) < BEYOND)


def _with_test(known: DigitsTraining) -> DigitsTraining:
    """Return it with what the test says, where there is nothing left to train."""
    if not known.ended or known.diverged_at:
        return replace(known, test_cost=None, test_accuracy=None)
    cost, right = _measured(known.network, parts().test)
    return replace(known, test_cost=cost, test_accuracy=right)


def measure(network: MLP, step: int, epoch: float) -> Point:
    """Return how good a network is on digits that it learned from, and on others."""
    train = parts().train
    seen = Digits(train.images[:VALIDATION], train.labels[:VALIDATION])
    return Point(step, epoch, *_measured(network, seen), *_measured(network, parts().validation))


def _measured(network: MLP, digits: Digits) -> tuple[float, float]:
    """Return cost and share named rightly."""
    with np.errstate(all="ignore"):
        output = network.forward(digits.images)[-1]
        if network.cost == "squared":
            wanted = one_hot(digits.labels, output.shape[-1]).astype(output.dtype)
            cost = squared_cost(output, wanted)
        else:
            cost = cross_entropy(output, digits.labels)
    right = float((output.argmax(axis=-1) == digits.labels).mean())
    # A network about to be given up has costs that JSON and a picture have no number for.
    return (cost if cost < BEYOND else BEYOND), right


def run_digits(_given: None, settings: DigitsSettings, run: Run) -> Iterator[DigitsTraining]:
    """Train to the last epoch; yield the curves as they grow.

    Yields
    ------
    DigitsTraining
        The same seed gives the numbers of `playground.core.training.train_epochs`.
    """
    training = Training(settings)
    yield training.snapshot
    while not training.snapshot.ended:
        run.check()
        training.advance()
        yield training.snapshot
