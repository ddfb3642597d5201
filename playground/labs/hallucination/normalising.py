"""Answers in one spelling, so that what differs in writing alone is equal.

Case, articles, punctuation, the accents of Latin letters and Unicode's ways of writing one thing.
What makes another answer of it stays: a sign before a number, marks inside one ("3.5" is not 35),
powers ("10²" is not 102), "%", "+" and "#" ("C++", "C#").
"""

from __future__ import annotations

import re
import unicodedata

_ARTICLES = frozenset({"a", "an", "the"})
_SUPERSCRIPTS = re.compile("[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]+")
# The compatibility form would run "3½" together to "31/2".
_MIXED_FRACTION = re.compile(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215e])")
_LATIN_ACCENTS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_KEPT = "%#"
_JOINED = ".'`"  # "U.S." is "US", "St. John's" is "St Johns"


def normalise(text: str) -> str:
    """Return an answer in the spelling in which answers are compared.

    Parameters
    ----------
    text : str
        In any script.

    Returns
    -------
    str
        Words in lower case with single spaces between them, without articles that have a word
        after them; empty when there is no word. Normalising it again changes nothing.

    Examples
    --------
    >>> normalise(" The U.S.\u00a0Capitol! "), normalise("São Paulo."), normalise("**Vitamin A**")
    ('us capitol', 'sao paulo', 'vitamin a')
    >>> normalise("\u22123.5 %"), normalise("Twenty-One"), normalise("10²")
    ('-3.5 %', 'twenty one', '10^2')
    """
    words = _without_punctuation(_one_form(text)).split()
    return " ".join(
        word for at, word in enumerate(words) if word not in _ARTICLES or at == len(words) - 1
    )


def _one_form(text: str) -> str:
    """Fold case, Latin accents and compatibility forms; every dash and minus becomes "-"."""
    text = _SUPERSCRIPTS.sub(lambda found: "^" + found[0], text)
    text = _MIXED_FRACTION.sub(" ", text)
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    text = unicodedata.normalize("NFKC", _LATIN_ACCENTS.sub("", text))
    return "".join(_plain(character) for character in text)


def _plain(character: str) -> str:
    """Return a dash, an apostrophe or a slash as ASCII writes it."""
    if unicodedata.category(character) == "Pd" or character == "\u2212":
        return "-"
    return {"\u2018": "'", "\u2019": "'", "\u2044": "/"}.get(character, character)


def _without_punctuation(text: str) -> str:
    """Turn punctuation into spaces, or into nothing where it stands inside a word."""
    padded = f" {text} "
    return "".join(
        _kept(padded[at - 1], padded[at], padded[at + 1]) for at in range(1, len(padded) - 1)
    )


def _kept(before: str, character: str, after: str) -> str:
    """Return what stays of a character between its neighbours."""
    category = unicodedata.category(character)
    if category in {"Cc", "Cf", "Cs"}:  # among them the zero-width ones
        return " " if character.isspace() else ""
    if (category[0] != "P" and character not in "`~") or character in _KEPT:
        return character
    inside_number = before.isdigit() and after.isdigit()
    sign = character == "-" and after.isdigit() and not before.isalnum()
    if inside_number or sign:
        return character
    return "" if character in _JOINED else " "
