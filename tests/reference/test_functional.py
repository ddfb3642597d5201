"""Every formula and its derivative equal torch in float64, and central finite differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch.nn import functional as theirs

from playground.core import activations
from playground.core import functional as ours
from playground.core.functional import FloatArray, IntArray

SHAPES = [(1,), (7,), (1, 1), (5, 9), (2, 3, 8)]
STEP = 1e-6  # of the finite differences: their error is about STEP^2 + 1e-16 / STEP

Function = Callable[[FloatArray], FloatArray]
TorchFunction = Callable[[torch.Tensor], torch.Tensor]


def finite_difference(cost: Callable[[FloatArray], float], x: FloatArray) -> FloatArray:
    """Return dC/dx by moving one number at a time, up and down."""
    slopes = np.empty_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += STEP
        down[index] -= STEP
        slopes[index] = (cost(up) - cost(down)) / (2 * STEP)
    return slopes


def torch_gradient(function: TorchFunction, x: FloatArray, d_output: FloatArray) -> FloatArray:
    """Return dC/dx as torch's autograd finds it."""
    leaf = torch.tensor(x, requires_grad=True)
    function(leaf).backward(torch.tensor(d_output))
    assert leaf.grad is not None
    return leaf.grad.numpy()


def random_pair(shape: tuple[int, ...], scale: float = 3.0) -> tuple[FloatArray, FloatArray]:
    """Return an input and a d_output, different for each shape."""
    rng = np.random.default_rng(shape)
    return rng.normal(scale=scale, size=shape), rng.normal(size=shape)


ELEMENTWISE: list[tuple[Function, Function, TorchFunction]] = [
    (activations.sigmoid, activations.sigmoid_derivative, torch.sigmoid),
    (activations.relu, activations.relu_derivative, torch.relu),
    (activations.silu, activations.silu_derivative, theirs.silu),
    (activations.gelu, activations.gelu_derivative, theirs.gelu),
    (
        activations.gelu_tanh,
        activations.gelu_tanh_derivative,
        lambda x: theirs.gelu(x, approximate="tanh"),
    ),
]
elementwise = pytest.mark.parametrize(
    ("function", "derivative", "reference"),
    ELEMENTWISE,
    ids=[f.__name__ for f, _, _ in ELEMENTWISE],
)


@elementwise
@pytest.mark.parametrize("shape", SHAPES)
def test_elementwise_function_and_derivative_equal_torch(
    function: Function, derivative: Function, reference: TorchFunction, shape: tuple[int, ...]
) -> None:
    x, d_output = random_pair(shape)
    np.testing.assert_allclose(function(x), reference(torch.tensor(x)).numpy(), rtol=0, atol=1e-10)
    expected = torch_gradient(reference, x, d_output)
    np.testing.assert_allclose(d_output * derivative(x), expected, rtol=0, atol=1e-10)


@elementwise
def test_elementwise_derivative_equals_finite_differences(
    function: Function, derivative: Function, reference: TorchFunction
) -> None:
    x, _ = random_pair((5, 9))
    slopes = (function(x + STEP) - function(x - STEP)) / (2 * STEP)
    np.testing.assert_allclose(derivative(x), slopes, rtol=0, atol=1e-6)


def test_relu_derivative_at_the_corner_is_torch_s() -> None:
    corner = np.zeros(1)
    assert (
        activations.relu_derivative(corner) == torch_gradient(torch.relu, corner, np.ones(1)) == 0
    )


@dataclass(frozen=True)
class Case:
    """A function of rows: (x) -> y, its backward: (x, d_y) -> d_x, and torch's twin."""

    name: str
    function: Function
    backward: Callable[[FloatArray, FloatArray], FloatArray]
    reference: TorchFunction


