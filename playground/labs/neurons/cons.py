"""What the digits network gets wrong: it cannot doubt, cannot draw, and learns whatever it is told.

One network, 784-16-16-10 with ReLU and cross-entropy, is trained on all digits; it is then shown
noise, run backwards, and told wrong labels. Two more are trained on little, or on nonsense.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from playground.core.clustering import squared_distances
from playground.core.functional import FloatArray, IntArray, cross_entropy
from playground.core.network import MLP
from playground.core.optimizers import SGD, Adam
from playground.core.training import accuracy, train_epochs
from playground.data.digits import Digits, load_digits
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field

EPOCHS = 5  # on all digits
NOISE, SURE = 1000, 0.9
STEPS, LENGTH = 200, 1.0  # of the way back to an image
LOOKS = (0, 5, 20, STEPS)
SHUFFLED, MEMORISING = 300, 100  # images, epochs
OVERFITTING = 100  # epochs
MISLED, MISLEADING = 1000, 5  # images, epochs
EVERY = 5  # epochs between two points of a long curve
_PARTS = 6


class ConsSettings(Settings):
    """Which digit it is to draw, and how little it is given."""

    digit: int = field(
        3, label="Digit", explanation="The one that it is run backwards from.", ge=0, le=9
    )
    images: int = field(
        100, label="Few images", explanation="That it learns too well.", ge=20, le=2000
    )
    seed: int = field(
        0, label="Seed", explanation="Draws all that is drawn.", ge=0, le=2**32 - 1, seldom=True
    )


@dataclass(frozen=True, eq=False)
class Seen:
    """An image, the digit that the network sees in it, and how sure it is of that, 0 to 1."""

    image: FloatArray
    digit: int
    confidence: float


@dataclass(frozen=True)
class Noise:
    """What the network says of noise.

    Parameters
    ----------
    sure : float
        The share of noise images of which it is surer than `SURE`.
    real : float
        The same for digits that it has not seen.
    most : tuple of Seen
        The noise of which it is surest.
    """

    sure: float
    real: float
    most: tuple[Seen, ...]


@dataclass(frozen=True, eq=False)
class Backwards:
    """The way from a blank sheet to what the network takes for a digit.

    Parameters
    ----------
    looks : tuple of Seen
        The image after `LOOKS` steps, with the confidence in the digit asked for.
    mean : array of shape (784,)
        The mean of the real ones.
    nearest : float
        How far the last image is from the nearest real one of that digit.
    usual : float
        How far a held-out one of that digit is from the nearest: the median.
    """

    looks: tuple[Seen, ...]
    mean: FloatArray
    nearest: float
    usual: float


@dataclass(frozen=True)
class Point:
    """Shares named rightly after some epochs, and mean costs, of examples learned from and new."""

    epoch: int
    train: float
    test: float
    train_cost: float
    test_cost: float


@dataclass(frozen=True)
class Misled:
    """New digits after an epoch of wrong labels: named rightly, and named as it was told."""

    epoch: int
    right: float
    as_told: float


@dataclass(frozen=True)
class Cons:
    """What has been tried so far."""

    settings: ConsSettings
    trained: float | None = None
    noise: Noise | None = None
    backwards: Backwards | None = None
    shuffled: tuple[Point, ...] = ()
    overfit: tuple[Point, ...] = ()
    misled: tuple[Misled, ...] = ()
    done: int = 0

    @property
    def progress(self) -> Progress:
        """How many parts have ended, the training among them."""
        return Progress(self.done, _PARTS, f"{self.done} of {_PARTS} parts done")

    def to_json(self) -> dict[str, Any]:
        """Return every number; images are left out."""
        back = self.backwards
        return {
            "trained_accuracy": self.trained,
            "noise": self.noise
            and {
                "sure": self.noise.sure,
                "real_sure": self.noise.real,
                "surest": [_told(each) for each in self.noise.most],
            },
            "backwards": back
            and {
                "looks": [
                    {"step": step, **_told(each)}
                    for step, each in zip(LOOKS, back.looks, strict=True)
                ],
                "nearest_real": back.nearest,
                "usual_nearest": back.usual,
            },
            "shuffled": [asdict(each) for each in self.shuffled],
            "overfit": [asdict(each) for each in self.overfit],
            "misled": [asdict(each) for each in self.misled],
        }


def _told(seen: Seen) -> dict[str, Any]:
    return {"digit": seen.digit, "confidence": seen.confidence}


def run_cons(_given: None, settings: ConsSettings, run: Run) -> Iterator[Cons]:
    """Train the network, then try it in five ways; yield what each shows.

    Yields
    ------
    Cons
        The same seed gives the same numbers.
    """
    train, test = load_digits().split()
    known = Cons(settings)
    yield known
    dice = np.random.default_rng(settings.seed)
    network = _fresh(dice)
    for each in train_epochs(network, SGD(0.03), train.images, train.labels, dice):
        run.check()
        network = each.network
        known = replace(known, trained=accuracy(network, test.images, test.labels))
        yield known
        if each.number == EPOCHS:
            break
    known = replace(known, noise=see_noise(network, test, dice), done=2)
    yield known
    run.check()
    known = replace(known, backwards=_draw_back(network, settings.digit, train, test), done=3)
    yield known
    for changed in _parts(known, network, train, test):
        run.check()
        yield changed


def _parts(known: Cons, network: MLP, train: Digits, test: Digits) -> Iterator[Cons]:
    """Yield what comes of training on nonsense, on little, and on wrong labels."""
    seed = known.settings.seed
    nonsense, _ = train.split(SHUFFLED)
    mixed = np.random.default_rng(seed).permutation(nonsense.labels)
    for points in _course(Digits(nonsense.images, mixed), test, seed, MEMORISING):
        known = replace(known, shuffled=points)
        yield known
    known = replace(known, done=4)
    little, _ = train.split(known.settings.images)
    for points in _course(little, test, seed, OVERFITTING):
        known = replace(known, overfit=points)
        yield known
    known = replace(known, done=5)
    for misled in _mislead(network, train, test, seed):
        done = _PARTS if misled[-1].epoch == MISLEADING else 5
        known = replace(known, misled=misled, done=done)
        yield known


def _fresh(dice: np.random.Generator) -> MLP:
    return MLP.create(dice, activation="relu", cost="cross-entropy", initialization="he")


def see_noise(network: MLP, test: Digits, dice: np.random.Generator) -> Noise:
    """Show the network images whose pixels are drawn evenly between no ink and full ink."""
    images = dice.random((NOISE, test.images.shape[1]), dtype=np.float32)
    outputs = network.predict_probabilities(images)
    sure = outputs.max(axis=1)
    most = np.argsort(-sure, kind="stable")[:5]
    real = network.predict_probabilities(test.images).max(axis=1)
    return Noise(
        float((sure > SURE).mean()),
        float((real > SURE).mean()),
        tuple(Seen(images[row], int(outputs[row].argmax()), float(sure[row])) for row in most),
    )


def climb(network: MLP, digit: int) -> Iterator[FloatArray]:
    """Yield images, the blank first, each pushed to where the network is surer of a digit."""
    image = np.zeros((1, network.parameters[0].shape[1]), np.float32)
    while True:
        yield image
        slopes = network.input_gradients(image, np.array([digit]))
        image = np.clip(image - LENGTH * slopes, 0, 1)  # ink is never less than none


def _draw_back(network: MLP, digit: int, train: Digits, test: Digits) -> Backwards:
    images = list(islice(climb(network, digit), STEPS + 1))
    looks = tuple(
        Seen(image[0], digit, float(network.predict_probabilities(image)[0, digit]))
        for image in (images[step] for step in LOOKS)
    )
    real = train.images[train.labels == digit].astype(np.float64)
    others = test.images[test.labels == digit].astype(np.float64)
    to_real = squared_distances(np.vstack([others, images[-1]]).astype(np.float64), real)
    nearest = np.sqrt(to_real.min(axis=1))
    mean: FloatArray = real.mean(axis=0)
    return Backwards(looks, mean, float(nearest[-1]), float(np.median(nearest[:-1])))


def _course(some: Digits, test: Digits, seed: int, passes: int) -> Iterator[tuple[Point, ...]]:
    """Train a fresh network on some digits; yield the curve as it grows."""
    dice = np.random.default_rng(seed)
    network = _fresh(dice)
    points: tuple[Point, ...] = (_measured(network, 0, some, test),)
    yield points
    epochs = train_epochs(network, Adam(0.003), some.images, some.labels, dice)
    for each in islice(epochs, passes):
        if each.number % EVERY == 0:
            points = (*points, _measured(each.network, each.number, some, test))
            yield points


def _measured(network: MLP, epoch: int, some: Digits, test: Digits) -> Point:
    outputs = [network.forward(each.images)[-1] for each in (some, test)]
    labels = (some.labels, test.labels)
    pairs = list(zip(outputs, labels, strict=True))
    train, new = (_share(output, wanted) for output, wanted in pairs)
    train_cost, new_cost = (float(cross_entropy(output, wanted)) for output, wanted in pairs)
    return Point(epoch, train, new, train_cost, new_cost)


def _share(output: FloatArray, wanted: IntArray) -> float:
    return float((output.argmax(axis=-1) == wanted).mean())


def next_digit(labels: IntArray) -> IntArray:
    """Call every 0 a 1, every 1 a 2, and every 9 a 0."""
    return (labels + 1) % 10


def _mislead(network: MLP, train: Digits, test: Digits, seed: int) -> Iterator[tuple[Misled, ...]]:
    some, _ = train.split(MISLED)
    wrong, dice = next_digit(some.labels), np.random.default_rng(seed)
    points: tuple[Misled, ...] = (_believed(network, 0, test),)
    yield points
    for each in islice(train_epochs(network, SGD(0.03), some.images, wrong, dice), MISLEADING):
        points = (*points, _believed(each.network, each.number, test))
        yield points


def _believed(network: MLP, epoch: int, test: Digits) -> Misled:
    output = network.forward(test.images)[-1]
    return Misled(epoch, _share(output, test.labels), _share(output, next_digit(test.labels)))
