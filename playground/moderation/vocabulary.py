"""The English words by which one reading of a disguised word is chosen among several."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_WORD = re.compile(r"[a-z]{2,}")


@cache
def known_words() -> frozenset[str]:
    """Return every word of the shipped lists and policies, and the commonest of the language.

    What is looked for must be known here: ``ki11`` is read as *kill* because that is a word.
    """
    folder = files("playground.data").joinpath("moderation")
    words = {"a", "i"}
    for each in _texts(folder):
        words.update(_WORD.findall(each.read_text(encoding="utf-8").lower()))
    return frozenset(words)


def _texts(folder: Traversable) -> Iterator[Traversable]:
    """Yield the files of words in a folder and below."""
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            yield from _texts(each)
        elif each.name.endswith((".txt", ".yaml")):
            yield each
