"""Ways of learning: with every label, without any, with a few, and from rewards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from playground.core.bandit import epsilon_greedy_regret
from playground.core.clustering import Clusters, Float64Array, k_means
from playground.core.functional import IntArray
from playground.core.grid_world import GridWorld, Values, optimal_values, q_learning
from playground.core.network import MLP
from playground.core.optimizers import SGD
from playground.core.spreading import neighbour_graph, spread_labels
from playground.core.training import accuracy, train_epochs
from playground.data.digits import Digits, load_digits
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.neurons.word_groups import WordGroups, group_words

EPOCHS = 20
MANY = 1000  # digits that are grouped, and that labels spread to
NEIGHBOURS, ROUNDS = 7, 30
CHANCES = (0.2, 0.3, 0.45, 0.5, 0.7)
PULLS, PLAYERS = 1000, 200
WORLD = GridWorld(("....G", ".#.X.", ".#...", "...#."))
DISCOUNT = 0.95
_PARTS = 6


class WaysSettings(Settings):
    """How much each way is told."""

    images: int = field(
        500, label="Labelled digits", explanation="Supervised: to learn from.", ge=20, le=2000
    )
    clusters: int = field(
        10, label="Groups", explanation="Unsupervised: how many of digits.", ge=2, le=20
    )
    kinds: int = field(
        5, label="Groups of words", explanation="Unsupervised: how many of words.", ge=2, le=10
    )
    labelled: int = field(
        20, label="Labels", explanation="Semi-supervised: of 1,000 digits.", ge=10, le=500
    )
    epsilon: float = field(
        0.1,
        label="Exploring",
        explanation="Reinforcement: the share of moves made at random.",
        ge=0,
        le=1,
        step=0.01,
    )
    episodes: int = field(
        300, label="Episodes", explanation="Reinforcement: walks in the grid.", ge=1, le=2000
    )
    seed: int = field(
        0, label="Seed", explanation="Draws all that is drawn.", ge=0, le=2**32 - 1, seldom=True
    )


@dataclass(frozen=True)
class Right:
    """The share named rightly after an epoch, of the digits learned from and of new ones."""

    epoch: int
    train: float
    test: float


@dataclass(frozen=True, eq=False)
class Grouped:
    """Digits in groups after some rounds, and what was found in each by looking at the labels."""

    rounds: int
    clusters: Clusters
    found: tuple[tuple[int, int, int], ...]  # members, commonest digit, how many of that

    @property
    def purity(self) -> float:
        """The share of digits that are what their group is mostly made of."""
        return sum(most for _, _, most in self.found) / len(self.clusters.members)


@dataclass(frozen=True)
class Spread:
    """Labels as they spread.

    Parameters
    ----------
    reached : tuple of float
        The share of the digits without a label that has one, after each round.
    right : tuple of float
        The share of them whose label is right.
    alone : float
        The share that a network gets right which learned from the labelled ones alone.
    """

    reached: tuple[float, ...]
    right: tuple[float, ...]
    alone: float


@dataclass(frozen=True)
class Regret:
    """What playing cost with a share of exploring, after every tenth pull."""

    epsilon: float
    lost: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Walks:
    """What has been learned after some episodes; `best` counts the cells whose arrow is best."""

    episodes: int
    values: Values
    best: int


@dataclass(frozen=True)
class Ways:
    """The four ways as far as they have come."""

    settings: WaysSettings
    supervised: tuple[Right, ...] = ()
    words: WordGroups | None = None
    grouped: Grouped | None = None
    spread: Spread | None = None
    regrets: tuple[Regret, ...] = ()
    walks: tuple[Walks, ...] = ()
    done: int = 0

    @property
    def progress(self) -> Progress:
        """How many demonstrations have ended."""
        return Progress(self.done, _PARTS, f"{self.done} of {_PARTS} demonstrations done")

    def to_json(self) -> dict[str, Any]:
        """Return what each way reached."""
        grouped = self.grouped and {
            "rounds": self.grouped.rounds,
            "spread": self.grouped.clusters.spread,
            "purity": self.grouped.purity,
            "groups": [
                {"members": members, "commonest": digit, "of_that": most}
                for members, digit, most in self.grouped.found
            ],
        }
        return {
            "supervised": [asdict(each) for each in self.supervised],
            "words": self.words and asdict(self.words),
            "unsupervised": grouped,
            "semi_supervised": self.spread and asdict(self.spread),
            "bandit": [asdict(each) for each in self.regrets],
            "grid": [
                {"episodes": each.episodes, "best": each.best, "values": each.values.tolist()}
                for each in self.walks
            ],
        }


def run_ways(_given: None, settings: WaysSettings, run: Run) -> Iterator[Ways]:
    """Show each way in turn, each with its own dice.

    Yields
    ------
    Ways
        The same seed gives the same numbers.
    """
    train, test = load_digits().split()
    known = Ways(settings)
    yield known
    for supervised in _learn(settings, train, test):
        run.check()
        known = replace(known, supervised=supervised)
        yield known
    run.check()
    known = replace(known, words=group_words(settings.kinds, settings.seed), done=2)
    yield known
    for grouped in _group(settings, train):
        run.check()
        known = replace(known, grouped=grouped)
        yield known
    known = replace(known, spread=_spread(settings, train), done=4)
    yield known
    for epsilon in dict.fromkeys((0.0, settings.epsilon, 1.0)):
        run.check()
        known = replace(known, regrets=(*known.regrets, _play(settings, epsilon)))
        yield known
    run.check()
    known = replace(known, done=5)
    yield replace(known, walks=_walk(settings), done=_PARTS)


def train_on(digits: Digits, dice: np.random.Generator, passes: int = EPOCHS) -> Iterator[MLP]:
    """Train the digits network from its start; yield it after each epoch."""
    start = MLP.create(dice, activation="relu", cost="cross-entropy", initialization="he")
    epochs = train_epochs(start, SGD(0.03), digits.images, digits.labels, dice)
    return (epoch.network for epoch in islice(epochs, passes))


def _learn(settings: WaysSettings, train: Digits, test: Digits) -> Iterator[tuple[Right, ...]]:
    some, _ = train.split(settings.images)
    known: tuple[Right, ...] = ()
    for number, network in enumerate(train_on(some, np.random.default_rng(settings.seed)), 1):
        shares = (accuracy(network, each.images, each.labels) for each in (some, test))
        known = (*known, Right(number, *shares))
        yield known


def _group(settings: WaysSettings, train: Digits) -> Iterator[Grouped]:
    digits, _ = train.split(MANY)
    dice = np.random.default_rng(settings.seed)
    start = digits.images[dice.choice(MANY, settings.clusters, replace=False)]
    for rounds, clusters in enumerate(k_means(digits.images, start), 1):
        found = tuple(
            _looked_at(digits.labels[clusters.members == place])
            for place in range(settings.clusters)
        )
        yield Grouped(rounds, clusters, found)


def _looked_at(labels: IntArray) -> tuple[int, int, int]:
    counts = np.bincount(labels, minlength=10)
    return len(labels), int(counts.argmax()), int(counts.max())


def few_labels(labels: IntArray, count: int, dice: np.random.Generator) -> IntArray:
    """Keep so many labels, as evenly over the ten digits as can be, and put -1 for all others."""
    order = dice.permutation(len(labels))
    # The first of every digit, then the second of every digit, and so on.
    turns = [int((labels[order[:place]] == labels[each]).sum()) for place, each in enumerate(order)]
    kept = order[np.argsort(turns, kind="stable")[:count]]
    few = np.full(len(labels), -1)
    few[kept] = labels[kept]
    return few


def _spread(settings: WaysSettings, train: Digits) -> Spread:
    digits, _ = train.split(MANY)
    dice = np.random.default_rng(settings.seed)
    few = few_labels(digits.labels, settings.labelled, dice)
    without, given = few < 0, few >= 0
    graph = neighbour_graph(digits.images, NEIGHBOURS)
    rounds = list(islice(spread_labels(graph, few, 10), ROUNDS))
    # With few digits an epoch is few steps: as many steps as with 500 digits, to be fair.
    passes = max(EPOCHS, EPOCHS * 500 // settings.labelled)
    *_, alone = train_on(Digits(digits.images[given], digits.labels[given]), dice, passes)
    return Spread(
        tuple(float((held[without].max(axis=1) > 0).mean()) for held in rounds),
        tuple(_named(held, digits.labels, without) for held in rounds),
        accuracy(alone, digits.images[without], digits.labels[without]),
    )


def _named(held: Float64Array, labels: IntArray, without: np.ndarray) -> float:
    """Return the share of right labels; what has none yet counts as wrong."""
    right = (held.argmax(axis=1) == labels) & (held.max(axis=1) > 0)
    return float(right[without].mean())


def _play(settings: WaysSettings, epsilon: float) -> Regret:
    dice = np.random.default_rng(settings.seed)
    lost = epsilon_greedy_regret(dice, CHANCES, epsilon, PULLS, PLAYERS)
    return Regret(epsilon, tuple(lost[9::10].tolist()))


def _walk(settings: WaysSettings) -> tuple[Walks, ...]:
    best = optimal_values(WORLD, DISCOUNT)
    shown = {max(1, settings.episodes // 100), max(1, settings.episodes // 10), settings.episodes}
    dice = np.random.default_rng(settings.seed)
    walks = q_learning(WORLD, dice, DISCOUNT, settings.epsilon)
    return tuple(
        Walks(number, values, sum(is_best(best, values, cell) for cell in WORLD.free))
        for number, values in enumerate(islice(walks, settings.episodes), 1)
        if number in shown
    )


def is_best(best: Values, values: Values, cell: tuple[int, int]) -> bool:
    """Tell whether what has been learned chooses a move that is as good as any."""
    chosen = int(values[cell].argmax())
    return bool(values[cell].any() and best[cell][chosen] > best[cell].max() - 1e-9)
