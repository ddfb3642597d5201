"""Post-training quantization against quantization-aware training, on the digits network.

One network is trained in floats. Rounded as it is, it is quantized after training (PTQ). Trained on
while it computes with rounded weights, it is quantization-aware (QAT). A third trains on for as
long in floats and is rounded only then: it shows what the rounding in the loop buys, beyond time.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any, Literal

import numpy as np

from playground.core.network import MLP, Parameters
from playground.core.optimizers import SGD
from playground.core.quantization import fake_quantize
from playground.core.training import Epoch, accuracy, train_epochs
from playground.data.digits import load_digits
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field

_RATE = 0.03
# A step that is small against the distance of two levels lets few weights change level at once.
_FINE_RATE = 0.01

Bits = Literal[8, 4, 3, 2]


class RetrainingSettings(Settings):
    """What is trained."""

    bits: tuple[Bits, ...] = field(
        (8, 4, 3, 2),
        label="Widths",
        explanation="Bits of a weight.",
        words={str(bits): f"{bits} bits" for bits in (8, 4, 3, 2)},
    )
    epochs: int = field(
        10, label="Epochs", explanation="Of each training; at most 50.", ge=1, le=50
    )
    seed: int = field(
        0,
        label="Training seed",
        explanation="Draws the first weights and the order of the examples.",
        ge=0,
        le=2**32 - 1,
    )

    @property
    def widths(self) -> tuple[int, ...]:
        """Each width once, the widest first."""
        return tuple(sorted(set(self.bits), reverse=True))


@dataclass(frozen=True)
class Curve:
    """Held-out accuracy after each epoch, 0 to 1, and what the training took."""

    name: str  # "float", "trained on", "QAT"
    bits: int | None  # None: not rounded
    accuracies: tuple[float, ...] = ()
    seconds: float = 0.0  # of training, without the tests between


@dataclass(frozen=True)
class Retraining:
    """All that is known so far.

    Parameters
    ----------
    settings : RetrainingSettings
        What was asked for.
    full : Curve
        Training in floats.
    longer : Curve
        Trained on in floats for as long again.
    rounded : dict of int to float
        Accuracy after PTQ, by bits.
    longer_rounded : dict of int to float
        The same for the network that trained on.
    aware : tuple of Curve
        QAT, a curve for each width that has begun.
    """

    settings: RetrainingSettings
    full: Curve
    longer: Curve
    rounded: dict[int, float]
    longer_rounded: dict[int, float]
    aware: tuple[Curve, ...]

    @property
    def progress(self) -> Progress:
        """Epochs trained, in all trainings."""
        curves = (self.full, self.longer, *self.aware)
        done = sum(len(curve.accuracies) for curve in curves)
        total = self.settings.epochs * (2 + len(self.settings.widths))
        return Progress(done, total, f"{done} of {total} epochs trained")

    def to_json(self) -> dict[str, Any]:
        """Return every curve, and what rounding alone had left."""
        return {
            "float": asdict(self.full),
            "longer": asdict(self.longer),
            "rounded": {str(bits): share for bits, share in self.rounded.items()},
            "longer_rounded": {str(bits): share for bits, share in self.longer_rounded.items()},
            "aware": [asdict(curve) for curve in self.aware],
        }


def round_weights(parameters: Parameters, bits: int) -> Parameters:
    """Round each weight matrix, a scale a row (a neuron); biases stay, as is usual."""
    return [
        fake_quantize(array, bits, array.shape[1]) if array.ndim == 2 else array
        for array in parameters
    ]


class _Course:
    """The digits, how long each training is, and who may stop it."""

    def __init__(self, settings: RetrainingSettings, run: Run) -> None:
        self.settings = settings
        self._run = run
        self._train, self._test = load_digits().split()

    def dice(self) -> np.random.Generator:
        """Return fresh dice: two trainings with these see the examples in the same order."""
        return np.random.default_rng(self.settings.seed)

    def score(self, network: MLP, bits: int | None = None) -> float:
        """Return held-out accuracy, 0 to 1, with weights rounded to so many bits."""
        if bits is not None:
            network = replace(network, parameters=round_weights(network.parameters, bits))
        return accuracy(network, self._test.images, self._test.labels)

    def scores(self, network: MLP) -> dict[int, float]:
        """Return held-out accuracy at every width that was asked for."""
        return {bits: self.score(network, bits) for bits in self.settings.widths}

    def train(
        self, network: MLP, rate: float, dice: np.random.Generator, curve: Curve
    ) -> Iterator[tuple[MLP, Curve]]:
        """Train, with weights rounded as the curve says; yield the network after every epoch."""
        started = time.perf_counter()
        for epoch in islice(self._epochs(network, rate, dice, curve.bits), self.settings.epochs):
            seconds = curve.seconds + time.perf_counter() - started
            grown = (*curve.accuracies, self.score(epoch.network, curve.bits))
            curve = replace(curve, accuracies=grown, seconds=seconds)
            yield epoch.network, curve
            self._run.check()
            started = time.perf_counter()

    def _epochs(
        self, network: MLP, rate: float, dice: np.random.Generator, bits: int | None
    ) -> Iterator[Epoch]:
        seen_as = None if bits is None else lambda parameters: round_weights(parameters, bits)
        images, labels = self._train.images, self._train.labels
        return train_epochs(network, SGD(rate), images, labels, dice, seen_as=seen_as)


def retrain(_given: None, settings: RetrainingSettings, run: Run) -> Iterator[Retraining]:
    """Train in floats, round, train on, and train quantization-aware; yield after every epoch.

    Parameters
    ----------
    settings : RetrainingSettings
        What to train.
    run : Run
        Asked after each epoch whether to stop.

    Yields
    ------
    Retraining
        The same seed gives the same curves; seconds are measured.
    """
    course = _Course(settings, run)
    known = Retraining(settings, Curve("float", None), Curve("trained on", None), {}, {}, ())
    full, known = yield from _train_full(course, known)
    # What follows starts from the same weights and sees the examples in the same order.
    known = yield from _train_longer(course, full, known)
    yield from _train_aware(course, full, known)


def _train_full(
    course: _Course, known: Retraining
) -> Generator[Retraining, None, tuple[MLP, Retraining]]:
    """Train in floats; the first weights are drawn with the dice that the training goes on with."""
    dice = course.dice()
    full = MLP.create(dice, activation="relu", cost="cross-entropy", initialization="he")
    for trained, curve in course.train(full, _RATE, dice, known.full):
        full, known = trained, replace(known, full=curve)
        yield known
    return full, replace(known, rounded=course.scores(full))


def _train_longer(
    course: _Course, full: MLP, known: Retraining
) -> Generator[Retraining, None, Retraining]:
    """Train on in floats."""
    longer = full
    for trained, curve in course.train(full, _RATE, course.dice(), known.longer):
        longer, known = trained, replace(known, longer=curve)
        yield known
    return replace(known, longer_rounded=course.scores(longer))


def _train_aware(course: _Course, full: MLP, known: Retraining) -> Iterator[Retraining]:
    """Train on at every width, with rounded weights in the loop."""
    for bits in course.settings.widths:
        done, begun = known.aware, Curve("QAT", bits)
        for _, curve in course.train(full, _FINE_RATE, course.dice(), begun):
            known = replace(known, aware=(*done, curve))
            yield known
