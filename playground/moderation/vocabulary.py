"""The English words by which one reading of a disguised word is chosen among several."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from playground.moderation.inflecting import verb_forms

_WORD = re.compile(r"[a-z]{2,}")


@cache
def known_words() -> frozenset[str]:
    """Return every word of the shipped lists and policies, and the commonest of the language.

    What is looked for must be known here: ``ki11`` is read as *kill* because that is a word. The
    words of the lists are known with their endings, names and states as they are.
    """
    folder = files("playground.data").joinpath("moderation")
    words = {"a", "i"}
    for each in _texts(folder):
        found = set(_WORD.findall(each.read_text(encoding="utf-8").lower()))
        words |= found
        if each.name not in _names(folder):
            words.update(*(verb_forms(word) for word in found if len(word) > 2))
    return frozenset(words)


def _names(folder: Traversable) -> frozenset[str]:
    """Return the files of the gazetteer, whose names take no endings."""
    return frozenset(each.name for each in folder.joinpath("gazetteer").iterdir())


def _texts(folder: Traversable) -> Iterator[Traversable]:
    """Yield the files of words in a folder and below."""
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir() and each.name != "weights":  # those are stems, few of them words
            yield from _texts(each)
        elif each.name.endswith((".txt", ".yaml")):
            yield each
