"""Step by step: the pairs that a tokenizer joins until a text is its tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playground.core.byte_pair import Merge, apply_merge, merge_pairs
from playground.drawing.marks import mark
from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.labs.tokens.cutting import spell
from playground.labs.tokens.own_text import OwnText
from playground.models.acquire.store import InstalledModel
from playground.models.text.byte_pairs import Word
from playground.models.text.tokenizer import Tokenizer, load_tokenizer

# Steps are shown for the beginning of a text: a picture of more would help nobody.
MAX_TRACED_CHARACTERS = 400


@dataclass(frozen=True)
class Joined:
    """One step: two neighbours became one piece.

    Parameters
    ----------
    word : int
        In which word, from 0.
    merge : Merge
        Where in the word, which two, and the rank of their pair.
    """

    word: int
    merge: Merge


@dataclass(frozen=True)
class Trace:
    """How a text becomes tokens, one merge at a time.

    Parameters
    ----------
    text : str
        What was traced.
    words : tuple of Word
        What is encoded by itself, with its first pieces.
    steps : tuple of Joined
        Word after word; within a word the pair of the lowest rank first.
    pieces : tuple of tuple of str
        Of each word, after the last step.
    token_ids : tuple of int
        What the pieces are in the vocabulary: the tokens of the text.
    cut : bool
        Whether the text went on.
    """

    text: str
    words: tuple[Word, ...]
    steps: tuple[Joined, ...]
    pieces: tuple[tuple[str, ...], ...]
    token_ids: tuple[int, ...]
    cut: bool


def trace_merges(tokenizer: Tokenizer, text: str, most: int = MAX_TRACED_CHARACTERS) -> Trace:
    """Follow the pairs that a tokenizer joins in a text.

    Parameters
    ----------
    tokenizer : Tokenizer
        One that joins pairs (byte pair encoding).
    text : str
        Its first `most` characters are followed.
    most : int
        Where to stop.

    Raises
    ------
    OptionError
        When the tokenizer works in another way, or does more than join pairs.
    """
    pairs = tokenizer.byte_pairs
    if pairs is None:
        raise OptionError(
            "The steps are those of byte pair encoding, and this tokenizer is of another kind; "
            "choose another model."
        )
    begin = text[:most]
    words = tuple(pairs.words(begin))
    steps: list[Joined] = []
    ends: list[tuple[str, ...]] = []
    for number, word in enumerate(words):
        pieces = list(word.pieces)
        for merge in merge_pairs(pieces, {} if word.added else pairs.ranks):
            steps.append(Joined(number, merge))
            pieces = apply_merge(pieces, merge)
        ends.append(tuple(pieces))
    ids = tuple(pairs.token_id(piece) for word in ends for piece in word)
    if list(ids) != tokenizer.encode(begin):
        raise OptionError(
            "This tokenizer does more than join pairs, so that its steps cannot be followed; "
            "choose another model."
        )
    known = tuple(token_id for token_id in ids if token_id is not None)
    return Trace(begin, words, tuple(steps), tuple(ends), known, cut=len(text) > most)


@dataclass(frozen=True, eq=False)
class Steps:
    """A text that has been followed to its tokens.

    Parameters
    ----------
    trace : Trace
        Its words and merges.
    tokenizer : Tokenizer
        Whose they are.
    """

    trace: Trace
    tokenizer: Tokenizer

    @property
    def progress(self) -> Progress:
        """Done at once."""
        return Progress()

    def shown(self, piece: str) -> str:
        """Return a piece as a person can read it; see `show_piece`."""
        return show_piece(piece, self.tokenizer)

    def to_json(self) -> dict[str, Any]:
        """Return words as pieces, then step after step, and the ids at the end; all legible."""
        ids = iter(self.trace.token_ids)
        return {
            "followed_characters": len(self.trace.text),
            "goes_on": self.trace.cut,
            "words": [[self.shown(piece) for piece in word.pieces] for word in self.trace.words],
            "steps": [self._step(step) for step in self.trace.steps],
            "ids": [[next(ids) for _ in pieces] for pieces in self.trace.pieces],
        }

    def _step(self, step: Joined) -> dict[str, Any]:
        merge = step.merge
        return {
            "word": step.word,
            "place": merge.place,
            "rank": merge.rank + 1,
            "left": self.shown(merge.left),
            "right": self.shown(merge.right),
            "becomes": self.shown(merge.left + merge.right),
        }


def show_piece(piece: str, tokenizer: Tokenizer) -> str:
    """Return a piece as text, or as bytes where it is only part of a character."""
    data = tokenizer.bytes_of_piece(piece)
    if data is None:
        return piece
    text = spell(data)
    return mark(text) if text is not None else data.hex(" ").upper()


def run_steps(model: InstalledModel, settings: OwnText, _run: Run) -> Iterator[Steps]:
    """Follow the merges of a text; the model itself is not loaded.

    Yields
    ------
    Steps
        One.
    """
    tokenizer = load_tokenizer(model.path)
    yield Steps(trace_merges(tokenizer, settings.text), tokenizer)
