"""The forms that an English word takes."""

from __future__ import annotations

from functools import lru_cache

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


@lru_cache(maxsize=10_000)
def stem(word: str) -> str:
    """Return a word without the ending that a verb or a noun takes; no more than a guess.

    >>> [stem(each) for each in "jogs jogging jogged hotels cities stay sleeping".split()]
    ['jog', 'jog', 'jog', 'hotel', 'city', 'stay', 'sleep']
    """
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    for ending, shortest in (("ing", 6), ("ed", 5), ("es", 5), ("s", 4)):
        if len(word) >= shortest and word.endswith(ending) and not word.endswith("ss"):
            word = word.removesuffix(ending)
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lse":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 4 else word