ROWS = [
    *[
        Case(
            f"softmax T={t}",
            lambda x, t=t: ours.softmax(x, t),
            lambda x, d, t=t: ours.softmax_backward(ours.softmax(x, t), d, t),
            lambda x, t=t: torch.softmax(x / t, dim=-1),
        )
        for t in (0.5, 1.0, 2.0)
    ],
    Case(
        "log_softmax",
        ours.log_softmax,
        lambda x, d: ours.log_softmax_backward(ours.log_softmax(x), d),
        lambda x: torch.log_softmax(x, dim=-1),
    ),
]


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
@pytest.mark.parametrize("shape", SHAPES)
def test_softmax_value_and_gradient_equal_torch_and_differences(
    case: Case, shape: tuple[int, ...]
) -> None:
    x, d_output = random_pair(shape)
    expected = case.reference(torch.tensor(x)).numpy()
    np.testing.assert_allclose(case.function(x), expected, rtol=0, atol=1e-10)
    d_x = case.backward(x, d_output)
    np.testing.assert_allclose(d_x, torch_gradient(case.reference, x, d_output), rtol=0, atol=1e-10)
    slopes = finite_difference(lambda at: float((case.function(at) * d_output).sum()), x)
    np.testing.assert_allclose(d_x, slopes, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("eps", [1e-5, 1e-2])
def test_rms_norm_value_and_gradients_equal_torch_and_differences(
    shape: tuple[int, ...], eps: float
) -> None:
    x, d_output = random_pair(shape)
    weight = np.random.default_rng(0).normal(size=shape[-1])
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, weight)]
    result = theirs.rms_norm(leaves[0], shape[-1:], leaves[1], eps)
    result.backward(torch.tensor(d_output))
    output = ours.rms_norm(x, weight, eps)
    np.testing.assert_allclose(output, result.detach().numpy(), rtol=0, atol=1e-10)
    gradients = ours.rms_norm_backward(x, weight, d_output, eps)
    assert_gradients_equal(gradients, leaves)
    slopes = finite_difference(
        lambda at: float((ours.rms_norm(at, weight, eps) * d_output).sum()), x
    )
    np.testing.assert_allclose(gradients[0], slopes, rtol=0, atol=1e-6)


# A row of one number has no spread: its norm is its bias, and 1 / sqrt(eps) blows up the rounding.
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape[-1] > 1])
@pytest.mark.parametrize("eps", [1e-5, 1e-2])
def test_layer_norm_value_and_gradients_equal_torch_and_differences(
    shape: tuple[int, ...], eps: float
) -> None:
    x, d_output = random_pair(shape)
    weight, bias = np.random.default_rng(0).normal(size=(2, shape[-1]))
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
    result = theirs.layer_norm(leaves[0], shape[-1:], leaves[1], leaves[2], eps)
    result.backward(torch.tensor(d_output))
    output = ours.layer_norm(x, weight, bias, eps)
    np.testing.assert_allclose(output, result.detach().numpy(), rtol=0, atol=1e-10)
    gradients = ours.layer_norm_backward(x, weight, d_output, eps)
    assert_gradients_equal(gradients, leaves)

    def cost(at: FloatArray) -> float:
        return float((ours.layer_norm(at, weight, bias, eps) * d_output).sum())

    np.testing.assert_allclose(gradients[0], finite_difference(cost, x), rtol=0, atol=1e-6)


def assert_gradients_equal(gradients: tuple[FloatArray, ...], leaves: list[torch.Tensor]) -> None:
    """Hold each gradient to that of its torch leaf."""
    for gradient, leaf in zip(gradients, leaves, strict=True):
        assert leaf.grad is not None
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("shape", [(1, 1), (1, 10), (6, 10), (2, 3, 8)])
def test_cross_entropy_and_its_gradient_equal_torch_and_differences(
    shape: tuple[int, ...],
) -> None:
    logits, _ = random_pair(shape)
    targets: IntArray = np.random.default_rng(1).integers(shape[-1], size=shape[:-1])

    def reference(z: torch.Tensor) -> torch.Tensor:
        flat = z.reshape(-1, shape[-1])
        return theirs.cross_entropy(flat, torch.tensor(targets).reshape(-1))

    expected = reference(torch.tensor(logits)).item()
    assert ours.cross_entropy(logits, targets) == pytest.approx(expected, rel=0, abs=1e-10)
    gradient = ours.cross_entropy_backward(logits, targets)
    by_torch = torch_gradient(reference, logits, np.array(1.0))
    np.testing.assert_allclose(gradient, by_torch, rtol=0, atol=1e-10)
    slopes = finite_difference(lambda at: ours.cross_entropy(at, targets), logits)
    np.testing.assert_allclose(gradient, slopes, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 10), (6, 10)])
def test_squared_cost_and_its_gradient_equal_torch_and_differences(shape: tuple[int, int]) -> None:
    outputs, targets = random_pair(shape)

    def reference(a: torch.Tensor) -> torch.Tensor:
        return theirs.mse_loss(a, torch.tensor(targets), reduction="sum") / shape[0]

    expected = reference(torch.tensor(outputs)).item()
    assert ours.squared_cost(outputs, targets) == pytest.approx(expected, rel=1e-12)
    gradient = ours.squared_cost_backward(outputs, targets)
    by_torch = torch_gradient(reference, outputs, np.array(1.0))
    np.testing.assert_allclose(gradient, by_torch, rtol=0, atol=1e-10)
    slopes = finite_difference(lambda at: ours.squared_cost(at, targets), outputs)
    np.testing.assert_allclose(gradient, slopes, rtol=0, atol=1e-6)
