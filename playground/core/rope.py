"""Rotary position embedding: a position is a rotation (Su et al., 2021, arXiv:2104.09864).

Each pair of numbers in a query or key is turned by an angle that grows with the position, fast for
the first pairs and slowly for the last. The product of a turned query and a turned key depends only
on how far apart they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RopeScaling:
    """How a model stretches its rotations to a longer window than it was trained on.

    Parameters
    ----------
    kind : {"linear", "llama3"}
        ``linear`` slows all rotations down (Chen et al., 2023, arXiv:2306.15595). ``llama3`` slows
        the slow ones, leaves the fast ones, and blends in between (Llama 3, arXiv:2407.21783).
    factor : float
        By how much the window grows.
    low_freq_factor, high_freq_factor : float
        For ``llama3``: where the blend begins and ends, in turns per original window.
    original_length : int
        For ``llama3``: the window that the model was trained on, in tokens.
    """

    kind: Literal["linear", "llama3"]
    factor: float
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_length: int = 8192


def rotation_frequencies(
    head_dim: int, theta: float, scaling: RopeScaling | None = None
) -> NDArray[np.float32]:
    """Return the angle each pair turns by per position: theta^(-2i / D), for i = 0 .. D/2 - 1.

    Parameters
    ----------
    head_dim : int
        D, numbers in one head; even.
    theta : float
        Base; 10,000 in the paper, more for longer windows.
    scaling : RopeScaling, optional
        The stretch, if any.

    Returns
    -------
    array of shape (D / 2,)
        In radians per position.

    Examples
    --------
    >>> rotation_frequencies(4, 100.0)
    array([1. , 0.1], dtype=float32)
    """
    exponents = np.arange(0, head_dim, 2, dtype=np.float32) / np.float32(head_dim)
    frequencies = (1.0 / np.float32(theta) ** exponents).astype(np.float32)
    if scaling is None:
        return frequencies
    slowed: NDArray[np.float32] = frequencies / np.float32(scaling.factor)
    if scaling.kind == "linear":
        return slowed
    return _blend(frequencies, slowed, scaling)


def _blend(
    fast: NDArray[np.float32], slowed: NDArray[np.float32], scaling: RopeScaling
) -> NDArray[np.float32]:
    turns = scaling.original_length * fast / (2 * np.pi)
    low, high = scaling.low_freq_factor, scaling.high_freq_factor
    share_of_fast = np.clip((turns - low) / (high - low), 0.0, 1.0)
    blended: NDArray[np.float32] = share_of_fast * fast + (1 - share_of_fast) * slowed
    return blended.astype(np.float32)


def rotation_table(
    frequencies: NDArray[np.float32], length: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the cosines and sines of positions 0 .. length - 1.

    Returns
    -------
    tuple of two arrays of shape (length, D)
        The D / 2 angles stand twice, side by side, as `rotate` needs them.
    """
    positions = np.arange(length, dtype=np.float32)
    angles = positions[:, None] * frequencies[None, :]
    both = np.concatenate([angles, angles], axis=-1)
    return np.cos(both), np.sin(both)


def rotate(
    vectors: NDArray[np.float32], cosines: NDArray[np.float32], sines: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Turn the pairs (x_i, x_{i + D/2}) of each vector: (x cos - y sin, y cos + x sin).

    Parameters
    ----------
    vectors : array of shape (..., D)
        Queries or keys.
    cosines, sines : arrays that broadcast to it
        Rows of `rotation_table` for the positions of the vectors.
    """
    half = vectors.shape[-1] // 2
    turned = np.empty_like(vectors)
    np.negative(vectors[..., half:], out=turned[..., :half])
    turned[..., half:] = vectors[..., :half]
    turned *= sines
    turned += vectors * cosines
    return turned
