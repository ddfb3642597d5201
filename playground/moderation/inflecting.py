"""The forms that an English word takes."""

from __future__ import annotations

VOWELS = "aeiou"


def plural(word: str) -> str:
    """Return a noun's plural, or a verb's form after he, she and it.

    >>> plural("bitch"), plural("pussy"), plural("whore")
    ('bitches', 'pussies', 'whores')
    """
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in VOWELS:
        return f"{word[:-1]}ies"
    return f"{word}s"


def verb_forms(word: str) -> frozenset[str]:
    """Return a regular verb with its endings, and who does it.

    >>> sorted(verb_forms("shit"))
    ['shit', 'shits', 'shitted', 'shitter', 'shitters', 'shittin', 'shitting']
    """
    stem = word.removesuffix("e")
    if stem == word and word[-1] not in f"{VOWELS}wxy" and word[-2:-1] in VOWELS:
        stem += "" if word[-3:-2] in VOWELS else word[-1]
    endings = ("ed", "er", "ers", "ing", "in")
    return frozenset({word, plural(word), *(stem + each for each in endings)})
