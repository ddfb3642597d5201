"""What a context costs: bytes of the KV cache, and time to read a prompt, which grows with n².

A token's keys and values are kept so that they are computed once. Each new token looks back at all
of them: n tokens look back n (n + 1) / 2 times in all (Vaswani et al., 2017, arXiv:1706.03762).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.data import shipped_text
from playground.errors import OptionError
from playground.generation.decoding import PREFILL_CHUNK, prefill
from playground.models.engines.engine import Engine
from playground.models.engines.precision import read_shape
from playground.number_rules import require_whole

LENGTH, MIN_LENGTH, MAX_LENGTH = 4096, 256, 32_768
RUNS, MAX_RUNS = 3, 9


@dataclass(frozen=True)
class CacheSize:
    """What a cache weighs, read off its arrays after one token was run.

    Parameters
    ----------
    token_bytes : int
        Keys and values of one token, in all layers.
    context_length : int
        Tokens that the model can hold.
    weight_bytes : int
        The model's weights and scales, to compare with.
    """

    token_bytes: int
    context_length: int
    weight_bytes: int

    @property
    def whole_bytes(self) -> int:
        """A full window's, computed."""
        return self.token_bytes * self.context_length


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
class Reading:
    """A measurement as far as it has come.

    Parameters
    ----------
    points : tuple of Point
        One after each piece of the prompt.
    runs : int
        How many times the whole has been read.
    run_tokens : int
        Tokens of the run that is going on.
    """

    points: tuple[Point, ...]
    runs: int
    run_tokens: int


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


def make_plan(length: object, runs: object) -> tuple[int, int]:
    """Check how long a prompt is read, and how often.

    Raises
    ------
    OptionError
        When one is outside its rule.

    Examples
    --------
    >>> make_plan(1000, 3)  # whole pieces, as the chat reads them
    (1024, 3)
    """
    tokens = require_whole("The longest prompt", length, MIN_LENGTH, MAX_LENGTH)
    pieces = -(-tokens // PREFILL_CHUNK)
    return pieces * PREFILL_CHUNK, require_whole("The number of runs", runs, 1, MAX_RUNS)


def weigh_cache(engine: Engine) -> CacheSize:
    """Run one token and read the bytes off the cache."""
    cache = engine.new_cache()
    engine.forward(np.zeros((1, 1), np.int64), [cache])
    weights = engine.report.weight_bytes + engine.report.scale_bytes
    return CacheSize(cache.held_bytes // cache.length, engine.context_length, weights)


def read_timed(
    engine: Engine, tokens: int, runs: int, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[Reading]:
    """Read a long prompt piece by piece, as the chat does, and take the time after each.

    A prompt of n tokens is read just as the first n of a longer one, so one run times every length.

    Parameters
    ----------
    engine : Engine
        Who reads.
    tokens : int
        Of the whole prompt.
    runs : int
        How often; the times are medians.
    cancelled : callable
        Asked before each piece.

    Yields
    ------
    Reading
        After each piece.

    Raises
    ------
    OptionError
        When the prompt is longer than the model's window.
    """
    if tokens > engine.context_length:
        raise OptionError(
            f"The longest prompt must be at most {engine.context_length:,} tokens, the window of "
            f"this model, got {tokens:,}."
        )
    hay = engine.tokenizer.encode(shipped_text())
    ids = (hay * (tokens // len(hay) + 1))[:tokens]
    # The first piece after a pause is slow: one is read before the clock runs.
    next(prefill(engine, ids[:PREFILL_CHUNK], engine.new_cache()))
    times: list[list[float]] = []
    points: list[Point] = []
    for run in range(runs):
        times.append([])
        cache, start = engine.new_cache(), time.perf_counter()
        for _ in prefill(engine, ids, cache):
            times[run].append(time.perf_counter() - start)
            place = len(times[run])
            seen = [each[place - 1] for each in times if len(each) >= place]
            point = Point(cache.length, float(np.median(seen)), cache.held_bytes, cache.size_bytes)
            points[place - 1 : place] = [point]
            yield Reading(tuple(points), run + (cache.length == tokens), cache.length)
            if cancelled():
                return


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


def to_json(reading: Reading, curve: Curve, model: str) -> dict[str, Any]:
    """Return what was measured and fitted, ready for JSON."""
    return {
        "model": model,
        "runs": reading.runs,
        "fit": asdict(curve),
        "points": [asdict(point) for point in reading.points],
    }
