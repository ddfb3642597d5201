"""Where the tokens of a text stand in it: bytes behind each, and characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

# The first two bits of every byte of UTF-8 that goes on with a character (RFC 3629, section 3).
_KIND, _GOES_ON = 0xC0, 0x80


@dataclass(frozen=True, eq=False)
class Spans:
    """The tokens of a text, and what each stands for.

    A character of several bytes may be split over several tokens; each of them spans the whole
    character. Where a tokenizer leaves something out (WordPiece drops spaces) no token spans it.

    Parameters
    ----------
    data : bytes
        The text in UTF-8.
    token_ids : array of shape (N,)
        The tokens.
    byte_starts, byte_ends : arrays of shape (N,)
        Of each token, in `data`.
    starts, ends : arrays of shape (N,)
        Of each token, in characters; the end is not part of it.
    """

    data: bytes
    token_ids: IntArray
    byte_starts: IntArray
    byte_ends: IntArray
    starts: IntArray
    ends: IntArray

    def __len__(self) -> int:
        return len(self.token_ids)

    def bytes_of(self, place: int) -> bytes:
        """Return the bytes behind a token, by its place."""
        return self.data[self.byte_starts[place] : self.byte_ends[place]]

    def whole_before(self, place: int) -> int:
        """Return how many characters the tokens before a place hold whole."""
        if place in (0, len(self)):
            return int(self.ends[-1]) if place else 0
        return int(min(self.ends[place - 1], self.starts[place]))

    def whole_from(self, place: int) -> int:
        """Return the first character of those that the tokens from a place on hold whole."""
        if place in (0, len(self)):
            return int(self.ends[-1]) if place else 0
        return int(max(self.ends[place - 1], self.starts[place]))

    def shares_character(self) -> NDArray[np.bool_]:
        """Tell of each token whether it goes on with a character that the one before began."""
        shares = np.zeros(len(self), dtype=bool)
        shares[1:] = self.starts[1:] < self.ends[:-1]
        return shares


def spans_from_bytes(
    data: bytes, token_ids: Sequence[int], token_bytes: Sequence[bytes]
) -> Spans | None:
    """Lay tokens side by side, where their bytes are those of the text.

    Parameters
    ----------
    data : bytes
        The text in UTF-8.
    token_ids : sequence of int
        The tokens.
    token_bytes : sequence of bytes
        What each stands for.

    Returns
    -------
    Spans or None
        None where the bytes in a row are not the text: the tokenizer changed it first.
    """
    token_bytes = _without_own_space(data, token_bytes)
    if b"".join(token_bytes) != data:
        return None
    ends = np.cumsum(np.fromiter(map(len, token_bytes), np.int64, len(token_bytes)))
    starts = np.concatenate([np.zeros(1, np.int64), ends])[: len(ends)]
    characters = _characters_of_bytes(data)
    return Spans(
        data=data,
        token_ids=np.array(token_ids, np.int64),
        byte_starts=starts,
        byte_ends=ends,
        starts=characters[starts],
        # A token of no bytes spans no character.
        ends=np.where(ends > starts, characters[ends - 1] + 1, characters[starts]),
    )


def _without_own_space(data: bytes, token_bytes: Sequence[bytes]) -> Sequence[bytes]:
    """Take away the space that SentencePiece puts before a text, which is not the text's."""
    if token_bytes and token_bytes[0].startswith(b" ") and b"".join(token_bytes) == b" " + data:
        return [token_bytes[0][1:], *token_bytes[1:]]
    return token_bytes


def spans_from_offsets(
    text: str,
    token_ids: Sequence[int],
    offsets: Sequence[tuple[int, int]],
    token_bytes: Sequence[bytes | None],
) -> Spans:
    """Take the characters that the tokenizer says each token spans; bytes follow from them.

    Parameters
    ----------
    text : str
        The text.
    token_ids, offsets : sequences
        The tokens, and the characters that each spans.
    token_bytes : sequence of bytes or None
        What each stands for, where that is known: tokens that share a character also share its
        bytes out.
    """
    pairs = np.array(offsets, np.int64).reshape(-1, 2)
    data = text.encode()
    # Where each character begins, and where the text ends.
    begins = np.flatnonzero((np.frombuffer(data, np.uint8) & _KIND) != _GOES_ON)
    begins = np.append(begins, len(data))
    byte_starts, byte_ends = begins[pairs[:, 0]], begins[pairs[:, 1]]
    same = np.flatnonzero((pairs[1:] == pairs[:-1]).all(axis=1)) + 1
    for place in same.tolist():
        before, own = token_bytes[place - 1], token_bytes[place]
        if before and own:
            byte_starts[place] = byte_ends[place - 1] = byte_starts[place - 1] + len(before)
            byte_ends[place] = byte_starts[place] + len(own)
    return Spans(
        data=data,
        token_ids=np.array(token_ids, np.int64),
        byte_starts=byte_starts,
        byte_ends=byte_ends,
        starts=pairs[:, 0],
        ends=pairs[:, 1],
    )


def _characters_of_bytes(data: bytes) -> IntArray:
    """Return for each byte the place of the character that it belongs to, and for the end."""
    begins = (np.frombuffer(data, np.uint8) & _KIND) != _GOES_ON
    places: IntArray = np.cumsum(begins) - 1
    return np.append(places, begins.sum())
