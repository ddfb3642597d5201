"""Sentences as vectors: how alike they are, and which answers a question.

A small encoder was trained so that sentences of like meaning get vectors of like direction. Unlike
a chat model it reads a sentence from both sides at once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.embeddings.encoder import fetch_encoder
from playground.models.engines.embedder import Embedder

Float32Array = NDArray[np.float32]

MOST_LINES = 64
MOST_CHARACTERS = 10_000  # of a line
_MARKS = 2  # tokens that every text has: its start and its end


class SentencesSettings(Settings):
    """Which lines are compared, and what is searched for among them."""

    lines: str = field(
        "The cat is asleep on the sofa.\n"
        "A kitten naps on the couch.\n"
        "The stock market fell sharply today.\n"
        "Shares lost value this afternoon.\n"
        "She plays the violin in an orchestra.\n"
        "He practises the cello every day.\n"
        "How do I reset my password?\n"
        "I cannot log in to my account.",
        label="Your lines",
        explanation=f"One sentence a line, up to {MOST_LINES}.",
        lines=8,
        most=MOST_LINES * (MOST_CHARACTERS + 1),
    )
    query: str = field(
        "I forgot my login",
        label="Search for",
        explanation="The lines most like it; empty to only compare the lines.",
        most=MOST_CHARACTERS,
        travels=True,
    )

    @model_validator(mode="after")
    def _can_be_compared(self) -> Self:
        read_lines(self.lines, least=1 if self.query.strip() else 2)
        return self


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


@dataclass(frozen=True, eq=False)
class Compared:
    """What has been found of the lines.

    Parameters
    ----------
    progress : Progress
        The fetch of the encoder, or the end.
    sentences : Sentences or None
        The lines with their vectors, once they have any.
    query : str
        What was searched for; empty for nothing.
    found : tuple of Found
        All lines, the one most like the query first.
    """

    progress: Progress
    sentences: Sentences | None = None
    query: str = ""
    found: tuple[Found, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the lines, the cosine of each two, and what the search found."""
        if self.sentences is None:
            return {}
        return {
            "lines": self.sentences.lines,
            # float32 bears no more digits.
            "cosines": [
                [round(c, 6) for c in row] for row in self.sentences.similarities().tolist()
            ],
            "found": [{**asdict(each), "cosine": round(each.cosine, 6)} for each in self.found],
            "cut_lines": [{"number": line, "tokens": count} for line, count in self.sentences.cut],
        }


def run_sentences(_given: None, settings: SentencesSettings, run: Run) -> Iterator[Compared]:
    """Fetch the encoder if need be, turn the lines into vectors, and search them.

    Parameters
    ----------
    settings : SentencesSettings
        The lines and the search.
    run : Run
        Lends the encoder; asked during the fetch whether to stop.

    Raises
    ------
    ModelUnavailable
        When the encoder cannot be had.
    OptionError
        When a line holds nothing that the encoder can read.
    """
    installed = yield from fetch_encoder(run, Compared)
    lines, query = read_lines(settings.lines), settings.query.strip()
    embedder = run.pool.embedder(installed)
    run.check()
    sentences = embed_lines(embedder, lines)
    found = search(embedder, sentences, query) if query else ()
    yield Compared(Progress(1, 1, f"{len(lines)} lines compared"), sentences, query, found)


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


def foreign_lines(lines: Sequence[str]) -> tuple[int, ...]:
    """Return the lines, from 1, whose letters are mostly no Latin ones.

    Examples
    --------
    >>> foreign_lines(["Good day", "¡Buenos días!", "आज मौसम अच्छा है", "42"])
    (3,)
    """
    return tuple(number for number, line in enumerate(lines, start=1) if _is_foreign(line))


def _is_foreign(line: str) -> bool:
    letters = [each for each in line if each.isalpha()]
    latin = sum(unicodedata.name(each, "").startswith("LATIN") for each in letters)
    return 2 * latin < len(letters)


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
