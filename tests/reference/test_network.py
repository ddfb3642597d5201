"""The whole network's loss and gradients equal torch's autograd, and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as theirs

from playground.core.functional import FloatArray, IntArray
from playground.core.network import DIGITS_SIZES, MLP

STEP = 1e-6  # of the finite differences

every_network = pytest.mark.parametrize(
    ("activation", "cost"),
    [(a, c) for a in ("sigmoid", "relu") for c in ("squared", "cross-entropy")],
)


def torch_loss(
    network: MLP, leaves: list[torch.Tensor], x: FloatArray, y: IntArray
) -> torch.Tensor:
    """Return the same network's loss, built of torch's own parts."""
    bend = {"sigmoid": torch.sigmoid, "relu": torch.relu}[network.activation]
    signal = torch.tensor(x)
    for weight, bias in zip(leaves[0:-2:2], leaves[1:-2:2], strict=True):
        signal = bend(theirs.linear(signal, weight, bias))
    output = theirs.linear(signal, leaves[-2], leaves[-1])
    targets = torch.tensor(y)
    if network.cost == "cross-entropy":
        return theirs.cross_entropy(output, targets)
    wanted = theirs.one_hot(targets, output.shape[-1]).to(output.dtype)
    return theirs.mse_loss(torch.sigmoid(output), wanted, reduction="sum") / len(y)


def example(network: MLP, rows: int) -> tuple[FloatArray, IntArray]:
    rng = np.random.default_rng(7)
    inputs, classes = network.parameters[0].shape[1], len(network.parameters[-1])
    return rng.random((rows, inputs)), rng.integers(classes, size=rows)


@every_network
@pytest.mark.parametrize("initialization", ["he", "xavier", "normal"])
@pytest.mark.parametrize(("sizes", "rows"), [(DIGITS_SIZES, 10), ((5, 4), 3), ((6, 5, 7, 4, 3), 1)])
def test_loss_and_gradients_equal_torch(
    activation: str, cost: str, initialization: str, sizes: tuple[int, ...], rows: int
) -> None:
    rng = np.random.default_rng(0)
    network = MLP.create(rng, sizes, activation, cost, initialization, np.float64)
    x, y = example(network, rows)
    leaves = [torch.tensor(array, requires_grad=True) for array in network.parameters]
    expected = torch_loss(network, leaves, x, y)
    expected.backward()
    loss, gradients = network.loss_and_gradients(x, y)
    assert loss == pytest.approx(expected.item(), rel=0, abs=1e-10)
    for gradient, leaf in zip(gradients, leaves, strict=True):
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=0, atol=1e-10)
        assert np.abs(gradient).max() > 1e-6  # equal, but not because both are nothing


@every_network
def test_gradients_equal_finite_differences(activation: str, cost: str) -> None:
    rng = np.random.default_rng(0)
    network = MLP.create(rng, (6, 5, 4, 3), activation, cost, dtype=np.float64)
    x, y = example(network, 8)
    _, gradients = network.loss_and_gradients(x, y)
    for parameter, gradient in zip(network.parameters, gradients, strict=True):
        for index in np.ndindex(parameter.shape):
            middle = parameter[index]
            parameter[index] = middle + STEP
            above, _ = network.loss_and_gradients(x, y)
            parameter[index] = middle - STEP
            below, _ = network.loss_and_gradients(x, y)
            parameter[index] = middle
            assert gradient[index] == pytest.approx((above - below) / (2 * STEP), abs=1e-6)
