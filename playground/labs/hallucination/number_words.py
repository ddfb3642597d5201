"""English number words read as numbers: the smallest grammar that is sound.

::

    number  = ["minus" | "negative"] (broken | whole | fraction | year)
    broken  = whole ("point" digit+ | "and a half") [scale]
    whole   = group scale ... [["and"] group]     scales falling: million, then thousand
    group   = small "hundred" [["and"] small] | small | "a" (before a hundred or a scale)
    small   = tens [unit] | teen | unit           1 to 99; the last word may be an ordinal
    fraction = group ("thirds" | "quarters" | ...) | "one" ("third" | ...) | "half" ["a" scale]
    year    = small small                         "nineteen eighty-four", 1000 to 2099

"And" joins only what is below a hundred, so that "between one thousand and two thousand" holds two
numbers. A word that could begin the next number is left to it ("five hundred six hundred").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile

_UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = [
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SMALL = {word: value for value, word in enumerate(_UNITS + _TEENS)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}


def _ordinal(word: str) -> str:
    """Return the ordinal of a cardinal word."""
    return _IRREGULAR.get(word) or (word[:-1] + "ie" if word.endswith("y") else word) + "th"


_ORDINALS = {_ordinal(word): word for word in (*_SMALL, "hundred", *SCALES) if word != "zero"}
_HALVES = {"half": 2, "halves": 2, "quarter": 4, "quarters": 4}
# "A second" and "firsts" are no parts of anything.
_PARTS = {
    ordinal: _SMALL[word] if word in _SMALL else {"hundred": 100, **SCALES}[word]
    for ordinal, word in _ORDINALS.items()
    if word not in {"one", "two"}
}
_DENOMINATORS = _HALVES | _PARTS | {f"{word}s": value for word, value in _PARTS.items()}
SIGNS = frozenset({"minus", "negative"})
VOCABULARY = SIGNS | {*_SMALL, *_ORDINALS, *SCALES, *_DENOMINATORS}
VOCABULARY |= {"hundred", "a", "and", "oh", "point"}


@dataclass(frozen=True)
class Words:
    """What the words from one place on say.

    Parameters
    ----------
    value : Fraction
        The number.
    end : int
        The place after its last word.
    ordinal : bool
        Whether it counts a place, as "third" does.
    """

    value: Fraction
    end: int
    ordinal: bool = False


def read_words(words: Sequence[str], at: int = 0) -> Words | None:
    """Return the longest number that begins at a word, or None if none does.

    Parameters
    ----------
    words : sequence of str
        In lower case, hyphens taken apart.
    at : int
        Where it is to begin.

    Examples
    --------
    >>> read_words("two thousand and twenty-one".replace("-", " ").split())
    Words(value=Fraction(2021, 1), end=5, ordinal=False)
    >>> read_words(["second", "best"])
    Words(value=Fraction(2, 1), end=1, ordinal=True)
    >>> read_words(["a", "dog"]) is None
    True
    """
    if _word(words, at) in SIGNS:
        found = _unsigned(words, at + 1)
        return found and Words(-found.value, found.end, found.ordinal)
    return _unsigned(words, at)


def _unsigned(words: Sequence[str], at: int) -> Words | None:
    return _fraction(words, at) or _year(words, at) or _decimal(words, at)


def _word(words: Sequence[str], at: int) -> str:
    """Return a word, empty past the end."""
    return words[at] if at < len(words) else ""


def _decimal(words: Sequence[str], at: int) -> Words | None:
    """Read a whole number and what follows its point."""
    whole = _whole(words, at)
    if whole is None or whole.ordinal:
        return whole
    broken = _and_a_half(words, whole) or _point(words, whole)
    if broken is None:
        return whole
    scale = SCALES.get(_word(words, broken.end), 0)  # "two point five million"
    return Words(broken.value * scale, broken.end + 1) if scale else broken


def _and_a_half(words: Sequence[str], whole: Words) -> Words | None:
    if list(words[whole.end : whole.end + 3]) != ["and", "a", "half"]:
        return None
    return Words(whole.value + Fraction(1, 2), whole.end + 3)


def _point(words: Sequence[str], whole: Words) -> Words | None:
    if _word(words, whole.end) != "point":
        return None
    digits = [*takewhile(_UNITS.__contains__, words[whole.end + 1 :])]
    after = sum(Fraction(_SMALL[each], 10**place) for place, each in enumerate(digits, start=1))
    return Words(whole.value + after, whole.end + 1 + len(digits)) if digits else None


def _fraction(words: Sequence[str], at: int) -> Words | None:
    """Read "two thirds", "one quarter", "half", "a half", "half a million"."""
    if _word(words, at + (_word(words, at) == "a")) == "half":
        return _half(words, at + (_word(words, at) == "a") + 1)
    count = _group(words, at)
    if count is None or count.ordinal:
        return None
    part = _word(words, count.end)
    many = part.endswith("s") and count.value != 1
    one = not part.endswith("s") and count.value == 1
    if part not in _DENOMINATORS or not (many or one) or _word(words, at) == "a":
        return None
    return Words(count.value / _DENOMINATORS[part], count.end + 1)


def _half(words: Sequence[str], end: int) -> Words:
    """Return a half, or the half of what a scale after it says."""
    scale = SCALES.get(_word(words, end + 1), 0) if _word(words, end) == "a" else 0
    return Words(Fraction(scale, 2), end + 2) if scale else Words(Fraction(1, 2), end)


def _year(words: Sequence[str], at: int) -> Words | None:
    """Read "nineteen eighty-four" and "nineteen oh five", alone among number words."""
    first = _small(words, at)
    if at and words[at - 1] in _SMALL:
        return None
    if first is None or first.ordinal or not 10 <= first.value <= 20:
        return None
    oh = _word(words, first.end) == "oh"
    second = _small(words, first.end + oh)
    if second is None or second.ordinal or oh != (second.value < 10):
        return None
    follows = _word(words, second.end)
    if follows in _SMALL or follows in SCALES or follows in {"hundred", "oh"}:
        return None
    return Words(100 * first.value + second.value, second.end)


def _whole(words: Sequence[str], at: int) -> Words | None:
    """Read groups, each with a smaller scale than the one before it, and what is below them."""
    total, smallest, end = Fraction(0), 0, at
    while True:
        joined = bool(smallest) and _word(words, end) == "and"
        group = _group(words, end + joined)
        if group is None:
            break
        scale, ordinal = _scale(_word(words, group.end))
        if group.ordinal or not scale:
            if joined and group.value >= 100:
                break
            return Words(total + group.value, group.end, group.ordinal)
        if joined or (smallest and scale >= smallest) or not group.value:
            break
        total, smallest, end = total + group.value * scale, scale, group.end + 1
        if ordinal:
            return Words(total, end, ordinal=True)
    return Words(total, end) if end > at else None


def _scale(word: str) -> tuple[int, bool]:
    """Return the scale that a word names, 0 for none, and whether as an ordinal."""
    return SCALES.get(_ORDINALS.get(word, word), 0), word in _ORDINALS


def _group(words: Sequence[str], at: int) -> Words | None:
    """Read what stands before a scale: "two hundred and five", "seven", "a"."""
    if _word(words, at) == "a":
        small: Words | None = Words(Fraction(1), at + 1)
        if not (_hundred(_word(words, at + 1)) or _scale(_word(words, at + 1))[0]):
            return None
    else:
        small = _small(words, at)
    if small is None or small.ordinal or not small.value or not _hundred(_word(words, small.end)):
        return small
    hundreds, end = 100 * small.value, small.end + 1
    if _word(words, small.end) == "hundredth":
        return Words(hundreds, end, ordinal=True)
    rest = _small(words, end + (_word(words, end) == "and"))
    if rest is None or not rest.value or _hundred(_word(words, rest.end)):
        return Words(hundreds, end)
    return Words(hundreds + rest.value, rest.end, rest.ordinal)


def _hundred(word: str) -> bool:
    return word in {"hundred", "hundredth"}


def _small(words: Sequence[str], at: int) -> Words | None:
    """Read a number below a hundred; only its last word may be an ordinal."""
    word = _word(words, at)
    cardinal = _ORDINALS.get(word, word)
    if cardinal not in _SMALL:
        return None
    value, ordinal = Fraction(_SMALL[cardinal]), word in _ORDINALS
    follows = _word(words, at + 1)
    unit = _SMALL.get(_ORDINALS.get(follows, follows), 0)
    if cardinal in _TENS and not ordinal and 1 <= unit <= 9:
        return Words(value + unit, at + 2, follows in _ORDINALS)
    return Words(value, at + 1, ordinal)
