"""Training yields one epoch after another and can be watched, stopped and repeated."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from playground.core.network import MLP, Parameters
from playground.core.optimizers import SGD, Adam
from playground.core.training import Epoch, accuracy, train_epochs

IMAGES = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
LABELS = (IMAGES[:, 0] > 0).astype(np.int64)


def three_epochs(batch_size: int = 7) -> list[Epoch]:
    rng = np.random.default_rng(1)
    network = MLP.create(rng, sizes=(4, 3, 2))
    return list(islice(train_epochs(network, SGD(1.0), IMAGES, LABELS, rng, batch_size), 3))


def test_epochs_are_numbered_and_the_loss_falls() -> None:
    epochs = three_epochs()
    assert [epoch.number for epoch in epochs] == [1, 2, 3]
    assert epochs[0].loss > epochs[1].loss > epochs[2].loss


def test_each_epoch_keeps_its_own_network() -> None:
    first, *_, last = three_epochs()
    assert (first.network.parameters[0] != last.network.parameters[0]).all()


def test_same_seed_gives_the_same_training() -> None:
    one, other = three_epochs()[-1], three_epochs()[-1]
    assert one.loss == other.loss
    np.testing.assert_array_equal(one.network.parameters[0], other.network.parameters[0])


def test_loss_is_the_mean_over_examples_though_the_last_batch_is_smaller() -> None:
    """With steps of length 0 the network stays, so the batches must add up to the whole."""
    network = MLP.create(np.random.default_rng(1), sizes=(4, 3, 2))
    still = SGD(learning_rate=0.0)
    epoch = next(train_epochs(network, still, IMAGES, LABELS, np.random.default_rng(0), 7))
    whole, _ = network.loss_and_gradients(IMAGES, LABELS)
    assert epoch.loss == pytest.approx(whole, rel=1e-6)


def test_the_optimizer_remembers_from_batch_to_batch_and_epoch_to_epoch() -> None:
    """In batches of all examples, three epochs are three steps made by hand."""
    network, rule = MLP.create(np.random.default_rng(1), sizes=(4, 3, 2)), SGD(0.5, momentum=0.9)
    rng = np.random.default_rng(0)
    *_, last = islice(train_epochs(network, rule, IMAGES, LABELS, rng, len(IMAGES)), 3)
    state = rule.init(network.parameters)
    for _ in range(3):
        _, gradients = network.loss_and_gradients(IMAGES, LABELS)
        parameters, state = rule.step(network.parameters, gradients, state)
        network = replace(network, parameters=parameters)
    for ours, by_hand in zip(last.network.parameters, network.parameters, strict=True):
        np.testing.assert_allclose(ours, by_hand, rtol=0, atol=1e-5)


def test_training_leaves_the_first_network_as_it_was() -> None:
    network = MLP.create(np.random.default_rng(1), sizes=(4, 3, 2))
    before = [array.copy() for array in network.parameters]
    next(train_epochs(network, Adam(0.1), IMAGES, LABELS, np.random.default_rng(0)))
    for array, copy in zip(network.parameters, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_accuracy_is_the_share_named_rightly() -> None:
    weight, bias = np.array([[-1.0], [1.0]]), np.zeros(2)
    sign = MLP([weight, bias], cost="cross-entropy")  # class 1 where x > 0
    assert accuracy(sign, np.array([[1.0], [2.0], [-3.0], [4.0]]), np.array([1, 1, 1, 0])) == 0.5


def test_straight_through_takes_gradients_there_and_steps_here() -> None:
    network, rule = MLP.create(np.random.default_rng(1), sizes=(4, 3, 2)), SGD(0.5)

    def signs(parameters: Parameters) -> Parameters:
        return [np.sign(array) for array in parameters]

    rng = np.random.default_rng(0)
    epoch = next(train_epochs(network, rule, IMAGES, LABELS, rng, len(IMAGES), signs))
    seen = replace(network, parameters=signs(network.parameters))
    loss, gradients = seen.loss_and_gradients(IMAGES, LABELS)
    assert epoch.loss == pytest.approx(loss, rel=1e-6)
    by_hand, _ = rule.step(network.parameters, gradients, rule.init(network.parameters))
    for ours, theirs in zip(epoch.network.parameters, by_hand, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
