"""Optimizers are pure, and their first steps are the ones worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from playground.core.optimizers import SGD, Adam, Optimizer, RMSprop, minibatches

RULES = [
    SGD(0.1),
    SGD(0.1, momentum=0.9),
    SGD(0.1, momentum=0.9, nesterov=True),
    RMSprop(0.1),
    Adam(0.1),
]


def walk(rule: Optimizer, gradients: list[float]) -> list[float]:
    """Return where a single parameter stands after each step from 0."""
    parameters, path = [np.array([0.0])], []
    state = rule.init(parameters)
    for gradient in gradients:
        parameters, state = rule.step(parameters, [np.array([gradient])], state)
        path.append(float(parameters[0][0]))
    return path


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        (SGD(0.1), [-0.1, -0.2]),
        (SGD(0.1, momentum=0.5), [-0.1, -0.1 - 0.15]),
        (SGD(0.1, momentum=0.5, nesterov=True), [-0.15, -0.15 - 0.175]),
        (
            RMSprop(0.1, alpha=0.75, eps=0.0),
            [-0.1 / math.sqrt(0.25), -0.2 - 0.1 / math.sqrt(0.4375)],
        ),
        (Adam(0.1, eps=0.0), [-0.1, -0.2]),
    ],
)
def test_step_is_the_one_worked_out_by_hand(rule: Optimizer, path: list[float]) -> None:
    """The gradient is 1 twice."""
    assert walk(rule, [1.0, 1.0]) == pytest.approx(path, rel=1e-12)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_step_leaves_what_it_was_given_and_keeps_float32(rule: Optimizer) -> None:
    rng = np.random.default_rng(0)
    parameters = [rng.normal(size=(3, 2)).astype(np.float32), np.ones(2, np.float32)]
    gradients = [np.ones_like(array) for array in parameters]
    first, state = rule.step(parameters, gradients, rule.init(parameters))
    kept = [array.copy() for array in first]
    once, _ = rule.step(first, gradients, state)
    again, _ = rule.step(first, gradients, state)
    for array, copy, one, other in zip(first, kept, once, again, strict=True):
        np.testing.assert_array_equal(array, copy)
        np.testing.assert_array_equal(one, other)
        assert (one != array).all()
        assert one.dtype == np.float32
    np.testing.assert_array_equal(parameters[1], np.ones(2))
    np.testing.assert_array_equal(gradients[1], np.ones(2))


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_rule_walks_down_a_valley(rule: Optimizer) -> None:
    """The cost is x^2 + 10 y^2."""
    parameters = [np.array([3.0, -2.0])]
    state = rule.init(parameters)
    curvature = np.array([1.0, 10.0])
    costs = []
    for _ in range(200):
        (place,) = parameters
        costs.append(float(curvature @ place**2))
        parameters, state = rule.step(parameters, [0.9 * curvature * place], state)
    assert costs[-1] < 0.01 * costs[0]


@pytest.mark.parametrize(
    ("batch_size", "sizes"),
    [(1, [1] * 10), (4, [4, 4, 2]), (10, [10]), (99, [10])],
)
def test_minibatches_deal_out_every_example_once(batch_size: int, sizes: list[int]) -> None:
    batches = list(minibatches(np.random.default_rng(0), 10, batch_size))
    assert [len(batch) for batch in batches] == sizes
    assert sorted(np.concatenate(batches)) == list(range(10))


def test_minibatches_shuffle_anew_and_repeat_with_the_seed() -> None:
    rng = np.random.default_rng(0)
    first, second = (np.concatenate(list(minibatches(rng, 50, 7))) for _ in range(2))
    again = np.concatenate(list(minibatches(np.random.default_rng(0), 50, 7)))
    assert first.tolist() != list(range(50))
    assert first.tolist() != second.tolist()
    assert first.tolist() == again.tolist()
