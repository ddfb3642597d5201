"""The nearest tokens of the real table against a brute-force search in float64."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from playground.core.neighbours import CosineTable
from playground.models.acquire.store import InstalledModel
from playground.models.engines.weights import read_matrix

COUNT = 12


@pytest.fixture(scope="module")
def vectors(default_model: InstalledModel) -> NDArray[np.float32]:
    return read_matrix(default_model.path, "model.embed_tokens.weight")


def brute_force(
    vectors: NDArray[np.float32], queries: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the nearest rows of each query, and all cosines: shapes (Q, COUNT) and (Q, V)."""
    wide = vectors.astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    cosines = queries / np.linalg.norm(queries, axis=1, keepdims=True) @ wide.T
    # Equal rows come out of a product with other last bits; they are equal all the same.
    order = [np.lexsort((np.arange(len(wide)), -each.round(13)))[:COUNT] for each in cosines]
    return np.array(order), cosines


def test_neighbours_of_tokens_and_of_random_vectors(vectors: NDArray[np.float32]) -> None:
    assert vectors.shape == (49_152, 576)
    rng = np.random.default_rng(0)
    tokens = vectors[rng.choice(len(vectors), 80, replace=False)].astype(np.float64)
    # Tokens that were never trained have nearly one vector: the hardest to tell apart.
    untrained = vectors[:20].astype(np.float64)
    queries = np.concatenate([tokens, untrained, rng.standard_normal((60, 576)), -tokens[:20]])
    expected, cosines = brute_force(vectors, queries)
    table = CosineTable(vectors)
    for query, rows, all_cosines in zip(queries, expected, cosines, strict=True):
        hits = table.towards(query).nearest(COUNT)
        assert [hit.row for hit in hits] == rows.tolist()
        np.testing.assert_allclose([hit.cosine for hit in hits], all_cosines[rows], atol=1e-12)


def test_places_far_down_the_table(vectors: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(1)
    query = rng.standard_normal(576)
    _, cosines = brute_force(vectors, query[None])
    places = np.empty(len(vectors), int)
    places[np.lexsort((np.arange(len(vectors)), -cosines[0].round(13)))] = np.arange(len(vectors))
    ranking = CosineTable(vectors).towards(query)
    some = rng.choice(len(vectors), 200, replace=False)
    assert [ranking.place_of(int(row)) for row in some] == (places[some] + 1).tolist()
