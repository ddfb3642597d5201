"""Rotary position embedding: a position is a rotation (Su et al., 2021, arXiv:2104.09864).

Each pair of numbers in a query or key is turned by an angle that grows with the position, fast for
the first pairs and slowly for the last. The product of a turned query and a turned key depends only
on how far apart they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class Rope:
    """How positions turn the heads of a block.

    Parameters
    ----------
    size : int
        The first numbers of each head that turn; even. Mostly the whole head (GPT-NeoX, Black et
        al., 2022, arXiv:2204.06745, was the first to turn a part).
    theta : float
        Base of the frequencies.
    scaling : RopeScaling, optional
        The stretch, if any.
    """

    size: int
    theta: float
    scaling: RopeScaling | None = None

    @cached_property
    def frequencies(self) -> NDArray[np.float32]:
        """The angle each pair turns by per position; see `rotation_frequencies`."""
        return rotation_frequencies(self.size, self.theta, self.scaling)


def rotation_frequencies(
    size: int, theta: float, scaling: RopeScaling | None = None
) -> NDArray[np.float32]:
    """Return the angle each pair turns by per position: theta^(-2i / D), for i = 0 .. D/2 - 1.

    Parameters
    ----------
    size : int
        D, numbers of a head that turn; even.
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
    exponents = np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
    # Of float32 exponents, as models are trained with, but rounded once: at the thousandth token
    # an error of the frequency is a thousand times as large.
    powers = (np.float64(theta) ** exponents).astype(np.float32)
    frequencies = (1 / powers).astype(np.float32)
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
    frequencies: NDArray[np.float32], positions: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the cosines and sines of positions of any shape (...).

    Returns
    -------
    tuple of two arrays of shape (..., D)
        The D / 2 angles stand twice, side by side, as `rotate` needs them.
    """
    angles = positions[..., None].astype(np.float32) * frequencies
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
        Of the positions of the vectors; see `rotation_table`. Where they are shorter than D, what
        is beyond them stays as it is.
    """
    size = cosines.shape[-1]
    if size < vectors.shape[-1]:
        turned_part = rotate(vectors[..., :size], cosines, sines)
        return np.concatenate([turned_part, vectors[..., size:]], axis=-1)
    half = size // 2
    turned = np.empty_like(vectors)
    np.negative(vectors[..., half:], out=turned[..., :half])
    turned[..., half:] = vectors[..., :half]
    turned *= sines
    turned += vectors * cosines
    return turned
