r"""Byte pair encoding: pieces of text are joined pair by pair until no known pair is left.

Sennrich et al., 2016, arXiv:1508.07909. A tokenizer has learned an ordered list of pairs; the place
of a pair in that list is its rank. Of all pairs that stand side by side the one of the lowest rank
is joined first, at its leftmost place. Byte-level tokenizers begin with bytes, so that no text is
unknown to them (Radford et al., 2019); in their files each byte is written as one printable letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Merge:
    """Two neighbours that become one piece.

    Parameters
    ----------
    place : int
        Of the left one, among the pieces as they stood before.
    left, right : str
        The two.
    rank : int
        Place of their pair in the tokenizer's list, from 0; the lowest is joined first.
    """

    place: int
    left: str
    right: str
    rank: int


def merge_pairs(pieces: Sequence[str], ranks: Mapping[tuple[str, str], int]) -> Iterator[Merge]:
    """Join neighbours until no known pair is left.

    Parameters
    ----------
    pieces : sequence of str
        What a word is made of at first: its bytes as letters, or its characters.
    ranks : mapping of (str, str) to int
        The pairs that are known.

    Yields
    ------
    Merge
        Each step; `apply_merge` gives the pieces after it.

    Examples
    --------
    >>> ranks = {("l", "o"): 0, ("lo", "w"): 1, ("e", "r"): 2}
    >>> pieces = list("lower")
    >>> for merge in merge_pairs(pieces, ranks):
    ...     pieces = apply_merge(pieces, merge)
    ...     print(merge.rank, pieces)
    0 ['lo', 'w', 'e', 'r']
    1 ['low', 'e', 'r']
    2 ['low', 'er']
    """
    now = list(pieces)
    while (found := _next_merge(now, ranks)) is not None:
        yield found
        now = apply_merge(now, found)


def apply_merge(pieces: Sequence[str], merge: Merge) -> list[str]:
    """Return the pieces with two of them joined."""
    place = merge.place
    return [*pieces[:place], merge.left + merge.right, *pieces[place + 2 :]]


def _next_merge(pieces: Sequence[str], ranks: Mapping[tuple[str, str], int]) -> Merge | None:
    pairs = enumerate(pairwise(pieces))
    known = [(ranks[pair], place) for place, pair in pairs if pair in ranks]
    if not known:
        return None
    rank, place = min(known)
    return Merge(place, pieces[place], pieces[place + 1], rank)


def _letters_of_bytes() -> dict[int, str]:
    """Return the letter that stands for each byte.

    Printable bytes stand for themselves; the others take letters from 256 on, in order.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [code for code in range(256) if code not in printable]
    letters = {code: chr(code) for code in printable}
    return letters | {code: chr(256 + place) for place, code in enumerate(others)}


LETTERS_OF_BYTES: Mapping[int, str] = _letters_of_bytes()
BYTES_OF_LETTERS: Mapping[str, int] = {letter: code for code, letter in LETTERS_OF_BYTES.items()}


def to_letters(data: bytes) -> str:
    """Write bytes as a byte-level tokenizer does.

    Examples
    --------
    >>> to_letters(" é".encode())
    'ĠÃ©'
    """
    return "".join(LETTERS_OF_BYTES[code] for code in data)


def from_letters(letters: str) -> bytes | None:
    """Read letters back; None where one of them stands for no byte.

    Examples
    --------
    >>> from_letters("ĠÃ©").decode()
    ' é'
    >>> from_letters("▁the") is None
    True
    """
    codes = [BYTES_OF_LETTERS.get(letter) for letter in letters]
    return None if None in codes else bytes(code for code in codes if code is not None)
