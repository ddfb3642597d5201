"""Words that are written without the spaces between them, as in a hashtag, set apart again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playground.moderation.joining import cut_into_words
from playground.moderation.rewriting import Edit
from playground.moderation.vocabulary import known_words

SHORTEST, LONGEST = 12, 200
"""Letters of what is cut: few single words are so long, and the time to cut grows with them."""

FEWEST_WORDS = 4
LEAST_LETTERS = 3
"""Letters that its words have on average."""

ENDINGS = ("ll", "re", "ve", "s", "m", "d", "t")
"""What stands behind an apostrophe in a word."""

# Between signs that addresses and names of files have it is none.
_RUN = re.compile(
    rf"(?<![\w./@\\=&%~'\u2019-])[A-Za-z'\u2019]{{{SHORTEST},{LONGEST}}}+"
    r"(?![\w/@\\=&%~('\u2019-]|[.:]\w)"
)
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_APOSTROPHE = re.compile("['\u2019]")


def run_together(text: str) -> Iterator[Edit]:
    """Yield what is a row of known words throughout, with spaces between them."""
    for run in _RUN.finditer(text):
        words = _apart(run.group())
        if len(words) >= FEWEST_WORDS and _likely(words):
            yield Edit(run.start(), run.end(), " ".join(words))


def _apart(run: str) -> list[str]:
    first, *others = _APOSTROPHE.split(run)
    words = _words(first)
    for each in others:
        ending = next((end for end in ENDINGS if each.startswith(end) and _cuts(each, end)), "")
        if words and ending:
            words[-1] += f"'{ending}"
        words += _words(each.removeprefix(ending))
    return words


def _words(letters: str) -> list[str]:
    """Return the words of some letters; a capital begins one, unless that leaves none."""
    pieces = [cut_into_words(each).split() for each in _CAPITAL.split(letters)]
    known = all(each.lower() in known_words() for piece in pieces for each in piece)
    return (
        [each for piece in pieces for each in piece] if known else cut_into_words(letters).split()
    )


def _cuts(piece: str, ending: str) -> bool:
    """Whether what stands behind an ending is words throughout, or nothing."""
    left = piece.removeprefix(ending)
    return not left or left.lower() in known_words() or " " in cut_into_words(left)


def _likely(words: list[str]) -> bool:
    """Whether the words are long enough, for of short ones nearly anything can be made."""
    single = sum(len(each) == 1 for each in words)
    return 3 * single <= len(words) and sum(map(len, words)) >= LEAST_LETTERS * len(words)
