"""Principal component analysis: the directions in which points differ most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """The axes of a cloud of points.

    Parameters
    ----------
    mean : array of shape (C,)
        The middle of the points.
    components : array of shape (K, C)
        Unit vectors at right angles, the one with the largest variance first.
    explained_variance_ratio : array of shape (K,)
        The share of all variance along each; zeros where all points are one.
    """

    mean: Float64Array
    components: Float64Array
    explained_variance_ratio: Float64Array

    def project(self, points: ArrayLike) -> Float64Array:
        """Return the coordinates of points of shape (..., C) along the axes: shape (..., K)."""
        found: Float64Array = (np.asarray(points, np.float64) - self.mean) @ self.components.T
        return found


def fit_pca(points: ArrayLike, count: int = 2) -> PrincipalComponents:
    """Find the principal components by singular value decomposition, in float64 (Pearson, 1901).

    With the points minus their mean X = U S V^T, the components are the rows of V^T, and S^2 is
    proportional to the variance along them. The sign of a component is free; here its entry of the
    largest magnitude is positive, so that the same points give the same picture.

    Parameters
    ----------
    points : array of shape (N, C)
        One point a row.
    count : int
        How many components.

    Raises
    ------
    ValueError
        When there are fewer points or dimensions than components, or a number is not finite.

    Examples
    --------
    >>> fit_pca([[0, 0], [1, 1], [2, 2], [3, 3]], 1).explained_variance_ratio.round(6)
    array([1.])
    """
    cloud = np.asarray(points, dtype=np.float64)
    if cloud.ndim != 2 or not 1 <= count <= min(cloud.shape):
        raise ValueError(f"{count} components need as many rows and columns, got {cloud.shape}")
    if not np.isfinite(cloud).all():
        raise ValueError("points must be finite numbers")
    mean = cloud.mean(axis=0)
    _, sizes, components = np.linalg.svd(cloud - mean, full_matrices=False)
    variances = sizes**2
    kept = components[:count]
    largest = np.take_along_axis(kept, np.abs(kept).argmax(axis=1, keepdims=True), axis=1)
    return PrincipalComponents(
        mean=mean,
        components=kept * np.where(largest < 0, -1.0, 1.0),
        explained_variance_ratio=variances[:count] / (variances.sum() or 1.0),
    )
