"""Principal components against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from playground.core.pca import fit_pca
from playground.models.acquire.store import InstalledModel
from playground.models.engines.weights import read_matrix


@pytest.mark.parametrize(("rows", "columns", "count"), [(3, 2, 2), (40, 7, 5), (12, 576, 2)])
def test_random_points(rows: int, columns: int, count: int) -> None:
    points = np.random.default_rng(rows).standard_normal((rows, columns)) * np.arange(
        1, columns + 1
    )
    assert_equal(points, count)


def test_rows_of_the_real_table(default_model: InstalledModel) -> None:
    table = read_matrix(default_model.path, "model.embed_tokens.weight").astype(np.float64)
    some = table[np.random.default_rng(0).choice(len(table), 60, replace=False)]
    assert_equal(some / np.linalg.norm(some, axis=1, keepdims=True), 2)


def assert_equal(points: np.ndarray, count: int) -> None:
    mine = fit_pca(points, count)
    theirs = PCA(count, svd_solver="full").fit(points)
    signs = np.sign((mine.components * theirs.components_).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(mine.components, signs * theirs.components_, atol=1e-10)
    np.testing.assert_allclose(
        mine.explained_variance_ratio, theirs.explained_variance_ratio_, atol=1e-10
    )
    np.testing.assert_allclose(mine.project(points), signs.T * theirs.transform(points), atol=1e-9)
