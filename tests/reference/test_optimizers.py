"""Fifty steps of every optimizer equal torch.optim's."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
import torch

from playground.core.optimizers import SGD, Adam, Optimizer, RMSprop

STEPS = 50

PAIRS: list[tuple[Optimizer, Callable[[Iterable[torch.Tensor]], torch.optim.Optimizer]]] = [
    (SGD(0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    (SGD(0.1, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    (
        SGD(0.1, momentum=0.9, nesterov=True),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    ),
    (RMSprop(), lambda p: torch.optim.RMSprop(p)),
    (RMSprop(0.05, 0.9, 1e-3), lambda p: torch.optim.RMSprop(p, lr=0.05, alpha=0.9, eps=1e-3)),
    (Adam(), lambda p: torch.optim.Adam(p)),
    (
        Adam(0.05, (0.8, 0.95), 1e-3),
        lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3),
    ),
]


@pytest.mark.parametrize(("ours", "make_theirs"), PAIRS, ids=[str(ours) for ours, _ in PAIRS])
def test_fifty_steps_equal_torch(
    ours: Optimizer, make_theirs: Callable[[Iterable[torch.Tensor]], torch.optim.Optimizer]
) -> None:
    """Gradients are random and come in all sizes; some are 0."""
    rng = np.random.default_rng(0)
    parameters = [rng.normal(size=(4, 3)), rng.normal(size=5)]
    tensors = [torch.tensor(array, requires_grad=True) for array in parameters]
    theirs, state = make_theirs(tensors), ours.init(parameters)
    for _ in range(STEPS):
        gradients = [
            rng.normal(size=w.shape) * rng.choice([0, 1e-6, 1, 1e3], size=w.shape)
            for w in parameters
        ]
        for tensor, gradient in zip(tensors, gradients, strict=True):
            tensor.grad = torch.tensor(gradient)
        theirs.step()
        parameters, state = ours.step(parameters, gradients, state)
        for array, tensor in zip(parameters, tensors, strict=True):
            np.testing.assert_allclose(array, tensor.detach().numpy(), rtol=1e-12, atol=1e-12)
