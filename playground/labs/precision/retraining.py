"""Post-training quantization against quantization-aware training, on the digits network.

One network is trained in floats. Rounded as it is, it is quantized after training (PTQ). Trained on
while it computes with rounded weights, it is quantization-aware (QAT). A third trains on for as
long in floats and is rounded only then: it shows what the rounding in the loop buys, beyond time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from playground.core.network import MLP, Parameters
from playground.core.optimizers import SGD
from playground.core.quantization import fake_quantize
from playground.core.training import accuracy, train_epochs
from playground.data.digits import load_digits
from playground.errors import OptionError
from playground.number_rules import require_whole

BITS = (8, 4, 3, 2)
EPOCHS = 10
MAX_EPOCHS = 50
MAX_SEED = 2**32 - 1
_RATE = 0.03
# A step that is small against the distance of two levels lets few weights change level at once.
_FINE_RATE = 0.01


@dataclass(frozen=True)
class RetrainingPlan:
    """What is trained.

    Parameters
    ----------
    bits : tuple of int
        Widths, 2 to 8.
    epochs : int
        Of the float training, and again of each training after it.
    seed : int
        Draws the first weights and the order of the examples.
    """

    bits: tuple[int, ...] = BITS
    epochs: int = EPOCHS
    seed: int = 0


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
    plan : RetrainingPlan
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

    plan: RetrainingPlan
    full: Curve
    longer: Curve
    rounded: dict[int, float]
    longer_rounded: dict[int, float]
    aware: tuple[Curve, ...]


def parse_plan(bits: Sequence[Any], epochs: Any, seed: Any) -> RetrainingPlan:
    """Check what a person chose.

    Raises
    ------
    OptionError
        No width, a width outside 2 to 8, or epochs or seed outside their rule.

    Examples
    --------
    >>> parse_plan([2, 8], 10, 0).bits
    (8, 2)
    """
    if not bits:
        raise OptionError("Choose at least one number of bits, got none.")
    widths = {require_whole("Bits", each, 2, 8) for each in bits}
    return RetrainingPlan(
        bits=tuple(sorted(widths, reverse=True)),
        epochs=require_whole("Epochs", epochs, 1, MAX_EPOCHS),
        seed=require_whole("Seed", seed, 0, MAX_SEED),
    )


def round_weights(parameters: Parameters, bits: int) -> Parameters:
    """Round each weight matrix, a scale a row (a neuron); biases stay, as is usual."""
    return [
        fake_quantize(array, bits, array.shape[1]) if array.ndim == 2 else array
        for array in parameters
    ]


def retrain(plan: RetrainingPlan) -> Iterator[Retraining]:
    """Train in floats, round, train on, and train quantization-aware; yield after every epoch.

    Parameters
    ----------
    plan : RetrainingPlan
        What to train.

    Yields
    ------
    Retraining
        The same seed gives the same curves; seconds are measured.
    """
    train, test = load_digits().split()
    rng = np.random.default_rng(plan.seed)
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
        for epoch in islice(epochs, plan.epochs):
            seconds = curve.seconds + time.perf_counter() - started
            grown = (*curve.accuracies, score(epoch.network, bits))
            curve = replace(curve, accuracies=grown, seconds=seconds)
            yield epoch.network, curve
            started = time.perf_counter()

    known = Retraining(plan, Curve("float", None), Curve("trained on", None), {}, {}, ())
    for trained, curve in learn(full, _RATE, rng, known.full):
        full = trained
        known = replace(known, full=curve)
        yield known
    known = replace(known, rounded={bits: score(full, bits) for bits in plan.bits})
    # What follows starts from the same weights and sees the examples in the same order.
    longer = full
    for trained, curve in learn(full, _RATE, np.random.default_rng(plan.seed), known.longer):
        longer = trained
        known = replace(known, longer=curve)
        yield known
    known = replace(known, longer_rounded={bits: score(longer, bits) for bits in plan.bits})
    for bits in plan.bits:
        done, again = known.aware, np.random.default_rng(plan.seed)
        for _, curve in learn(full, _FINE_RATE, again, Curve("QAT", bits)):
            known = replace(known, aware=(*done, curve))
            yield known
