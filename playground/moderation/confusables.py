"""Letters of other scripts that look like Latin ones, read as such only in words of mixed script.

The table is that of Unicode Technical Standard 39, from the package confusable-homoglyphs, with
the letters of ``playground/data/moderation/lookalikes.txt`` beside it.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

from confusable_homoglyphs.utils import load

from playground.moderation.vocabulary import known_words

SHORTEST_ALIKE = 3
"""Letters of a word that is all look-alikes before it is read as an English one.

Behind a word that was disguised one is enough; elsewhere it may be a Russian one.
"""


@cache
def lookalikes() -> dict[str, str]:
    """Return the ASCII letter, or letters, for each letter that looks like it."""
    table: dict[str, str] = {}
    for character, entries in load("confusables.json").items():
        if len(character) != 1 or character.isascii() or not character.isalpha():
            continue
        plain = [each["c"] for each in entries if each["c"].isascii() and each["c"].isalpha()]
        if plain:
            table[character] = plain[0]
    return {**table, **_in_a_hurry()}


def _in_a_hurry() -> dict[str, str]:
    """Read the letters that the project's own file adds."""
    file = files("playground.data").joinpath("moderation").joinpath("lookalikes.txt")
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = [each.split() for each in lines if not each.startswith("#")]
    return {letter: plain for plain, letters in rows for letter in letters}


def is_latin(letter: str) -> bool:
    """Whether a letter belongs to the Latin script."""
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")


@lru_cache(maxsize=4096)
def plain_word(word: str, alike_from: int | None = None) -> str:
    """Return a word with its look-alikes read as Latin letters, or as it is.

    Parameters
    ----------
    word : str
        Letters, with their marks.
    alike_from : int, optional
        From how many letters on a word of look-alikes alone is read as English if it is a word
        there. Left out, it never is: the word before is not in Latin letters.
    """
    letters = [each for each in word if each.isalpha()]
    foreign = sum(not is_latin(each) for each in letters)
    if not foreign:
        return word
    table = lookalikes()
    plain = "".join(table.get(each, each) for each in word)
    if foreign < len(letters):
        return plain
    english = alike_from is not None and len(letters) >= alike_from
    return plain if english and plain.lower() in known_words() else word
