"""Derivatives multiplied out path by path equal torch's, and what the network's own way finds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as theirs

from playground.core.functional import FloatArray
from playground.core.network import MLP
from playground.labs.neurons.chain_rule import (
    by_difference,
    by_weight,
    by_weighted_sum,
    pass_through,
    paths,
)

SIZES = (9, 6, 5, 4)
every_network = pytest.mark.parametrize(
    ("activation", "initialization"),
    [(a, i) for a in ("sigmoid", "relu") for i in ("he", "xavier", "normal")],
)


def network_and_example(activation: str, initialization: str) -> tuple[MLP, FloatArray, int]:
    rng = np.random.default_rng(3)
    network = MLP.create(rng, SIZES, activation, "squared", initialization, np.float64)
    return network, rng.random(SIZES[0]), 2


def torch_gradients(network: MLP, image: FloatArray, label: int) -> list[FloatArray]:
    leaves = [torch.tensor(array, requires_grad=True) for array in network.parameters]
    bend = {"sigmoid": torch.sigmoid, "relu": torch.relu}[network.activation]
    signal = torch.tensor(image)
    for weight, bias in zip(leaves[0:-2:2], leaves[1:-2:2], strict=True):
        signal = bend(theirs.linear(signal, weight, bias))
    output = torch.sigmoid(theirs.linear(signal, leaves[-2], leaves[-1]))
    wanted = theirs.one_hot(torch.tensor(label), SIZES[-1]).to(output.dtype)
    ((output - wanted) ** 2).sum().backward()
    return [leaf.grad.numpy() for leaf in leaves]


@every_network
def test_every_weight_and_bias_equals_torch(activation: str, initialization: str) -> None:
    network, image, label = network_and_example(activation, initialization)
    way = pass_through(network, image, label)
    _, own = network.loss_and_gradients(image[None], np.array([label]))
    expected = torch_gradients(network, image, label)
    for layer in (1, 2, 3):
        weights, biases = expected[2 * layer - 2], expected[2 * layer - 1]
        found = [
            [by_weight(way, layer, neuron, source) for source in range(SIZES[layer - 1])]
            for neuron in range(SIZES[layer])
        ]
        np.testing.assert_allclose(found, weights, rtol=0, atol=1e-10)
        np.testing.assert_allclose(found, own[2 * layer - 2], rtol=0, atol=1e-10)
        shifts = [by_weighted_sum(way, layer, neuron) for neuron in range(SIZES[layer])]
        np.testing.assert_allclose(shifts, biases, rtol=0, atol=1e-10)
        assert np.abs(weights).max() > 1e-6  # equal, but not because both are nothing


@every_network
def test_a_finite_difference_says_the_same(activation: str, initialization: str) -> None:
    network, image, label = network_and_example(activation, initialization)
    way = pass_through(network, image, label)
    for layer in (1, 2, 3):
        for neuron in range(SIZES[layer]):
            chain = by_weight(way, layer, neuron, 1)
            difference = by_difference(network, image, label, layer, (neuron, 1))
            assert difference == pytest.approx(chain, rel=1e-6, abs=1e-8)
            chain = by_weighted_sum(way, layer, neuron)
            difference = by_difference(network, image, label, layer, (neuron,))
            assert difference == pytest.approx(chain, rel=1e-6, abs=1e-8)


def test_there_is_a_product_for_each_path() -> None:
    network, image, label = network_and_example("sigmoid", "xavier")
    way = pass_through(network, image, label)
    products = paths(way, 0)
    assert products.shape == (4, 5)
    one = way.pull[1] * way.slope[3][1] * way.weight[3][1, 2] * way.slope[2][2]
    assert products[1, 2] == pytest.approx(one * way.weight[2][2, 0])
