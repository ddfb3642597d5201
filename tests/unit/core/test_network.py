"""Layers give back what the chain rule says; the network has the shape that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from playground.core.network import MLP, activate, dense, initial_parameters


def small_network(**options: object) -> MLP:
    return MLP.create(np.random.default_rng(0), sizes=(4, 3, 2), **options)


def test_dense_adds_the_examples_derivatives_up() -> None:
    x, weight = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[10.0, 20.0]])
    z, backward = dense(x, weight, np.array([1.0]))
    assert z.tolist() == [[51.0], [111.0]]
    d_x, (d_weight, d_bias) = backward(np.array([[1.0], [2.0]]))
    assert d_x.tolist() == [[10.0, 20.0], [20.0, 40.0]]
    assert d_weight.tolist() == [[1 + 2 * 3, 2 + 2 * 4]]
    assert d_bias.tolist() == [3.0]


def test_activate_identity_passes_everything_through() -> None:
    z = np.array([[-1.0, 2.0]])
    a, backward = activate(z, "identity")
    assert a.tolist() == z.tolist()
    assert backward(np.array([[5.0, 6.0]]))[0].tolist() == [[5.0, 6.0]]


def test_default_network_has_13002_parameters_in_float32() -> None:
    network = MLP.create(np.random.default_rng(0))
    shapes = [(16, 784), (16,), (16, 16), (16,), (10, 16), (10,)]
    assert [array.shape for array in network.parameters] == shapes
    assert network.parameter_count == 784 * 16 + 16 + 16 * 16 + 16 + 16 * 10 + 10 == 13_002
    assert {array.dtype for array in network.parameters} == {np.dtype(np.float32)}


def test_same_seed_gives_the_same_network() -> None:
    for one, other in zip(small_network().parameters, small_network().parameters, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("initialization", "deviation", "bias_deviation"),
    [("he", (2 / 400) ** 0.5, 0), ("xavier", (2 / 1000) ** 0.5, 0), ("normal", 1, 1)],
)
def test_initial_parameters_spread_as_their_rule_says(
    initialization: str, deviation: float, bias_deviation: float
) -> None:
    rng = np.random.default_rng(0)
    weight, bias = initial_parameters(rng, (400, 600), initialization, np.float64)
    assert weight.shape == (600, 400)
    assert weight.mean() == pytest.approx(0, abs=0.01 * deviation)
    assert weight.std() == pytest.approx(deviation, rel=0.01)
    assert bias.std() == pytest.approx(bias_deviation, rel=0.1)


def test_forward_returns_every_layer_from_the_input_to_the_output() -> None:
    x = np.random.default_rng(1).random((5, 4)).astype(np.float32)
    activations = small_network().forward(x)
    assert [a.shape for a in activations] == [(5, 4), (5, 3), (5, 2)]
    np.testing.assert_array_equal(activations[0], x)
    assert all(((a > 0) & (a < 1)).all() for a in activations[1:])


@pytest.mark.parametrize("cost", ["squared", "cross-entropy"])
def test_predict_names_the_most_probable_class(cost: str) -> None:
    weight, bias = np.array([[-1.0], [1.0]]), np.zeros(2)
    network = MLP([weight, bias], cost=cost)  # class 1 where x > 0
    x = np.array([[-3.0], [2.0], [0.1], [-0.1]])
    probabilities = network.predict_probabilities(x)
    assert ((probabilities > 0) & (probabilities < 1)).all()
    assert network.predict(x).tolist() == probabilities.argmax(axis=-1).tolist() == [0, 1, 1, 0]


def test_only_cross_entropy_makes_probabilities_that_sum_to_one() -> None:
    x = np.ones((1, 4))
    sums = {
        cost: float(small_network(cost=cost).predict_probabilities(x).sum())
        for cost in ("squared", "cross-entropy")
    }
    assert sums["cross-entropy"] == pytest.approx(1)
    assert sums["squared"] != pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("cost", ["squared", "cross-entropy"])
def test_gradients_have_the_shapes_and_dtype_of_the_parameters(
    dtype: type[np.floating], activation: str, cost: str
) -> None:
    network = small_network(activation=activation, cost=cost, dtype=dtype)
    before = [array.copy() for array in network.parameters]
    x = np.random.default_rng(1).normal(size=(5, 4)).astype(dtype)
    _, gradients = network.loss_and_gradients(x, np.array([0, 1, 1, 0, 1]))
    for parameter, gradient, old in zip(network.parameters, gradients, before, strict=True):
        assert gradient.shape == parameter.shape
        assert gradient.dtype == parameter.dtype == dtype
        np.testing.assert_array_equal(parameter, old)


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("cost", ["squared", "cross-entropy"])
def test_network_survives_extreme_inputs(activation: str, cost: str) -> None:
    network = small_network(activation=activation, cost=cost)
    x = np.array([[1e4, -1e4, 1e4, 0], [-1e4, 1e4, 1e4, -1e4]], dtype=np.float32)
    loss, gradients = network.loss_and_gradients(x, np.array([0, 1]))
    assert np.isfinite(loss)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
