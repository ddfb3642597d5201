"""The reading of words that were turned by 13 letters."""

from __future__ import annotations

import codecs
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise, product
from string import ascii_lowercase

from playground.moderation.rewriting import Edit, rewrite
from playground.moderation.view import View
from playground.moderation.vocabulary import known_words

ROT13 = "rot13"
SURE = 6.0
"""Nats by which one reading's letter pairs must be likelier before a word decides by itself."""

LONGEST_WORD = 64
"""Letters of a word that tells anything."""

_WORD = re.compile(r"(?<![A-Za-z0-9%&#@+/=])[A-Za-z]+(?![A-Za-z0-9%@+/=])")


def rot13(view: View) -> View:
    """Return the reading in which words that only make sense turned are turned.

    A word that tells nothing, such as *or*, which is *be* turned, goes with the word before it.
    """
    return rewrite(view, ROT13, _turned(view.text))


def _turned(text: str) -> Iterator[Edit]:
    turning = False
    for found in _WORD.finditer(text):
        word = found.group()
        likelier = _evidence(word) if 1 < len(word) <= LONGEST_WORD else 0.0
        if abs(likelier) > SURE:
            turning = likelier > 0
        if turning:
            at = found.start()
            for place, letter in enumerate(codecs.encode(word, "rot13"), at):
                yield Edit(place, place + 1, letter)


@lru_cache(maxsize=8192)
def _evidence(word: str) -> float:
    """Return by how many nats a word is likelier turned than as it stands."""
    plain = word.lower()
    turned = codecs.encode(plain, "rot13")
    known = known_words()
    if (plain in known) != (turned in known):
        return -2 * SURE if plain in known else 2 * SURE
    return _likelihood(turned) - _likelihood(plain)


def _likelihood(word: str) -> float:
    pairs = _pairs()
    return sum(pairs[each] for each in pairwise(f" {word} "))


@cache
def _pairs() -> dict[tuple[str, str], float]:
    """Return the log of how often a letter follows another, counted in the words that are known."""
    prose = files("playground.data").joinpath("prose.txt").read_text(encoding="utf-8").lower()
    words = " ".join([*_WORD.findall(prose), *known_words()])
    counts = Counter(pairwise(f" {words} "))
    signs = f" {ascii_lowercase}"
    after = Counter[str]()
    for (first, _), often in counts.items():
        after[first] += often
    return {
        (one, other): math.log((counts[one, other] + 0.3) / (after[one] + 0.3 * len(signs)))
        for one, other in product(signs, signs)
    }
