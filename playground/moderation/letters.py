"""The reading of letters: accents off, spaced letters joined, leet and repeated letters undone.

Each step looks only at a word and what stands right before it, so that what is read once stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice, product

from playground.moderation.confusables import is_latin, lookalikes
from playground.moderation.joining import join
from playground.moderation.rewriting import Edit, rewrite
from playground.moderation.run_together import run_together
from playground.moderation.view import View
from playground.moderation.vocabulary import known_words

LETTERS = "letters"
LEET = {
    "0": "o",
    "1": "il",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "gb",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "i",
    "|": "li",
    "+": "t",
    "\u20ac": "e",
    "\u00a3": "l",
}
"""Digits and signs, and the letters that each may stand for, the likeliest first."""

MOST_CHOICES = 64
"""Readings of one word that are tried."""

LONGEST_WORD = 32
"""Letters of a word that is looked at; what is longer is a code or a link."""

SHORTHAND = {"u": "you", "r": "are", "ur": "your", "2": "to", "4": "for"}
_SHORTHAND = re.compile(
    r"(?<![\w'])(?:ur?|r)(?![\w'])|(?<=(?:how|way|ays|eed|ant|ing|ady) )[24](?= [A-Za-z])"
)
SHORTEST_PAIRED = 6
"""Letters of a word that is nothing but pairs before it is halved to no known one."""

NOWHERE = -1
"""Where the word stands that is disguised, as long as there was none."""

_SENTENCE_END = re.compile(r"[.!?\n\u2026\u3002\uff01\uff1f]")
_SIGNS = re.escape("".join(LEET))
_RUN = re.compile(rf"(?<![A-Za-z{_SIGNS}])[A-Za-z]*+[{_SIGNS}][A-Za-z{_SIGNS}]*+")
_ACCENTED = re.compile(r"[^\W\d_a-zA-Z][\u0300-\u036f]*+|[a-zA-Z][\u0300-\u036f]++")
_REPEATED = re.compile(r"(?<![A-Za-z])[A-Za-z]*?([A-Za-z])(?i:\1)[A-Za-z]*+")
_DIGITS = re.compile(r"\d")
_MEASURE = re.compile(
    r"\d+(?:st|nd|rd|th|[a-z]|k[gmb]|c?m|mm|ml|[mgt]b|am|pm|[A-Z]{1,2})|[A-Z]{1,3}\d+|[a-z]{2}\d"
)
_PAIRED = re.compile(r"(?:(.)\1)+", re.DOTALL)
_DRAWN_OUT = re.compile(r"(.)\1{6,}", re.DOTALL)
_TWICE = re.compile(r"(.)\1+", re.DOTALL)


def letters(view: View) -> View:
    """Return the reading of what the letters of a text are meant to be."""
    for step in (_accents, join, _leet, run_together, _repeats, _shorthand):
        view = rewrite(view, LETTERS, step(view.text))
    return view


def _accents(text: str) -> Iterator[Edit]:
    """Yield Latin letters with accents, without them."""
    if text.isascii():
        return
    for found in _ACCENTED.finditer(text):
        plain = _without_accent(found.group())
        if plain != found.group():
            yield Edit(*found.span(), plain)


@lru_cache(maxsize=4096)
def _without_accent(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    if base.isascii():
        return base
    return lookalikes().get(base, letter) if is_latin(base) else letter


def _leet(text: str) -> Iterator[Edit]:
    """Yield the words with digits and signs among their letters."""
    hidden = NOWHERE
    for found in _RUN.finditer(text):
        start, run = found.start(), found.group().rstrip("!|+")
        end = start + len(run)
        if not run or len(run) > LONGEST_WORD or _an_address(run, text[end : end + 2]):
            continue
        lettered = any(each.isalpha() for each in run)
        plain = _unleet(run)
        known = plain.lower() in known_words()
        # "k1ll 17": right behind such a word a number that reads as a word is one.
        if (lettered and not _an_id(run)) or (known and _right_behind(text, hidden, start)):
            yield Edit(start, end, plain)
            hidden = end if known and plain != run else hidden


def _right_behind(text: str, end: int, start: int) -> bool:
    """Whether between two places of one sentence stands no more than a word."""
    gap = text[end:start]
    near = end >= 0 and len(gap) <= LONGEST_WORD and not _SENTENCE_END.search(gap)
    return near and len(gap.split()) <= 1


def _an_id(run: str) -> bool:
    """Whether it is a short code, a size or a count, such as F4G, A55, 5kg, 2nd or mp3."""
    if set(_DIGITS.findall(run)) == {"0"} and _unleet(run).lower() in known_words():
        return False  # H0W and T0 are no codes
    return (len(run) <= 3 and run == run.upper()) or _MEASURE.fullmatch(run) is not None


def _an_address(run: str, after: str) -> bool:
    """Whether it is the middle of a mail address, up to a point of its domain."""
    return "@" in run[1:] and after[:1] in {".", "-"} and after[1:].isalnum()


@lru_cache(maxsize=4096)
def _unleet(run: str) -> str:
    """Return the first reading that is a word, or else the likeliest."""
    return _best(product(*(LEET.get(each, each) for each in run)))


def _best(choices: Iterable[tuple[str, ...]]) -> str:
    """Return the first reading that is a word, or else the first."""
    known = known_words()
    readings = ["".join(each) for each in islice(choices, MOST_CHOICES)]
    return next((each for each in readings if each.lower() in known), readings[0])


def _shorthand(text: str) -> Iterator[Edit]:
    """Yield "u", "r" and, behind such words as "how", "2", written out."""
    for found in _SHORTHAND.finditer(text):
        yield Edit(found.start(), found.end(), SHORTHAND[found.group()])


def _repeats(text: str) -> Iterator[Edit]:
    """Yield the words in which letters stand too often."""
    doubled = NOWHERE
    for found in _REPEATED.finditer(text):
        word = _DRAWN_OUT.sub(r"\1\1\1", found.group())
        if len(word) > LONGEST_WORD:
            continue
        pairs = _PAIRED.fullmatch(word.lower()) is not None
        halved = pairs and _right_behind(text, doubled, found.start())
        if halved or word.lower() not in known_words():
            once = word[::2] if halved else _unrepeat(word)
            doubled = found.end() if pairs and once == word[::2] else doubled
            if once != found.group():
                yield Edit(found.start(), found.end(), once)


@lru_cache(maxsize=4096)
def _unrepeat(word: str) -> str:
    """Return a word with runs of a letter cut to two or one, where that makes a word.

    Three in a row are no English: they are cut even where no word comes of it.
    """
    lower = word.lower()
    if _PAIRED.fullmatch(lower) and (len(word) >= SHORTEST_PAIRED or lower[::2] in known_words()):
        return word[::2]
    pieces: list[tuple[str, ...]] = []
    done = 0
    for run in _TWICE.finditer(lower):
        pieces.append((word[done : run.start()],))
        letter, often = word[run.start()], run.end() - run.start()
        twice = word[run.start() : run.start() + 2]
        pieces.append((letter, twice) if often > 2 else (twice, letter))
        done = run.end()
    pieces.append((word[done:],))
    return _best(product(*pieces))
