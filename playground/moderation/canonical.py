"""The canonical reading: compatibility forms, invisible characters, piled marks, look-alikes.

Only what disguises a text is read otherwise. Words that are written in one script all through,
Russian, Greek, Arabic, Hindi, Thai and every other, stay as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import regex

from playground.moderation.confusables import SHORTEST_ALIKE, plain_word
from playground.moderation.rewriting import Edit, rewrite
from playground.moderation.view import View

CANONICAL = "canonical"
MOST_MARKS = 2
"""Marks on one letter that are kept where they make no letter of their own."""

LONGEST_WORD = 64
"""Letters of a word whose look-alikes are read."""

LONGEST_LIGATURE = 4
"""Letters of one character that are read one by one; one that stands for a sentence stays."""

JOINERS = frozenset("\u200c\u200d\u200e\u200f\u061c\ufe0e\ufe0f")
"""They shape Arabic, Persian and Indic text and emoji; between Latin letters they hide a word."""

OVERRIDE = "\u202e"
"""It shows what follows from right to left, to the line's end or the mark that pops it."""

_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f]")
_REVERSED = re.compile(f"{OVERRIDE}[^\n\u202c]+")
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_INVISIBLE = regex.compile(
    rf"(?:[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]|(?![\u0600-\u0605\u06dd\u070f\u08e2])\p{{Cf}}|[{_FILLERS}\ufe00-\ufe0f\U000e0100-\U000e01ef])"
)
# Letters that never are a disguise by themselves: from Latin to Hebrew, Arabic, the Indic scripts,
# Thai, Japanese, Chinese and Korean.
_ORDINARY = (
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e\u0386-\u03ce"
    "\u0400-\u0481\u048a-\u0556\u0561-\u0586\u05d0-\u05ea\u0620-\u064a\u0660-\u0674\u0679-\u06d3"
    "\u0904-\u0939\u0960-\u0966\u0985-\u09b9\u0e01-\u0e33\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
)
UNREAD = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e45\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3"
)
"""Thai, Japanese, Chinese and Korean letters: every reading leaves them as they are, unless they
stand in one short word with letters of another script."""

_CLUSTER = regex.compile(rf"[^\s\p{{M}}]\p{{M}}+|[^\t-\r\x1c-\x7e{_ORDINARY}]|(?<=\s|^)\p{{M}}+")
_WORD = regex.compile(r"(?:\p{L}\p{M}*+)++")
_LETTERS = {
    **{chr(0x1F1E6 + each): chr(97 + each) for each in range(26)},  # regional indicators
    **{chr(base + each): chr(97 + each) for base in (0x1F150, 0x1F170) for each in range(26)},
    "\u2044": "/",
    "\u2010": "-",
    "\u2011": "-",
    "\u2212": "-",
}


def canonical(view: View) -> View:
    """Return the reading without disguise of single characters."""
    if view.text.isascii() and not _CONTROL.search(view.text):
        return View(CANONICAL, view.text, view.starts, view.ends)
    for step in (_turned_round, _clusters, _words):
        view = rewrite(view, CANONICAL, step(view.text))
    return view


def _turned_round(text: str) -> Iterator[Edit]:
    """Yield what is shown from right to left, as it is shown."""
    for found in _REVERSED.finditer(text):
        yield Edit(*found.span(), found.group()[:0:-1])


def _clusters(text: str) -> Iterator[Edit]:
    """Yield a letter with its marks, or one odd character, where it is to be read otherwise."""
    reached, before = 0, ""
    for found in _CLUSTER.finditer(text):
        start, end = found.span()
        if start > reached:
            before = text[start - 1]
        cluster = found.group()
        # Behind Hebrew, Arabic, the Indic scripts and emoji a joiner is no disguise.
        shaped = before >= "\u0590" and cluster in JOINERS
        instead = cluster if shaped else _plain(cluster)
        before, reached = instead[-1:] or before, end
        if instead != cluster:
            yield Edit(start, end, instead)


@lru_cache(maxsize=8192)
def _plain(cluster: str) -> str:
    """Return what a cluster is read as."""
    if "\U000e0020" <= cluster[0] <= "\U000e007e":
        return chr(ord(cluster[0]) - 0xE0000)  # a tag character, which is a hidden ASCII one
    base = cluster[0]
    if _INVISIBLE.match(base):
        return ""
    if base in _LETTERS:
        return _LETTERS[base]
    if unicodedata.decomposition(base).startswith("<") and not "\u0e00" <= base <= "\u0eff":
        plain = unicodedata.normalize("NFKC", base)
        base = plain if len(plain) <= LONGEST_LIGATURE else base
    return base if len(cluster) == 1 else _with_marks(base, cluster[1:])


def _with_marks(base: str, marks: str) -> str:
    """Return a letter with the marks that a person would write on it."""
    visible = [each for each in marks if each in JOINERS or not _INVISIBLE.match(each)]
    if ord(base[-1]) >= 0x590:
        flood = len(visible) > 2 * MOST_MARKS
        return base + "".join(visible[: 2 * MOST_MARKS] if flood else visible)
    # Where letters stand alone, a joiner hides something, and so does a line through a letter.
    visible = [each for each in visible if each not in JOINERS and unicodedata.combining(each) != 1]
    if len(visible) > MOST_MARKS:
        return base
    return unicodedata.normalize("NFC", base + "".join(visible))


def _words(text: str) -> Iterator[Edit]:
    """Yield the words whose letters are only lent from other scripts."""
    alike_from: int | None = None
    for found in _WORD.finditer(text):
        word = found.group()
        is_word = len(word) <= LONGEST_WORD and not word.isascii()
        plain = plain_word(word, alike_from) if is_word else word
        if plain != word:
            yield Edit(found.start(), found.end(), plain)
            alike_from = 1
        elif not plain.isascii():
            alike_from = None
        elif alike_from is None:
            alike_from = SHORTEST_ALIKE
