"""The model's own table of vectors: which tokens lie next to a word."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.errors import OptionError
from playground.models.engines.compute import compute
from playground.models.engines.engine import Engine
from playground.models.engines.vocabulary import Word, read_word, spellings, token_table, vector_of

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class Neighbour:
    """A token that lies near.

    Parameters
    ----------
    token_id : int
        Its row in the table.
    text : str
        Its piece, the leading space with it.
    cosine : float
        Of the angle between the two vectors, computed in float64.
    """

    token_id: int
    text: str
    cosine: float


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """A word's vector and the tokens nearest to it.

    Parameters
    ----------
    word : Word
        What was looked up.
    spellings : tuple of (int, str)
        Other tokens that write the same word.
    vector : array of shape (C,)
        The word's; of one that is no token, the mean of its pieces.
    neighbours : tuple of Neighbour
        Nearest first, the word itself left out.
    vectors : array of shape (N, C)
        Those of the neighbours.
    searched : int
        How many tokens were searched.
    seconds : float
        What the search took, measured.
    """

    word: Word
    spellings: tuple[tuple[int, str], ...]
    vector: Float64Array
    neighbours: tuple[Neighbour, ...]
    vectors: NDArray[np.float32]
    searched: int
    seconds: float


def find_neighbours(engine: Engine, typed: str, count: int = 12) -> Neighbourhood:
    """Return the tokens whose vectors point most nearly the same way as a word's.

    Parameters
    ----------
    engine : Engine
        Whose table is searched.
    typed : str
        The word, see `playground.models.engines.vocabulary.read_word`.
    count : int
        How many neighbours.

    Raises
    ------
    OptionError
        When the word cannot be looked up, or its vector is zero.
    """
    word = read_word(engine.tokenizer, typed)

    def search() -> Neighbourhood:
        start = time.perf_counter()
        table = token_table(engine)
        vector = vector_of(table, word)
        _require_direction(vector, word)
        own = [] if word.token_id is None else [word.token_id]
        hits = table.towards(vector, own).nearest(count)
        seconds = time.perf_counter() - start
        pieces = engine.tokenizer.piece
        return Neighbourhood(
            word=word,
            spellings=tuple((each, pieces(each)) for each in spellings(engine.tokenizer, word)),
            vector=vector,
            neighbours=tuple(Neighbour(hit.row, pieces(hit.row), hit.cosine) for hit in hits),
            vectors=table.vectors[[hit.row for hit in hits]],
            searched=len(table.vectors) - len(table.zero_rows) - len(own),
            seconds=seconds,
        )

    return compute(search)


def _require_direction(vector: Float64Array, word: Word) -> None:
    if not np.any(vector):
        raise OptionError(
            f"The vector of “{word.typed}” is all zeros, which points nowhere, so nothing is near "
            "to it; try another word."
        )
