"""Words as tokens, and tokens as vectors: how a person names a row of the embedding table.

Most words stand in a text with a space before them, and so they do in a vocabulary: `` king`` is
another token than ``king``. What is typed is looked up as it stands after another word; in quotes
it is taken as it is; and ``#4197`` is the token of that id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.core.neighbours import CosineTable
from playground.errors import OptionError
from playground.models.engines.engine import Engine
from playground.models.text.tokenizer import Tokenizer

# Longer words are almost always a text that was pasted into the wrong field.
MOST_CHARACTERS = 200
MOST_PIECES = 24

_QUOTES = {'"': '"', "\N{LEFT DOUBLE QUOTATION MARK}": "\N{RIGHT DOUBLE QUOTATION MARK}"}
_ANCHOR = "a"  # any word: what is looked up follows it


@dataclass(frozen=True)
class Word:
    """What was typed, as the model reads it.

    Parameters
    ----------
    typed : str
        Without the white space around it.
    token_ids : tuple of int
        One for a word that is a token, several for one that is not.
    pieces : tuple of str
        Their texts.
    """

    typed: str
    token_ids: tuple[int, ...]
    pieces: tuple[str, ...]

    @property
    def token_id(self) -> int | None:
        """The token, None if the word is none."""
        return self.token_ids[0] if len(self.token_ids) == 1 else None

    @property
    def text(self) -> str:
        """The pieces joined."""
        return "".join(self.pieces)


def read_word(tokenizer: Tokenizer, typed: str) -> Word:
    """Look a word up.

    Parameters
    ----------
    tokenizer : Tokenizer
        Whose tokens.
    typed : str
        A word; in quotes exactly as it is; or ``#`` and a token's id.

    Raises
    ------
    OptionError
        When it is empty, too long for a word, no id of a token, or holds half a character.
    """
    typed = typed.strip()
    if not typed:
        raise OptionError("The word is empty; write one, such as king.")
    if len(typed) > MOST_CHARACTERS:
        raise OptionError(
            f"A word may have up to {MOST_CHARACTERS} characters, got {len(typed):,}; write one "
            "word."
        )
    token_ids = _token_ids(tokenizer, typed)
    if len(token_ids) > MOST_PIECES:
        raise OptionError(
            f"A word may have up to {MOST_PIECES} tokens, got {len(token_ids):,}; write one word."
        )
    return Word(typed, tuple(token_ids), tuple(tokenizer.piece(each) for each in token_ids))


def _token_ids(tokenizer: Tokenizer, typed: str) -> list[int]:
    if typed[0] == "#" and typed[1:].isdecimal():
        return [_require_token(tokenizer, int(typed[1:]))]
    if len(typed) > 2 and _QUOTES.get(typed[0]) == typed[-1]:
        return tokenizer.encode(typed[1:-1])
    return _in_text(tokenizer, typed)


def _require_token(tokenizer: Tokenizer, token_id: int) -> int:
    if not 0 <= token_id < tokenizer.vocab_size:
        raise OptionError(
            f"A token's id must be from 0 to {tokenizer.vocab_size - 1:,}, got #{token_id}; give "
            "another, or put it in quotes to mean the characters."
        )
    return token_id


def _in_text(tokenizer: Tokenizer, word: str) -> list[int]:
    """Return a word's tokens as it stands after another word, whatever stands for the space."""
    before = tokenizer.encode(_ANCHOR)
    together = tokenizer.encode(f"{_ANCHOR} {word}")
    if together[: len(before)] == before:
        return together[len(before) :]
    return tokenizer.encode(f" {word}")


def spell(tokenizer: Tokenizer, token_id: int) -> str:
    """Return what `read_word` reads as this very token.

    Raises
    ------
    OptionError
        When there is no such token.
    """
    piece = tokenizer.piece(_require_token(tokenizer, token_id))
    for typed in (piece.removeprefix(" "), f'"{piece}"'):
        readable = typed == typed.strip() != "" and len(typed) <= MOST_CHARACTERS
        if readable and _token_ids(tokenizer, typed) == [token_id]:
            return typed
    return f"#{token_id}"


def spellings(tokenizer: Tokenizer, word: Word) -> tuple[int, ...]:
    """Return the other tokens that write the same word: other case, with or without the space."""
    bare = word.text.strip()
    forms = dict.fromkeys((bare, bare.lower(), bare.capitalize(), bare.upper()))
    found = [ids for form in forms if form for ids in _both_ways(tokenizer, form)]
    single = dict.fromkeys(ids[0] for ids in found if len(ids) == 1)
    return tuple(token_id for token_id in single if token_id != word.token_id)


def tokens_of(
    tokenizer: Tokenizer, words: Sequence[Word], *, with_spellings: bool = False
) -> set[int]:
    """Return the tokens that are these words, with their other spellings if asked for."""
    own = {word.token_id for word in words if word.token_id is not None}
    if not with_spellings:
        return own
    return own.union(*(spellings(tokenizer, word) for word in words))


def _both_ways(tokenizer: Tokenizer, form: str) -> tuple[list[int], list[int]]:
    return _in_text(tokenizer, form), tokenizer.encode(form)


def token_table(engine: Engine) -> CosineTable:
    """Return the embedding table to search in: one row a token of the vocabulary.

    Rows that a model has beyond its tokenizer's vocabulary stand for nothing and are left out.
    """
    return CosineTable(engine.embedding_table()[: engine.tokenizer.vocab_size])


def vector_of(table: CosineTable, word: Word) -> NDArray[np.float64]:
    """Return the vector of a word, shape (C,); of one that is no token, the mean of its pieces.

    Raises
    ------
    OptionError
        When the model's table has no row for a token of its tokenizer.
    """
    rows = len(table.vectors)
    if (most := max(word.token_ids)) >= rows:
        raise OptionError(
            f"Token {most:,} of “{word.typed}” has no row in the model's table of {rows:,}; try "
            "another word."
        )
    mean: NDArray[np.float64] = table.vectors[list(word.token_ids)].astype(np.float64).mean(axis=0)
    return mean
