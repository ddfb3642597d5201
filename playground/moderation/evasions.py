"""Disguises that a person reads through at a glance: what the readings of a text must undo.

Each takes a text and dice, and returns the text in the disguise; the same seed throws the same.
"""

from __future__ import annotations

import base64
import codecs
import random
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

Evasion = Callable[[str, random.Random], str]

_WORD = re.compile(r"[A-Za-z]+")
_LEET = dict(zip("aeiostAEIOST", "431057" * 2, strict=True))
_CYRILLIC = dict(zip("aceijopsxyABCEHIJKMOPSTXY", "асеіјорѕхуАВСЕНІЈКМОРЅТХУ", strict=True))  # noqa: RUF001  # look-alikes are the point
_PAST = {
    "is": "was",
    "are": "were",
    "am": "was",
    "will": "did",
    "shall": "should",
    "can": "could",
    "does": "did",
    "do": "did",
    "has": "had",
    "have": "had",
}
_MARKS = "\u0300\u0301\u0302\u0303\u0308\u030a\u0316\u0323\u0331"


def evade(text: str, name: str, seed: int = 0) -> str:
    """Return a text in a disguise.

    Parameters
    ----------
    text : str
        What is disguised.
    name : str
        A key of `EVASIONS`.
    seed : int
        Of the dice.

    Examples
    --------
    >>> evade("kill him", "dotted"), evade("kill him", "leet"), evade("kill", "base64")
    ('k.i.l.l h.i.m', 'k1ll h1m', 'a2lsbA==')
    """
    return EVASIONS[name](text, random.Random(seed))  # noqa: S311  # dice of a demonstration


def _leet(text: str, _dice: random.Random) -> str:
    return _WORD.sub(lambda word: _swapped(word[0], _LEET), text)


def _swapped(word: str, letters: Mapping[str, str]) -> str:
    """Swap every letter that can be; where that is all of them the first stays, to be read by."""
    kept = all(each in letters for each in word)
    return word[:kept] + "".join(letters.get(each, each) for each in word[kept:])


def _homoglyph(text: str, dice: random.Random) -> str:
    """Take about half of the letters that have a twin in Cyrillic, one a word at least."""

    def swap(word: re.Match[str]) -> str:
        places = [place for place, each in enumerate(word[0]) if each in _CYRILLIC]
        chosen = {each for each in places if dice.random() < 0.5}
        if places and len(word[0]) > 1:
            chosen = chosen or {dice.choice(places)}
        chosen = chosen if len(chosen) < len(word[0]) else chosen - {places[0]}
        return "".join(
            _CYRILLIC[each] if place in chosen else each for place, each in enumerate(word[0])
        )

    return _WORD.sub(swap, text)


def _between(joint: str) -> Evasion:
    """Return the disguise that puts something between the letters of each word."""

    def evasion(text: str, _dice: random.Random) -> str:
        return _WORD.sub(lambda word: joint.join(word[0]), text)

    return evasion


def _spaced(text: str, _dice: random.Random) -> str:
    return "   ".join(_WORD.sub(lambda word: " ".join(word[0]), each) for each in text.split())


def _repeated(text: str, dice: random.Random) -> str:
    def stretch(word: re.Match[str]) -> str:
        place = dice.randrange(len(word[0]))
        return word[0][:place] + 3 * word[0][place] + word[0][place:]

    return re.sub(r"[A-Za-z]{3,}", stretch, text)


def _doubled(text: str, _dice: random.Random) -> str:
    return _WORD.sub(lambda word: "".join(each * 2 for each in word[0]), text)


def _newline(text: str, dice: random.Random) -> str:
    def cut(word: re.Match[str]) -> str:
        place = dice.randrange(2, len(word[0]) - 1)
        return f"{word[0][:place]}\n{word[0][place:]}"

    return re.sub(r"[A-Za-z]{4,}", cut, text)


def _marked(text: str, dice: random.Random) -> str:
    return _WORD.sub(lambda word: "".join(each + dice.choice(_MARKS) for each in word[0]), text)


def _mixed_case(text: str, _dice: random.Random) -> str:
    return "".join(c.upper() if place % 2 else c.lower() for place, c in enumerate(text))


def _fullwidth(text: str, _dice: random.Random) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _tags(text: str, _dice: random.Random) -> str:
    return "".join(chr(0xE0000 + ord(c)) if " " <= c <= "~" else c for c in text)


def _base64(text: str, _dice: random.Random) -> str:
    return base64.b64encode(text.encode()).decode()


def _hex(text: str, _dice: random.Random) -> str:
    return text.encode().hex()


def _percent(text: str, _dice: random.Random) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def _entities(text: str, _dice: random.Random) -> str:
    return _WORD.sub(lambda word: "".join(f"&#{ord(each)};" for each in word[0]), text)


def _rot13(text: str, _dice: random.Random) -> str:
    return codecs.encode(text, "rot13")


def _backwards(text: str, _dice: random.Random) -> str:
    return text[::-1]


def _words_backwards(text: str, _dice: random.Random) -> str:
    return _WORD.sub(lambda word: word[0][::-1], text)


def _past(text: str, _dice: random.Random) -> str:
    """Put the small verbs into the past; a question for a plan then looks like one of history."""

    def turn(word: re.Match[str]) -> str:
        past = _PAST.get(word[0].lower())
        if past is None:
            return word[0]
        return past.capitalize() if word[0][0].isupper() else past

    return _WORD.sub(turn, text)


EVASIONS: Mapping[str, Evasion] = MappingProxyType(
    {
        "leet": _leet,
        "spaced": _spaced,
        "dotted": _between("."),
        "hyphens": _between("-"),
        "zero-width": _between("\u200b"),
        "soft hyphens": _between("\u00ad"),
        "homoglyphs": _homoglyph,
        "fullwidth": _fullwidth,
        "combining marks": _marked,
        "tag characters": _tags,
        "mixed case": _mixed_case,
        "repeated letters": _repeated,
        "doubled letters": _doubled,
        "split by lines": _newline,
        "base64": _base64,
        "hex": _hex,
        "percent": _percent,
        "HTML entities": _entities,
        "rot13": _rot13,
        "backwards": _backwards,
        "words backwards": _words_backwards,
        "past tense": _past,
    }
)
"""Every disguise by its name."""
