"""Sentences as vectors: how alike they are, and which answers a question.

A small encoder was trained so that sentences of like meaning get vectors of like direction. Unlike
a chat model it reads a sentence from both sides at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.errors import OptionError
from playground.models.engines.embedder import Embedder

Float32Array = NDArray[np.float32]

MOST_LINES = 64
MOST_CHARACTERS = 10_000  # of a line
_MARKS = 2  # tokens that every text has: its start and its end


@dataclass(frozen=True, eq=False)
class Sentences:
    """Lines with their vectors.

    Parameters
    ----------
    lines : tuple of str
        As typed, empty ones left out.
    vectors : array of shape (N, C)
        Each of length 1.
    cut : tuple of (int, int)
        The lines, from 1, that are longer than the encoder reads, each with its tokens.
    most_tokens : int
        How many it reads.
    """

    lines: tuple[str, ...]
    vectors: Float32Array
    cut: tuple[tuple[int, int], ...]
    most_tokens: int

    def similarities(self) -> Float32Array:
        """Return the cosine of each two lines: shape (N, N)."""
        return self.vectors @ self.vectors.T

    def most_alike(self) -> tuple[int, int, float] | None:
        """Return the two lines, from 0, with the largest cosine; None of a single line."""
        if len(self.lines) < 2:
            return None
        rows, columns = np.triu_indices(len(self.lines), k=1)
        cosines = self.similarities()[rows, columns]
        best = int(cosines.argmax())
        return int(rows[best]), int(columns[best]), float(cosines[best])


@dataclass(frozen=True)
class Found:
    """A line that was found.

    Parameters
    ----------
    number : int
        The line's, from 1.
    line : str
        Its text.
    cosine : float
        With what was searched for.
    """

    number: int
    line: str
    cosine: float


def read_lines(text: str, least: int = 1) -> tuple[str, ...]:
    """Return the lines of a text, empty ones left out.

    Parameters
    ----------
    text : str
        One sentence a line.
    least : int
        How many there must be: one can be searched, two can be compared.

    Raises
    ------
    OptionError
        When there are too few or too many, or one is too long.
    """
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not lines:
        raise OptionError("There are no lines yet; write one sentence a line.")
    if len(lines) < least:
        raise OptionError(
            f"At least {least} lines are needed to compare, got {len(lines)}; write another. A "
            "single line can be searched."
        )
    if len(lines) > MOST_LINES:
        raise OptionError(
            f"Up to {MOST_LINES} lines are taken, got {len(lines):,}; leave some out."
        )
    for number, line in enumerate(lines, start=1):
        _require_short(line, f"Line {number}")
    return lines


def embed_lines(embedder: Embedder, lines: tuple[str, ...]) -> Sentences:
    """Turn lines into vectors.

    Raises
    ------
    OptionError
        When a line holds nothing that the encoder can read, or half a character.
    """
    counts = _counted(embedder, lines, [f"Line {place + 1}" for place in range(len(lines))])
    return Sentences(
        lines=lines,
        vectors=embedder.embed(lines),
        cut=tuple(
            (number, count)
            for number, count in enumerate(counts, start=1)
            if count > embedder.max_tokens
        ),
        most_tokens=embedder.max_tokens,
    )


def read_query(text: str) -> str:
    """Return what is to be searched for.

    Raises
    ------
    OptionError
        When it is empty or too long.
    """
    query = text.strip()
    if not query:
        raise OptionError("The search is empty; write what to look for.")
    _require_short(query, "What to search for")
    return query


def search(embedder: Embedder, sentences: Sentences, query: str) -> tuple[Found, ...]:
    """Return all lines, the one most like a query first.

    Raises
    ------
    OptionError
        When the query cannot be read.
    """
    _counted(embedder, (query,), ["What to search for"])
    cosines = sentences.vectors @ embedder.embed([query])[0]
    return tuple(
        Found(int(place) + 1, sentences.lines[place], float(cosines[place]))
        for place in np.argsort(-cosines, kind="stable")
    )


def _require_short(line: str, what: str) -> None:
    if len(line) > MOST_CHARACTERS:
        raise OptionError(
            f"{what} has {len(line):,} characters; up to {MOST_CHARACTERS:,} are taken, so shorten "
            "it."
        )


def _counted(embedder: Embedder, lines: tuple[str, ...], names: list[str]) -> list[int]:
    counts = embedder.count_tokens(lines)
    for name, count in zip(names, counts, strict=True):
        if count <= _MARKS:
            raise OptionError(
                f"{name} holds nothing that the encoder reads, such as control characters alone; "
                "write words."
            )
    return counts
