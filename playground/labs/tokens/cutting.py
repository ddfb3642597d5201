"""Cutting: a text as the tokens that a model reads, with the bytes and characters behind each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import regex

from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import field
from playground.labs.tokens.own_text import MAX_CHARACTERS, OwnText
from playground.models.acquire.store import InstalledModel
from playground.models.text.spans import Spans
from playground.models.text.tokenizer import Tokenizer, load_tokenizer

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


class CuttingSettings(OwnText):
    """Which text is cut, and what of it is drawn."""

    first: int = field(
        0,
        label="First",
        explanation="Place of the first token that is drawn, from 0; of no effect beyond the end.",
        ge=0,
        hidden=True,
        restarts=True,
    )


@dataclass(frozen=True, eq=False)
class Cutting:
    """A text that has been cut.

    Parameters
    ----------
    tokenized : Tokenized
        Its tokens.
    first : int
        Place of the first that is drawn.
    """

    tokenized: Tokenized
    first: int = 0

    @property
    def progress(self) -> Progress:
        """Done at once."""
        return Progress()

    def to_json(self) -> dict[str, Any]:
        """Return every token: its id, text, bytes and characters, and how many there are.

        `text` is the token's own text, or its bytes as ``<0xF0 0x9F>`` where it is only part of a
        character; `start` and `end` are characters of the text.
        """
        counts = self.tokenized.counts
        return {
            "count": counts.tokens,
            "characters": counts.characters,
            "bytes": counts.bytes,
            "words": counts.words,
            "tokens": [
                _token_json(token, self.tokenized.tokenizer)
                for group in self.tokenized.groups()
                for token in group
            ],
        }


def _token_json(token: Token, tokenizer: Tokenizer) -> dict[str, Any]:
    return {
        "id": token.token_id,
        "text": tokenizer.piece(token.token_id),
        "bytes": list(token.data),
        "start": token.start,
        "end": token.end,
    }


def run_cutting(model: InstalledModel, settings: CuttingSettings, _run: Run) -> Iterator[Cutting]:
    """Cut a text as a model's tokenizer does; the model itself is not loaded.

    Yields
    ------
    Cutting
        One.
    """
    tokenized = tokenize(load_tokenizer(model.path), settings.text)
    first = settings.first if settings.first < tokenized.counts.tokens else 0
    yield Cutting(tokenized, first)
