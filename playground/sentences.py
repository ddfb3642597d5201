"""Sentences about settings: what was given, so that it can be read, and names as one knows them.

An error's sentence calls a setting by its name in Python, in backticks. The page says its label
there and the terminal its option; the rule and the value stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAMED = re.compile(r"`(\w+)`")


def code_point(character: str) -> str:
    r"""Return a character by the number that Unicode gives it.

    Examples
    --------
    >>> code_point("\u200b")
    '⟨U+200B⟩'
    """
    return f"⟨U+{ord(character):04X}⟩"


def quoted(text: str) -> str:
    r"""Return a text in quotes, with all that cannot be seen by its code.

    Examples
    --------
    >>> print(quoted("a\u200bb"), quoted("it's"), quoted("C:\\new"), quoted("two\nlines"))
    'a⟨U+200B⟩b' "it's" 'C:\new' 'two↵lines'
    """
    sign = '"' if "'" in text and '"' not in text else "'"
    seen = (c if c.isprintable() else code_point(c) for c in text.replace("\n", "↵"))
    return f"{sign}{''.join(seen)}{sign}"


def renamed(sentence: str, names: Mapping[str, str]) -> str:
    """Return an error's sentence with its settings called as whoever reads it knows them.

    Parameters
    ----------
    sentence : str
        As the error has it.
    names : mapping of str to str
        What is said for each setting; what stands in backticks and is none of them stays.

    Examples
    --------
    >>> renamed("`top_k` must be a number, got '`top_k`'.", {"top_k": "“Top-k”"})
    "“Top-k” must be a number, got '`top_k`'."
    """
    # What follows was typed by a person.
    said, got, typed = sentence.partition(", got ")
    return _NAMED.sub(lambda found: names.get(found[1], found[0]), said) + got + typed
