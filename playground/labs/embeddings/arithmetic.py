"""Sums of words, such as king - man + woman: what their vectors add up to, and what is near it.

The sum is taken over the vectors as they stand in the table, and the token nearest to it by cosine
is the answer; the words of the question are left out (Mikolov et al., "Linguistic Regularities in
Continuous Space Word Representations", 2013). Left in, one of them would often win.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from playground.core.neighbours import Hit
from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.generation.language_model import LanguageModel
from playground.models.engines.compute import compute
from playground.models.engines.engine import Engine
from playground.models.engines.vocabulary import Word, read_word, token_table, tokens_of, vector_of
from playground.models.text.tokenizer import Tokenizer

Float64Array = NDArray[np.float64]

MOST_TERMS = 12
MOST_CHARACTERS = 2000

_SIGNS = {"+": 1, "-": -1, "\u2212": -1, "\u2013": -1}  # minus sign and dash, as editors make them
# Quoted words, signs, words; a quote that nothing closes begins a word.
_PART = re.compile(
    r"""  "[^"]+"  |  “[^”]+”  |  [-+\u2212\u2013]  |  [^-+\u2212\u2013"“]+  |  .  """, re.X
)
_RULE = "Write words with + and - between them, such as king - man + woman."
SPELLINGS_TOO = field(
    False,
    label="Leave out other spellings too",
    explanation=(
        "The words of the question never count as answers. Their other spellings, such as King "
        "for king, often come next."
    ),
)


class ArithmeticSettings(Settings):
    """Which sum, and what does not count as its answer."""

    sum: str = field(
        "king - man + woman",
        label="Sum of words",
        explanation=f"2 to {MOST_TERMS} words with + and - between them; looked up as neighbours.",
        most=MOST_CHARACTERS,
    )
    spellings_too: bool = SPELLINGS_TOO
    count: int = field(10, label="Answers", explanation="How many, 1 to 100.", ge=1, le=100)

    @model_validator(mode="after")
    def _is_a_sum(self) -> Self:
        parse_sum(self.sum)
        return self


@dataclass(frozen=True)
class Term:
    """One word of a sum, with its sign: 1 or -1."""

    sign: int
    word: Word


@dataclass(frozen=True)
class Answer:
    """A token near to a sum.

    Parameters
    ----------
    token_id : int
        Its row in the table.
    text : str
        Its piece.
    cosine : float
        With the sum.
    place : int or None
        1 for the nearest; None for one that is left out, shown where it would stand.
    """

    token_id: int
    text: str
    cosine: float
    place: int | None


@dataclass(frozen=True, eq=False)
class Solution:
    """What a sum points at.

    Parameters
    ----------
    terms : tuple of Term
        The sum.
    vector : array of shape (C,)
        Its value.
    answers : tuple of Answer
        Nearest first, those left out in between.
    far : tuple of (str, int)
        Words of the question that lie further off, each with its place among all tokens.
    vectors : array of shape (N, C)
        Those of the answers.
    searched : int
        How many tokens were searched.
    seconds : float
        What it took, measured.
    """

    terms: tuple[Term, ...]
    vector: Float64Array
    answers: tuple[Answer, ...]
    far: tuple[tuple[str, int], ...]
    vectors: NDArray[np.float32]
    searched: int
    seconds: float

    @property
    def progress(self) -> Progress:
        """It is worked out at once."""
        return Progress(1, 1, f"{self.searched:,} tokens compared")

    def to_json(self) -> dict[str, Any]:
        """Return the sum as the model reads it, and what is near it."""
        return {
            "terms": [{"sign": term.sign, **asdict(term.word)} for term in self.terms],
            "answers": [asdict(answer) for answer in self.answers],
            "words_further_off": [{"text": text, "place": place} for text, place in self.far],
            "searched_tokens": self.searched,
            "search_seconds": self.seconds,
        }


def run_arithmetic(
    model: LanguageModel, settings: ArithmeticSettings, _run: Run
) -> Iterator[Solution]:
    """Work the sum out; see `solve`."""
    yield solve(model.engine, settings.sum, settings.count, spellings_too=settings.spellings_too)


def parse_sum(text: str) -> tuple[tuple[int, str], ...]:
    """Split a sum into signs and words.

    Raises
    ------
    OptionError
        When it is no sum of two words or more.

    Examples
    --------
    >>> parse_sum('king - man + " woman"')
    ((1, 'king'), (-1, 'man'), (1, '" woman"'))
    """
    parts = [part for found in _PART.findall(text) if (part := found.strip())]
    if parts and parts[0] not in _SIGNS:
        parts.insert(0, "+")
    for place, part in enumerate(parts):
        if place % 2 == 0 and part not in _SIGNS:
            raise OptionError(f"Before “{part}” a + or - must stand. {_RULE}")
        if place % 2 == 1 and part in _SIGNS:
            raise OptionError(f"After “{parts[place - 1]}” a word must come, got “{part}”. {_RULE}")
    if len(parts) % 2:
        raise OptionError(f"After “{parts[-1]}” a word must come. {_RULE}")
    if not 4 <= len(parts) <= 2 * MOST_TERMS:
        raise OptionError(f"A sum has 2 to {MOST_TERMS} words, got {len(parts) // 2}. {_RULE}")
    return tuple((_SIGNS[sign], word) for sign, word in zip(parts[::2], parts[1::2], strict=True))


def solve(engine: Engine, text: str, count: int = 10, *, spellings_too: bool = False) -> Solution:
    """Add and subtract the vectors of words, and return the tokens nearest to the result.

    Parameters
    ----------
    engine : Engine
        Whose table is used.
    text : str
        The sum, see `parse_sum`; each word as `playground.models.engines.vocabulary.read_word`
        takes it.
    count : int
        How many answers, those left out not counted.
    spellings_too : bool
        Whether other spellings of the words are left out besides the words themselves.

    Raises
    ------
    OptionError
        When the sum or a word of it cannot be read, or the sum comes to zero.
    """
    signed = parse_sum(text)
    terms = tuple(Term(sign, read_word(engine.tokenizer, typed)) for sign, typed in signed)
    return compute(lambda: _solve(engine, text, terms, count, spellings_too))


def _solve(
    engine: Engine, text: str, terms: tuple[Term, ...], count: int, spellings_too: bool
) -> Solution:
    start = time.perf_counter()
    table = token_table(engine)
    vectors = [term.sign * vector_of(table, term.word) for term in terms]
    total = np.sum(vectors, axis=0)
    # What cancels may leave roundings behind; they point anywhere.
    if np.abs(total).max() <= 1e-12 * np.abs(vectors).max():
        raise OptionError(
            f"“{text.strip()}” comes to the zero vector, which points nowhere, so nothing is near "
            "to it; change a word or a sign."
        )
    words = [term.word for term in terms]
    left_out = tokens_of(engine.tokenizer, words, with_spellings=spellings_too)
    ranking = table.towards(total)
    answers = _answers(engine.tokenizer, ranking.nearest(count + len(left_out)), left_out, count)
    shown = {answer.token_id for answer in answers}
    far = {
        word.text: ranking.place_of(word.token_id)
        for word in words
        if word.token_id is not None and word.token_id not in shown
    }
    return Solution(
        terms=terms,
        vector=total,
        answers=answers,
        far=tuple(far.items()),
        vectors=table.vectors[[answer.token_id for answer in answers]],
        searched=len(table.vectors) - len(table.zero_rows),
        seconds=time.perf_counter() - start,
    )


def _answers(
    tokenizer: Tokenizer, hits: Sequence[Hit], left_out: set[int], count: int
) -> tuple[Answer, ...]:
    """Give places to the hits that count, up to `count` of them; the others stand in between."""
    answers: list[Answer] = []
    place = 0
    for hit in hits:
        if place == count:
            break
        counts = hit.row not in left_out
        place += counts
        answers.append(
            Answer(hit.row, tokenizer.piece(hit.row), hit.cosine, place if counts else None)
        )
    return tuple(answers)
