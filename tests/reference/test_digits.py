"""The network of the notes, 784-16-16-10, learns to read handwritten digits."""

from __future__ import annotations

import hashlib
from importlib import resources
from itertools import islice

import numpy as np
import pytest

from playground.core.network import MLP
from playground.core.optimizers import SGD
from playground.core.training import accuracy, train_epochs
from playground.data.digits import Digits, load_digits

EPOCHS = 30


@pytest.fixture(scope="module")
def digits() -> Digits:
    return load_digits()


def best_accuracy(
    network: MLP, learning_rate: float, digits: Digits, rng: np.random.Generator, goal: float
) -> float:
    """Return the best accuracy on held-out images within the epochs; stop once at the goal."""
    train, test = digits.split()
    rule, best = SGD(learning_rate), 0.0
    for epoch in islice(train_epochs(network, rule, train.images, train.labels, rng), EPOCHS):
        best = max(best, accuracy(epoch.network, test.images, test.labels))
        if best >= goal:
            break
    return best


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_relu_network_reaches_925_of_1000_held_out_digits(digits: Digits, seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = MLP.create(rng, activation="relu", cost="cross-entropy", initialization="he")
    assert best_accuracy(network, 0.03, digits, rng, goal=0.925) >= 0.925


@pytest.mark.parametrize("seed", [0, 1])
def test_sigmoid_network_of_the_notes_reaches_915(digits: Digits, seed: int) -> None:
    """Most seeds reach 925 too, but too late to promise it on every machine."""
    rng = np.random.default_rng(seed)
    assert best_accuracy(MLP.create(rng), 1.5, digits, rng, goal=0.915) >= 0.915


def test_untrained_network_only_guesses(digits: Digits) -> None:
    network = MLP.create(np.random.default_rng(0))
    assert accuracy(network, digits.images, digits.labels) < 0.25


def test_digits_are_the_ones_the_readme_counts(digits: Digits) -> None:
    counts = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    assert np.bincount(digits.labels).tolist() == counts
    assert digits.images.shape == (10_000, 784)
    assert digits.images.dtype == np.float32
    assert (digits.images.min(), digits.images.max()) == (0.0, 1.0)
    folder = resources.files("playground.data.digits")
    assert ", ".join(map(str, counts)) in folder.joinpath("README.md").read_text("utf-8")


def test_split_shares_no_image_and_both_parts_hold_every_digit(digits: Digits) -> None:
    train, test = digits.split()
    assert (len(train.labels), len(test.labels)) == (9_000, 1_000)
    assert set(train.labels) == set(test.labels) == set(range(10))
    seen = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in seen for image in test.images)


def test_file_matches_its_checksum() -> None:
    folder = resources.files("playground.data.digits")
    expected, name = folder.joinpath("SHA256SUMS").read_text("utf-8").split()
    assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == expected
