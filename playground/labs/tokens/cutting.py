"""Tokens: how a text is cut into the pieces that a model reads, and how the cuts come about."""

from __future__ import annotations

from dataclasses import dataclass

import regex

from playground.core.byte_pair import Merge, apply_merge, merge_pairs
from playground.errors import OptionError
from playground.models.text.byte_pairs import Word
from playground.models.text.spans import Spans
from playground.models.text.tokenizer import Tokenizer

MAX_CHARACTERS = 2_000_000
# Steps are shown for the beginning of a text: a picture of more would help nobody.
MAX_TRACED_CHARACTERS = 400

_SEEN = regex.compile(r"\X")


@dataclass(frozen=True)
class Token:
    """One token of a text.

    Parameters
    ----------
    place : int
        Its place in the text, from 0.
    token_id : int
        What the model receives.
    name : str
        How the vocabulary spells it: ``ĠParis``.
    data : bytes
        The bytes of the text that it stands for.
    start, end : int
        The characters that it spans, `end` not among them.
    """

    place: int
    token_id: int
    name: str
    data: bytes
    start: int
    end: int


@dataclass(frozen=True)
class Counts:
    """How long a text is.

    Parameters
    ----------
    characters, bytes, tokens, words : int
        Code points, bytes in UTF-8, tokens, and runs between white space.
    """

    characters: int
    bytes: int
    tokens: int
    words: int

    @property
    def tokens_per_word(self) -> float | None:
        """Tokens a word; None where there is no word."""
        return self.tokens / self.words if self.words else None

    @property
    def bytes_per_token(self) -> float | None:
        """Bytes a token; None where there is no token."""
        return self.bytes / self.tokens if self.tokens else None


@dataclass(frozen=True, eq=False)
class Tokenized:
    """A text as a tokenizer cuts it."""

    text: str
    spans: Spans
    tokenizer: Tokenizer

    @property
    def counts(self) -> Counts:
        """How long it is."""
        return Counts(len(self.text), len(self.spans.data), len(self.spans), len(self.text.split()))

    def groups(self, first: int = 0, count: int | None = None) -> list[list[Token]]:
        """Return tokens, those together that are parts of what a person sees as one character.

        These are the extended grapheme clusters of Unicode (UAX 29): a family of emoji, a letter
        with its accents.

        Parameters
        ----------
        first : int
            Place of the first token. A code point that began before it is shown whole.
        count : int, optional
            How many tokens at least, if there are; all by default.
        """
        shares = self.spans.shares_character()
        end = len(self.spans) if count is None else min(first + count, len(self.spans))
        while 0 < first < len(shares) and shares[first]:
            first -= 1
        while end < len(shares) and shares[end]:
            end += 1
        if first >= end:
            return []
        begins = self._begins(int(self.spans.starts[first]), int(self.spans.ends[end - 1]))
        groups: list[list[Token]] = []
        for place in range(first, end):
            token = self._token(place)
            if groups and (shares[place] or token.start not in begins):
                groups[-1].append(token)
            else:
                groups.append([token])
        return groups

    def _begins(self, start: int, end: int) -> set[int]:
        """Return where what a person sees as characters begins, between two places."""
        return {start + match.start() for match in _SEEN.finditer(self.text[start:end])}

    def _token(self, place: int) -> Token:
        spans = self.spans
        token_id = int(spans.token_ids[place])
        return Token(
            place=place,
            token_id=token_id,
            name=self.tokenizer.name_of(token_id),
            data=spans.bytes_of(place),
            start=int(spans.starts[place]),
            end=int(spans.ends[place]),
        )


def tokenize(tokenizer: Tokenizer, text: str) -> Tokenized:
    """Cut a text into tokens; control tokens in it are read as ordinary characters.

    Raises
    ------
    OptionError
        When the text is too long, or holds half a character.
    """
    if len(text) > MAX_CHARACTERS:
        raise OptionError(
            f"The text must have at most {MAX_CHARACTERS:,} characters, got {len(text):,}; "
            "shorten it."
        )
    return Tokenized(text, tokenizer.spans(text), tokenizer)


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


def spell(data: bytes) -> str | None:
    """Return bytes as text; None where they are no whole characters.

    Examples
    --------
    >>> spell(b" Paris"), spell("é".encode()[:1])
    (' Paris', None)
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
