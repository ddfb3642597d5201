"""The readings of text that is spelt backwards: all of it, or each word by itself.

Where it begins and ends is told by the words: one that is none, but is one backwards, begins it,
and one that is a word only as it stands ends it. Words that tell nothing, such as names and *no*,
which is *on* backwards, go along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from playground.moderation.rewriting import Edit, rewrite
from playground.moderation.view import View
from playground.moderation.vocabulary import known_words

BACKWARDS = "backwards"
BACKWARDS_WORDS = "words backwards"

FEWEST = 2
"""Words that must be backwards; one alone may be chance, as *emit* is."""

MOST_BETWEEN = 6
"""Words that tell nothing, in a row, before it is taken to have ended."""

SHORTEST = 4
SHORT_WORDS = frozenset(["the", "who", "why", "how", "and", "you", "for", "has", "can", "get"])
"""Shorter words tell nothing, for by chance they are words of other languages; but for these."""

LONGEST_WORD = 64

_LAST_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]+\Z")
_STEP = re.compile(r"[A-Za-z]+|\n")


class Run(NamedTuple):
    """A stretch that is backwards; how many of its words say so, and whether it may go on."""

    start: int
    end: int
    told: int
    goes_on: bool = False


def backwards(view: View) -> View:
    """Return the reading in which what is backwards is read from its end."""
    text = view.text
    edits = (Edit(run.start, run.end, text[run.start : run.end][::-1]) for run in _told(text))
    return rewrite(view, BACKWARDS, edits)


def words_backwards(view: View) -> View:
    """Return the reading in which each word of what is backwards is turned by itself."""
    edits = (
        Edit(run.start + word.start(), run.start + word.end(), word.group()[::-1])
        for run in _told(view.text)
        for word in _STEP.finditer(view.text[run.start : run.end])
    )
    return rewrite(view, BACKWARDS_WORDS, edits)


def open_run(text: str) -> int:
    """Return where the stretch begins that what follows may still make longer; else the length.

    A last word that may go on ends none: *lear* may become *learsi*.
    """
    whole = _LAST_WORD.sub("", text)
    return next((run.start for run in _runs(whole) if run.goes_on), len(text))


def _told(text: str) -> Iterator[Run]:
    return (run for run in _runs(text) if run.told >= FEWEST)


def _runs(text: str) -> Iterator[Run]:
    """Yield every stretch from a word that is backwards on, whatever follows it."""
    run: Run | None = None
    between = 0
    for found in _STEP.finditer(text):
        word = found.group()
        tells = _tells(word) if word != "\n" else -1
        if run is None:
            run, between = (Run(*found.span(), 1) if tells > 0 else None), 0
            continue
        between = 0 if tells > 0 else between + 1
        if tells < 0 or between > MOST_BETWEEN:
            yield run
            run = None
        else:
            run = Run(run.start, found.end(), run.told + tells)
    if run:
        yield run._replace(goes_on=True)


@lru_cache(maxsize=8192)
def _tells(word: str) -> int:
    """Return 1 for what is a word only backwards, -1 for what is one only as it stands, else 0."""
    if len(word) > LONGEST_WORD:
        return 0
    plain = word.lower()
    known, turned = known_words(), plain[::-1]
    if (plain in known) == (turned in known):
        return 0
    if plain in known:
        return -1
    return int(len(word) >= SHORTEST or turned in SHORT_WORDS)
