"""A text as words and sentences, such that what follows never changes what is settled.

Only the last word, and what stands after it, may read differently when the text goes on.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache

WORD = re.compile(
    r"[A-Za-z](?:\.[A-Za-z])+\b\.?"  # U.S., e.g.
    r"|(?<=\w)['\u2019][^\W\d_]+"  # 's, 'll, n't after its word
    r"|[^\W_]+"
)
BREAK = re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]]*\s|[\u3002\uff01\uff1f]|\n[ \t\r]*\n")
UNACCENTED = str.maketrans("\u2019\u0131\u0142\u00f8\u0111\u00f0", "'ilodd")
"""Letters of names that have no accent to be taken off, as \u0142 and \u00f8."""

ABBREVIATED = frozenset(
    re.findall(
        r"\w+",
        """
        adm amb brig capt cmdr col dr gen gov hon jr lt maj mr mrs ms no pm pres prof rep rev sen
        sgt sr st vs
        """,
    )
)
"""Words after which a point ends no sentence."""

LONGEST_NAME = 4
"""Words of a name."""

MOST_READINGS = 5
"""Readings of one text."""


@dataclass(frozen=True)
class Wording:
    """The words of a text.

    Attributes
    ----------
    raw : tuple of str
        The words as they stand.
    words : tuple of str
        The same in small letters, with plain apostrophes.
    starts, ends : tuple of int
        Their spans in the text.
    sentences : tuple of int
        The index of the first word of each sentence, ascending.
    closed : bool
        Whether the last sentence has its end behind it.
    """

    raw: tuple[str, ...]
    words: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    sentences: tuple[int, ...]
    closed: bool

    @cached_property
    def keys(self) -> list[tuple[str, str]]:
        """How a phrase spells each word: in any letters, and in exactly these."""
        both = zip(self.words, self.raw, strict=True)
        return [(f"w:{word}", f"c:{raw.rstrip('.')}") for word, raw in both]

    @cached_property
    def names(self) -> dict[int, set[int]]:
        """Runs of capitalised words: for each first word, after which words they may end."""
        found: dict[int, set[int]] = {}
        large = [each[0].isupper() for each in self.raw]
        for start in (at for at, each in enumerate(large) if each):
            limit = min(self.limit(self.sentence_at(start)), start + LONGEST_NAME)
            end = start + 1
            while end < limit and large[end]:
                end += 1
            found[start] = set(range(start + 1, end + 1))
        return found

    def sentence_at(self, word: int) -> int:
        """Return which sentence a word stands in."""
        return bisect_right(self.sentences, word) - 1

    def limit(self, sentence: int) -> int:
        """Return the index after the last word of a sentence."""
        later = sentence + 1
        return self.sentences[later] if later < len(self.sentences) else len(self.words)

    def head(self, count: int) -> Wording:
        """Return the first words alone."""
        sentences = tuple(each for each in self.sentences if each < count)
        return Wording(
            self.raw[:count],
            self.words[:count],
            self.starts[:count],
            self.ends[:count],
            sentences,
            closed=True,
        )

    def tail(self, count: int) -> Wording:
        """Return the last words alone, with their places in the whole text."""
        cut = max(0, len(self.words) - count)
        if not cut:
            return self
        later = (each - cut for each in self.sentences if each > cut)
        return Wording(
            self.raw[cut:],
            self.words[cut:],
            self.starts[cut:],
            self.ends[cut:],
            (0, *later),
            self.closed,
        )


@lru_cache(maxsize=MOST_READINGS)  # every policy asks for the same
def read_words(text: str) -> Wording:
    """Cut a text into words and sentences."""
    found = list(WORD.finditer(text))
    raw = tuple(each.group() for each in found)
    words = tuple(_plain(each.lower()) for each in raw)
    starts = tuple(each.start() for each in found)
    ends = tuple(each.end() for each in found)
    later = range(1, len(found))
    breaks = [at for at in later if _breaks(words[at - 1], text, ends[at - 1], starts[at])]
    sentences = [0, *breaks] if found else []
    closed = not found or _breaks(words[-1], text, ends[-1], len(text))
    return Wording(raw, words, starts, ends, tuple(sentences), closed)


def _plain(word: str) -> str:
    """Return a word without accents, for few type them, and with a plain apostrophe."""
    word = word.rstrip(".")
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word.translate(UNACCENTED))
    return "".join(each for each in parts if not "\u0300" <= each <= "\u036f")


def _breaks(word: str, text: str, start: int, end: int) -> bool:
    """Whether a sentence ends between a word and the next."""
    if end - start < 2 and text[start:end].isascii():
        return False
    mark = BREAK.search(text, start, end)
    if mark is None:
        return False
    point = mark.group()[0] == "."
    return not (point and (word in ABBREVIATED or (len(word) == 1 and word.isalpha())))
