"""The arithmetic of reading a prompt: a curve fitted to times, multiply-adds from the shapes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from playground.models.engines.precision import read_shape


@dataclass(frozen=True)
class Point:
    """A prompt as far as it had been read.

    Parameters
    ----------
    tokens : int
        Tokens read.
    seconds : float
        From the start, the median of the runs; measured.
    held_bytes, size_bytes : int
        The cache's arrays: of the tokens held, and with the room that was set aside.
    """

    tokens: int
    seconds: float
    held_bytes: int
    size_bytes: int


@dataclass(frozen=True)
class Curve:
    """t = a n + b n², the nearest to some points.

    Parameters
    ----------
    linear, quadratic : float
        a in seconds a token, b in seconds a token squared; fitted by least squares.
    """

    linear: float
    quadratic: float

    def seconds(self, tokens: float) -> float:
        """Return the time of so many tokens."""
        return self.linear * tokens + self.quadratic * tokens**2

    def quadratic_share(self, tokens: float) -> float:
        """Return the part of that time that is the square's, 0 to 1."""
        return self.quadratic * tokens**2 / self.seconds(tokens)


@dataclass(frozen=True)
class Widths:
    """What decides about the arithmetic of one pass.

    Parameters
    ----------
    linear_weights : int
        Weights of the blocks' linear layers: each is multiplied once for every token.
    head_widths : tuple of int
        Of each layer: query heads times their size.
    look_back : tuple of int or None
        Of each layer: how many tokens it looks back at the most; None is all.
    """

    linear_weights: int
    head_widths: tuple[int, ...]
    look_back: tuple[int | None, ...]


def fit_curve(points: Sequence[Point]) -> Curve:
    """Return the curve a n + b n² with the least sum of squared distances to the points.

    Examples
    --------
    >>> curve = fit_curve([Point(n, 2 * n + 3 * n**2, 0, 0) for n in (1, 2, 3)])
    >>> round(curve.linear, 6), round(curve.quadratic, 6)
    (2.0, 3.0)
    """
    tokens = np.array([point.tokens for point in points], np.float64)
    seconds = np.array([point.seconds for point in points], np.float64)
    # Of like size, so that the squares do not swamp the rest.
    largest = tokens.max()
    basis = np.stack([tokens / largest, (tokens / largest) ** 2], axis=1)
    linear, quadratic = np.linalg.lstsq(basis, seconds)[0]
    return Curve(float(linear / largest), float(quadratic / largest**2))


def read_widths(folder: Path) -> Widths | None:
    """Read off a model's config what decides about its arithmetic; None if it does not say.

    Parameters
    ----------
    folder : Path
        Holds ``config.json``.
    """
    config = json.loads((folder / "config.json").read_text("utf-8"))
    try:
        layers, heads = int(config["num_hidden_layers"]), int(config["num_attention_heads"])
        size = int(config.get("head_dim") or config["hidden_size"] // heads)
    except KeyError:
        return None
    kinds = config.get("layer_types") or ["full_attention"] * layers
    window = config.get("sliding_window")
    look_back = tuple(window if kind == "sliding_attention" else None for kind in kinds)
    return Widths(read_shape(folder).linear, (heads * size,) * layers, look_back)


def count_products(widths: Widths, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the multiply-adds of reading a prompt: in the linear layers, and in attention.

    Parameters
    ----------
    widths : Widths
        Of the model.
    tokens : array of shape (N,)
        Lengths of the prompt.

    Returns
    -------
    array of shape (2, N)
        Linear layers: each weight once a token. Attention: each token against itself and those
        before it, once for the scores and once for the mixture. The head, which reads only the last
        token of a piece, is left out.
    """
    counts = tokens.astype(np.float64)
    attention = np.zeros_like(counts)
    for width, most in zip(widths.head_widths, widths.look_back, strict=True):
        near = counts if most is None else np.minimum(counts, most)
        # Up to `most` the look back grows, then it stays.
        attention += 2 * width * (near * (near + 1) / 2 + (counts - near) * near)
    return np.stack([counts * widths.linear_weights, attention])
