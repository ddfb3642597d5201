"""Principal components: what must hold for any cloud of points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from playground.core.pca import fit_pca

clouds = arrays(
    np.float64,
    st.tuples(st.integers(2, 12), st.integers(2, 8)),
    elements=st.floats(-100, 100).map(lambda x: round(x, 3)),
)


@given(clouds)
def test_axes_are_unit_at_right_angles_and_ordered(points: NDArray[np.float64]) -> None:
    found = fit_pca(points, 2)
    np.testing.assert_allclose(found.components @ found.components.T, np.eye(2), atol=1e-9)
    first, second = found.explained_variance_ratio
    assert 0 <= second <= first <= 1 + 1e-12
    placed = found.project(points)
    np.testing.assert_allclose(placed.mean(axis=0), 0, atol=1e-9)
    spread = ((points - points.mean(axis=0)) ** 2).sum()
    if spread > 1e-6:
        np.testing.assert_allclose((placed**2).sum(axis=0) / spread, (first, second), atol=1e-9)


@given(clouds)
def test_the_same_points_give_the_same_picture_wherever_they_lie(
    points: NDArray[np.float64],
) -> None:
    found = fit_pca(points, 2)
    largest = np.take_along_axis(
        found.components, np.abs(found.components).argmax(axis=1)[:, None], axis=1
    )
    assert (largest > 0).all()
    assert (fit_pca(points.copy(), 2).components == found.components).all()


def test_all_components_bring_the_points_back() -> None:
    points = np.random.default_rng(0).standard_normal((20, 4)) * (9, 4, 2, 1)
    found = fit_pca(points, 4)
    np.testing.assert_allclose(found.project(points) @ found.components + found.mean, points)
    assert found.explained_variance_ratio.sum() == pytest.approx(1)


def test_one_point_many_times_has_no_variance() -> None:
    assert fit_pca(np.ones((3, 4)), 2).explained_variance_ratio.tolist() == [0, 0]


@pytest.mark.parametrize("points", [np.ones((1, 5)), np.ones((5, 1)), np.ones(5)])
def test_too_few_points_or_dimensions_are_refused(points: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="2 components need as many rows and columns"):
        fit_pca(points, 2)


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        fit_pca([[1, 2], [np.nan, 3]])
