"""A few labels spread along a graph of neighbours (Zhou et al., 2004, label spreading)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from playground.core.clustering import Float64Array, squared_distances
from playground.core.functional import IntArray


def neighbour_graph(points: ArrayLike, neighbours: int) -> Float64Array:
    """Return 1 between two points of which one is among the nearest of the other, else 0.

    Parameters
    ----------
    points : array of shape (N, C)
        One point a row.
    neighbours : int
        How many of the nearest each point names, without itself; below N.

    Examples
    --------
    >>> neighbour_graph([[0.0], [1.0], [5.0]], 1)
    array([[0., 1., 0.],
           [1., 0., 1.],
           [0., 1., 0.]])
    """
    rows = np.asarray(points, np.float64)
    far = squared_distances(rows, rows)
    np.fill_diagonal(far, np.inf)
    nearest = np.argpartition(far, neighbours - 1, axis=1)[:, :neighbours]
    graph = np.zeros(far.shape)
    np.put_along_axis(graph, nearest, 1.0, axis=1)
    return np.maximum(graph, graph.T)


def spread_labels(
    graph: Float64Array, labels: IntArray, classes: int, keep: float = 0.99
) -> Iterator[Float64Array]:
    """Let every point take on what its neighbours hold, again and again.

    F <- keep S F + (1 - keep) Y, where S = D^-1/2 W D^-1/2 is the graph, each link divided by the
    roots of how many links both its ends have, and Y holds the labels that were given.

    Parameters
    ----------
    graph : array of shape (N, N)
        W: symmetric, 0 on its diagonal.
    labels : array of int, shape (N,)
        The class of a labelled point, -1 for one without a label.
    classes : int
        How many there are.
    keep : float
        How much comes from the neighbours rather than from the labels given, below 1.

    Yields
    ------
    array of shape (N, classes)
        F after each round: the largest of a row is that point's label; zeros where none has come
        yet. It never ends; later rounds change it less and less.
    """
    links = graph.sum(axis=0)
    root = np.sqrt(np.where(links > 0, links, 1.0))
    sharing = graph / root / root[:, None]
    given = (labels[:, None] == np.arange(classes)).astype(np.float64)
    held = given
    while True:
        held = keep * (sharing @ held) + (1 - keep) * given
        yield held
