"""Post-training quantization against quantization-aware training, on the digits network.

One network is trained in floats. Rounded as it is, it is quantized after training (PTQ). Trained on
while it computes with rounded weights, it is quantization-aware (QAT). A third trains on for as
long in floats and is rounded only then: it shows what the rounding in the loop buys, beyond time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any, Literal

import numpy as np

from playground.core.network import MLP, Parameters
from playground.core.optimizers import SGD
from playground.core.quantization import fake_quantize
from playground.core.training import accuracy, train_epochs
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
    train, test = load_digits().split()
    rng = np.random.default_rng(settings.seed)
    full = MLP.create(rng, activation="relu", cost="cross-entropy", initialization="he")

    def score(trained: MLP, bits: int | None) -> float:
        if bits is not None:
            trained = replace(trained, parameters=round_weights(trained.parameters, bits))
        return accuracy(trained, test.images, test.labels)

    def learn(
        first: MLP, rate: float, rng: np.random.Generator, curve: Curve
    ) -> Iterator[tuple[MLP, Curve]]:
        bits = curve.bits
        seen_as = None if bits is None else lambda parameters: round_weights(parameters, bits)
        epochs = train_epochs(first, SGD(rate), train.images, train.labels, rng, seen_as=seen_as)
        started = time.perf_counter()
        for epoch in islice(epochs, settings.epochs):
            seconds = curve.seconds + time.perf_counter() - started
            grown = (*curve.accuracies, score(epoch.network, bits))
            curve = replace(curve, accuracies=grown, seconds=seconds)
            yield epoch.network, curve
            run.check()
            started = time.perf_counter()

    known = Retraining(settings, Curve("float", None), Curve("trained on", None), {}, {}, ())
    for trained, curve in learn(full, _RATE, rng, known.full):
        full = trained
        known = replace(known, full=curve)
        yield known
    known = replace(known, rounded={bits: score(full, bits) for bits in settings.widths})
    # What follows starts from the same weights and sees the examples in the same order.
    longer = full
    for trained, curve in learn(full, _RATE, np.random.default_rng(settings.seed), known.longer):
        longer = trained
        known = replace(known, longer=curve)
        yield known
    known = replace(known, longer_rounded={bits: score(longer, bits) for bits in settings.widths})
    for bits in settings.widths:
        done, again = known.aware, np.random.default_rng(settings.seed)
        for _, curve in learn(full, _FINE_RATE, again, Curve("QAT", bits)):
            known = replace(known, aware=(*done, curve))
            yield known
