"""One epoch of the digits network, the core's NumPy beside eager torch; a stroke to its verdict.

Both start from the same weights, see the same batches in the same order, and take turns. Prints a
Markdown table with the machine and the versions it was made with::

    python benchmarks/digits.py [--repeats N]
"""

from __future__ import annotations

import os

# Set before NumPy and torch load: torch's threads would otherwise spin on the cores NumPy needs.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from machine import conditions
from torch import nn
from torch.nn import functional

from playground.core.functional import FloatArray, one_hot
from playground.core.network import MLP
from playground.core.optimizers import SGD, minibatches
from playground.core.training import train_epochs
from playground.data.digits import Digits, load_digits
from playground.labs.neurons.drawn import draw_verdict
from playground.labs.neurons.normalising import SIDE

BATCH_SIZE = 10
SEED = 0


@dataclass(frozen=True)
class Recipe:
    """A network to train, and how fast."""

    name: str
    network: MLP
    learning_rate: float


@dataclass(frozen=True)
class Row:
    """One recipe's seconds an epoch and the mean loss of its first, by side."""

    recipe: Recipe
    seconds: dict[str, list[float]]
    losses: dict[str, float]


def main() -> None:
    """Measure both recipes and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    train, _ = load_digits().split()
    print(as_markdown([measure(recipe, train, repeats) for recipe in recipes()], repeats))
    seconds = [verdict_seconds(image) for image in train.images[1 : 4 * repeats]]
    print(f"A stroke to its verdict on the server: {1000 * statistics.median(seconds):.1f} ms.")


def verdict_seconds(image: FloatArray) -> float:
    """Return how long a drawing takes to be normalised, recognised and told."""
    drawing = np.kron(image.reshape(SIDE, SIDE), np.ones((2, 2)))  # as fine as the page's
    greys = [int(each) for each in np.rint(255 * drawing).reshape(-1)]
    started = time.perf_counter()
    draw_verdict(greys)
    return time.perf_counter() - started


def recipes() -> list[Recipe]:
    """Return the network of the notes, and its modern form."""
    notes = MLP.create(np.random.default_rng(SEED))
    modern = MLP.create(
        np.random.default_rng(SEED),
        activation="relu",
        cost="cross-entropy",
        initialization="he",
    )
    return [
        Recipe("sigmoid, squared cost", notes, 1.5),
        Recipe("ReLU, cross-entropy", modern, 0.03),
    ]


def measure(recipe: Recipe, train: Digits, repeats: int) -> Row:
    """Let the sides take turns; the first round warms up and is not timed."""
    most = torch.get_num_threads()
    sides: dict[str, Callable[[], float]] = {
        "NumPy": lambda: numpy_epoch(recipe, train),
        "torch, 1 thread": lambda: torch_epoch(recipe, train, threads=1),
        f"torch, {most} threads": lambda: torch_epoch(recipe, train, threads=most),
    }
    losses = {side: epoch() for side, epoch in sides.items()}
    if not np.allclose(list(losses.values()), losses["NumPy"], rtol=1e-3):
        raise SystemExit(f"The sides do not do the same work: their losses are {losses}.")
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(repeats):
        for side, epoch in sides.items():
            start = time.perf_counter()
            epoch()
            seconds[side].append(time.perf_counter() - start)
    return Row(recipe, seconds, losses)


def numpy_epoch(recipe: Recipe, train: Digits) -> float:
    """Train for one epoch with the core and return its mean loss."""
    rng, rule = np.random.default_rng(SEED), SGD(recipe.learning_rate)
    epochs = train_epochs(recipe.network, rule, train.images, train.labels, rng, BATCH_SIZE)
    return next(epochs).loss


def torch_epoch(recipe: Recipe, train: Digits, threads: int) -> float:
    """Train for one epoch with torch, written the usual way, and return its mean loss."""
    torch.set_num_threads(threads)
    model = torch_twin(recipe.network)
    rule = torch.optim.SGD(model.parameters(), lr=recipe.learning_rate)
    images, targets = torch.from_numpy(train.images), torch.from_numpy(train.labels)
    squared = recipe.network.cost == "squared"
    if squared:
        targets = torch.from_numpy(one_hot(train.labels, 10).astype(np.float32))
    total = 0.0
    for batch in minibatches(np.random.default_rng(SEED), len(images), BATCH_SIZE):
        index = torch.from_numpy(batch)
        output, wanted = model(images[index]), targets[index]
        if squared:
            loss = functional.mse_loss(output, wanted, reduction="sum") / len(batch)
        else:
            loss = functional.cross_entropy(output, wanted)
        rule.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call] # torch's annotation is partial
        rule.step()
        total += loss.item() * len(batch)
    return total / len(images)


def torch_twin(network: MLP) -> nn.Sequential:
    """Return the same network, with the same weights, as torch modules."""
    bend = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}[network.activation]
    modules: list[nn.Module] = []
    for weight, bias in zip(network.parameters[0::2], network.parameters[1::2], strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.copy_(torch.from_numpy(bias))
        modules += [linear, bend()]
    modules[-1:] = [nn.Sigmoid()] if network.cost == "squared" else []
    return nn.Sequential(*modules)


def as_markdown(rows: list[Row], repeats: int) -> str:
    """Return the table, with the conditions below it."""
    lines = [
        "| network | side | seconds an epoch | lowest to highest | torch / NumPy | mean loss |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        ours = statistics.median(row.seconds["NumPy"])
        for side, seconds in row.seconds.items():
            middle = statistics.median(seconds)
            ratio = "" if side == "NumPy" else f"{middle / ours:.1f}"
            lines.append(
                f"| {row.recipe.name} | {side} | {middle:.3f} | {min(seconds):.3f} to "
                f"{max(seconds):.3f} | {ratio} | {row.losses[side]:.4f} |"
            )
    return "\n".join(
        [
            *lines,
            "",
            f"Measured: 784-16-16-10, 9,000 images, batches of {BATCH_SIZE}, float32; median of "
            f"{repeats} epochs after a warm-up, the sides in turn.",
            conditions(),
        ]
    )


if __name__ == "__main__":
    main()
