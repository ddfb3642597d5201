"""The model's own table of vectors: which tokens lie next to a word."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.generation.language_model import LanguageModel
from playground.models.engines.compute import compute
from playground.models.engines.engine import Engine
from playground.models.engines.vocabulary import (
    MOST_CHARACTERS,
    Word,
    read_word,
    spell,
    spellings,
    token_table,
    vector_of,
)

Float64Array = NDArray[np.float64]


class NeighboursSettings(Settings):
    """Which word, and how many neighbours."""

    word: str = field(
        "king",
        label="Word",
        explanation=(
            "With the space before it, as it stands in a text; in quotes as typed; #4197 by its id."
        ),
        most=MOST_CHARACTERS,
    )
    count: int = field(12, label="Neighbours", explanation="How many, 1 to 100.", ge=1, le=100)


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
    typed : str
        What names this very token in a field for words.
    """

    token_id: int
    text: str
    cosine: float
    typed: str


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """A word's vector and the tokens nearest to it.

    Parameters
    ----------
    word : Word
        What was looked up.
    spellings, pieces : tuple of (str, str)
        Other tokens that write the same word, and the tokens of a word that is none: the text of
        each, and what names it in a field for words.
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
    spellings: tuple[tuple[str, str], ...]
    pieces: tuple[tuple[str, str], ...]
    vector: Float64Array
    neighbours: tuple[Neighbour, ...]
    vectors: NDArray[np.float32]
    searched: int
    seconds: float

    @property
    def progress(self) -> Progress:
        """It is found at once."""
        return Progress(1, 1, f"{self.searched:,} tokens compared")

    def to_json(self) -> dict[str, Any]:
        """Return the word as the model reads it, and its neighbours."""
        return {
            "word": asdict(self.word),
            "other_spellings": [text for text, _ in self.spellings],
            "vector_length": float(np.linalg.norm(self.vector)),
            "neighbours": [
                {"token_id": each.token_id, "text": each.text, "cosine": each.cosine}
                for each in self.neighbours
            ],
            "searched_tokens": self.searched,
            "search_seconds": self.seconds,
        }


def run_neighbours(
    model: LanguageModel, settings: NeighboursSettings, _run: Run
) -> Iterator[Neighbourhood]:
    """Look a word up and search the table once; see `find_neighbours`."""
    yield find_neighbours(model.engine, settings.word, settings.count)


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

    def named(token_id: int) -> tuple[str, str]:
        return engine.tokenizer.piece(token_id), spell(engine.tokenizer, token_id)

    def search() -> Neighbourhood:
        start = time.perf_counter()
        table = token_table(engine)
        vector = vector_of(table, word)
        _require_direction(vector, word)
        own = [] if word.token_id is None else [word.token_id]
        hits = table.towards(vector, own).nearest(count)
        seconds = time.perf_counter() - start
        return Neighbourhood(
            word=word,
            spellings=tuple(named(each) for each in spellings(engine.tokenizer, word)),
            pieces=() if own else tuple(map(named, word.token_ids)),
            vector=vector,
            neighbours=tuple(
                Neighbour(hit.row, text, hit.cosine, typed)
                for hit in hits
                for text, typed in [named(hit.row)]
            ),
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
