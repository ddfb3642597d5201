"""Batch after batch, epoch after epoch, as generators: a page can watch a network learn, and stop.

Two recipes that learn digits, both in batches of 10: the network of the notes (sigmoid, squared
cost, Xavier) with ``SGD(1.5)``, and its modern form (ReLU, cross-entropy, He) with ``SGD(0.03)``,
which gets there more surely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np

from playground.core.functional import FloatArray, IntArray
from playground.core.network import MLP, Parameters
from playground.core.optimizers import Optimizer, minibatches


@dataclass(frozen=True, eq=False)
class Epoch:
    """The network after one pass over the training examples.

    Parameters
    ----------
    number : int
        1 for the first.
    loss : float
        Mean cost over the epoch, each example at the moment it was learned from.
    network : MLP
        What came out: the parameters that the steps moved, not what `seen_as` made of them.
    """

    number: int
    loss: float
    network: MLP


@dataclass(frozen=True, eq=False)
class Batch:
    """The network after one step.

    Parameters
    ----------
    epoch : int
        1 for the first.
    seen : int
        Examples of this epoch that have been learned from, these included.
    loss : float
        Mean cost of the batch before the step.
    size : int
        Examples in it.
    network : MLP
        What came out.
    """

    epoch: int
    seen: int
    loss: float
    size: int
    network: MLP


def train_batches(
    network: MLP,
    optimizer: Optimizer[Any],
    images: FloatArray,
    labels: IntArray,
    rng: np.random.Generator,
    batch_size: int = 10,
    seen_as: Callable[[Parameters], Parameters] | None = None,
) -> Iterator[Batch]:
    """Learn for as long as the caller takes batches; see `train_epochs` for what it is given.

    Yields
    ------
    Batch
        One a step, without end.

    Examples
    --------
    >>> from playground.core.optimizers import SGD
    >>> x, y, rng = np.ones((5, 2)), np.array([0, 1, 0, 1, 0]), np.random.default_rng(0)
    >>> start = MLP.create(rng, sizes=(2, 2))
    >>> batches = train_batches(start, SGD(0.1), x, y, rng, batch_size=2)
    >>> [(each.epoch, each.seen) for each, _ in zip(batches, range(4))]
    [(1, 2), (1, 4), (1, 5), (2, 2)]
    """
    state = optimizer.init(network.parameters)
    for number in count(1):
        taken = 0
        for batch in minibatches(rng, len(images), batch_size):
            # Rounding has slope 0 nearly everywhere; passing it over lets small steps add up.
            seen = network if seen_as is None else _seen(network, seen_as)
            loss, gradients = seen.loss_and_gradients(images[batch], labels[batch])
            parameters, state = optimizer.step(network.parameters, gradients, state)
            network = replace(network, parameters=parameters)
            taken += len(batch)
            yield Batch(number, taken, loss, len(batch), network)


def train_epochs(
    network: MLP,
    optimizer: Optimizer[Any],
    images: FloatArray,
    labels: IntArray,
    rng: np.random.Generator,
    batch_size: int = 10,
    seen_as: Callable[[Parameters], Parameters] | None = None,
) -> Iterator[Epoch]:
    """Learn for as long as the caller takes epochs.

    Parameters
    ----------
    network : MLP
        Where to start; it stays as it is.
    optimizer : Optimizer
        The rule of a step.
    images : array of shape (N, I)
        Training examples, one row each.
    labels : array of int, shape (N,)
        What they show.
    rng : Generator
        Shuffles the examples anew in every epoch.
    batch_size : int
        Examples a step.
    seen_as : callable, optional
        What the network computes with, made anew of its parameters before every step; the
        parameters themselves when left out. Loss and gradients are taken there, and the step is
        made on the parameters as if nothing stood between: the straight-through estimator (Bengio
        et al., 2013, arXiv:1308.3432). With `fake_quantize` it trains for quantization.

    Yields
    ------
    Epoch
        One a pass, without end.

    Examples
    --------
    >>> from itertools import islice
    >>> from playground.core.optimizers import Adam
    >>> x, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    >>> rng = np.random.default_rng(0)
    >>> start = MLP.create(rng, sizes=(2, 8, 2), cost="cross-entropy")
    >>> *_, last = islice(train_epochs(start, Adam(0.1), x, y, rng, batch_size=4), 100)
    >>> last.network.predict(x)
    array([0, 1, 1, 0])
    """
    total = 0.0
    for batch in train_batches(network, optimizer, images, labels, rng, batch_size, seen_as):
        total += batch.loss * batch.size
        if batch.seen == len(images):
            yield Epoch(batch.epoch, total / len(images), batch.network)
            total = 0.0


def _seen(network: MLP, seen_as: Callable[[Parameters], Parameters]) -> MLP:
    return replace(network, parameters=seen_as(network.parameters))


def accuracy(network: MLP, images: FloatArray, labels: IntArray) -> float:
    """Return the share of examples that the network names rightly, 0 to 1."""
    return float((network.predict(images) == labels).mean())
