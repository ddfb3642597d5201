"""k-means and label spreading against scikit-learn's; Q-learning against value iteration."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.semi_supervised import LabelSpreading

from playground.core.clustering import k_means
from playground.core.grid_world import GridWorld, optimal_values, q_learning
from playground.core.spreading import neighbour_graph, spread_labels
from playground.data.words import load_word_vectors
from playground.labs.neurons.ways import DISCOUNT, WORLD, is_best
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import load_engine
from playground.models.engines.precision import Precision
from playground.models.engines.vocabulary import read_word, token_table, vector_of


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_k_means_from_the_same_start(seed: int) -> None:
    dice = np.random.default_rng(seed)
    points = dice.standard_normal((90, 3)) + 3 * dice.integers(0, 3, (90, 1))
    start = points[:4]
    theirs = KMeans(4, init=start, n_init=1, algorithm="lloyd", tol=0, max_iter=500).fit(points)
    *_, mine = k_means(points, start)
    np.testing.assert_array_equal(mine.members, theirs.labels_)
    np.testing.assert_allclose(mine.centres, theirs.cluster_centers_, atol=1e-10)
    assert mine.spread == pytest.approx(theirs.inertia_)
    spreads = [each.spread for each in k_means(points, start)]
    assert spreads == sorted(spreads, reverse=True)


def test_the_words_have_the_vectors_that_the_model_has_for_them(
    default_model: InstalledModel,
) -> None:
    engine = load_engine(default_model, Precision.FP32)
    table, known = token_table(engine), load_word_vectors()
    theirs = [vector_of(table, read_word(engine.tokenizer, word)) for word in known.words]
    np.testing.assert_array_equal(known.vectors, np.array(theirs, np.float16).astype(np.float64))


@pytest.mark.parametrize("keep", [0.2, 0.9])
def test_labels_spread_as_scikit_learn_spreads_them(keep: float) -> None:
    dice = np.random.default_rng(3)
    points = dice.standard_normal((60, 4))
    labels = np.full(60, -1)
    labels[:6] = [0, 1, 2, 0, 1, 2]
    graph = neighbour_graph(points, 5)
    theirs = LabelSpreading(kernel=lambda *_: graph.copy(), alpha=keep, max_iter=40, tol=0)
    with pytest.warns(UserWarning, match="max_iter"):  # as many rounds as ours, whatever is left
        theirs.fit(points, labels)
    *_, held = islice(spread_labels(graph, labels, 3, keep), 40)
    mine = held / held.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(mine, theirs.label_distributions_, atol=1e-10)


def test_q_learning_finds_what_value_iteration_knows() -> None:
    best = optimal_values(WORLD, DISCOUNT)
    *_, learned = islice(q_learning(WORLD, np.random.default_rng(0), DISCOUNT, 0.6), 2000)
    free = np.array(WORLD.free).T
    np.testing.assert_allclose(learned[*free], best[*free], atol=1e-3)
    assert all(is_best(best, learned, cell) for cell in WORLD.free)


def test_the_best_way_in_a_corridor_is_counted_by_hand() -> None:
    values = optimal_values(GridWorld(("..G",)), 0.5)
    assert values[0, 1].tolist() == [-1 + 0.5 * 10, 10, -1 + 0.5 * 10, -1 + 0.5 * 4]
    assert values[0, 0].max() == -1 + 0.5 * 10
