"""Letters that were set apart, and words that were cut in two, put together again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from playground.moderation.rewriting import Edit
from playground.moderation.vocabulary import known_words

FEWEST = 3
"""Single letters in a row before they are read as a word: "I, a b" are none."""

LONGEST_WORD = 20
SHORTEST_CUT = 4
MOST_PIECES = 6
"""Pieces that one word is cut into."""

MOST_DIGITS = 5
"""Single digits before the first letter of a word set apart; what has more is a row of numbers."""

SHORT_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a i ad am an as at be by do eu go ha he hi id if in is it me mr ms my no of oh ok on or ox
        pm so to tv uk un up us we
        """,
    )
)

_ONE = r"[A-Za-z0-9@$!](?![^\W_]|[@$!])"
_SIGN = r"[.\-_*\u00b7\u2022|/\\,+~:;^=#\u2026()\[\]{}<>\"]"
_LETTER_SOON = rf"(?=(?:\d[\W_]{{1,7}}){{0,{MOST_DIGITS}}}[A-Za-z@$!])"
_SPACED = re.compile(
    rf"(?<![^\W_])(?<![@$!.]){_LETTER_SOON}{_ONE}(?:[^\S\n]++(?:{_ONE}|'(?!\S)))++"
)
_DOTTED = re.compile(
    rf"(?<![^\W_])(?<![@$!]){_LETTER_SOON}{_ONE}( ?{_SIGN}{{1,3}} ?){_ONE}"
    rf"(?:(?:\1|\s+|\1\s*\1){_ONE})*+"
)
_MARKUP = r"\*{2,3}|__|~~"
"""What makes letters bold or struck in Markdown, which shows none of it."""
_CUT = re.compile(
    rf"(?<![A-Za-z])[A-Za-z]++(-?\r?\n|{_MARKUP}|{_SIGN})[A-Za-z]++(?:\1[A-Za-z]++)*+"
)
_PIECE = re.compile(r"[A-Za-z]+")
_TAG = r"</?[A-Za-z][^<>\s]{0,30}>"
_TAGGED = re.compile(rf"(?<![A-Za-z])[A-Za-z]++(?:(?:{_TAG})+[A-Za-z]++)+")
_BESIDE_TAGS = re.compile(rf"{_TAG}|(?P<piece>[A-Za-z]+)")
# Letters with accents are read without them, which here are not known.
_LAST_LETTERS = re.compile(r"(?<![^\W\d_])[A-Za-z\u00c0-\u024f]{1,19}\Z")
_LONE_WORD = re.compile(r"(?<![^\s\"'(\[])[A-Za-z]{1,19}(?![^\s.,;:!?)\]\"'])")


def join(text: str) -> Iterator[Edit]:
    """Yield words that stand in pieces, whole."""
    edits = [*_spaced(text), *_dotted(text), *_cut(text), *_tagged(text), *_halved(text)]
    reached = 0
    for edit in sorted(edits, key=lambda each: (each.start, -each.end)):
        if edit.start >= reached:
            yield edit
            reached = edit.end


def _spaced(text: str) -> Iterator[Edit]:
    for run in _SPACED.finditer(text):
        yield from _words(run.group(), run.start(), " ")


def _dotted(text: str) -> Iterator[Edit]:
    for run in _DOTTED.finditer(text):
        yield from _words(run.group(), run.start(), run.group(1))


def _words(run: str, at: int, between: str) -> Iterator[Edit]:
    """Yield the words of a run of single letters."""
    single = sum(each.isalnum() for each in run)
    if single < FEWEST or not any(each.isalpha() for each in run):
        return
    if between == " ":
        gaps = re.compile(r"\s{2,}")
    else:
        gaps = re.compile(rf"\s*{re.escape(between)}?\s+{re.escape(between)}?|\s+")
    start = 0
    for gap in [*gaps.finditer(run), None]:
        end = gap.start() if gap else len(run)
        piece = "".join(each for each in run[start:end] if each.isalnum() or each in "@$!'")
        if len(piece) > 1:
            yield Edit(at + start, at + end, cut_into_words(piece))
        start = gap.end() if gap else end


@lru_cache(maxsize=64)
def cut_into_words(letters: str) -> str:
    """Return letters with spaces between the words they make, or as they are.

    "whowillstrike" becomes "who will strike", because that takes the fewest words; what cannot
    be cut into known words throughout stays one.
    """
    lower = letters.lower()
    known = known_words()
    if lower in known:
        return letters
    best: list[tuple[int, int] | None] = [(0, 0), *[None] * len(letters)]
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - LONGEST_WORD), end):
            before = best[start]
            if before is None or lower[start:end] not in known:
                continue
            cost = before[0] + 1
            here = best[end]
            if here is None or cost < here[0]:
                best[end] = (cost, start)
    if best[-1] is None:
        return letters
    words: list[str] = []
    end = len(letters)
    while end:
        start = best[end][1]  # type: ignore[index]  # every step of a whole cut has one
        words.append(letters[start:end])
        end = start
    return " ".join(reversed(words))


def _cut(text: str) -> Iterator[Edit]:
    """Yield words that a line's end or a sign cuts in two."""
    for run in _CUT.finditer(text):
        pieces = list(_PIECE.finditer(text, run.start(), run.end()))
        unseen = "\n" in run.group(1) or re.fullmatch(_MARKUP, run.group(1)) is not None
        at = 0
        while at < len(pieces):
            some = [each.group() for each in pieces[at : at + MOST_PIECES]]
            count = _joined(some, unseen=unseen)
            if count > 1:
                last = pieces[at + count - 1]
                yield Edit(pieces[at].start(), last.end(), "".join(some[:count]))
            at += count


def _joined(pieces: list[str], *, unseen: bool) -> int:
    """Return how many pieces make up a word.

    Pieces that are words themselves are joined only over what a reader sees no sign in, a line's
    end or what makes letters bold, and only to a small letter:
    *may* and *or* on two lines may well be *mayor*, whereas "well-being" says what it says.
    """
    known = known_words()
    for count in range(len(pieces), 1, -1):
        some = [each.lower() for each in pieces[:count]]
        whole = "".join(some)
        if len(whole) >= SHORTEST_CUT and whole in known:
            goes_on = unseen and all(each[0].islower() for each in pieces[1:count])
            if goes_on or not all(each in known for each in some):
                return count
    return 1


def _tagged(text: str) -> Iterator[Edit]:
    """Yield words in which marks of HTML stand: a page shows them without."""
    for run in _TAGGED.finditer(text):
        found = _BESIDE_TAGS.finditer(text, run.start(), run.end())
        pieces = [each["piece"] for each in found if each["piece"]]
        whole = "".join(pieces)
        known = SHORTEST_CUT <= len(whole) <= LONGEST_WORD and whole.lower() in known_words()
        if known and not all(map(_is_word, pieces)):
            yield Edit(run.start(), run.end(), whole)


def _halved(text: str) -> Iterator[Edit]:
    """Yield words with a space in them whose halves are none: "ki ll" is no two words."""
    before: re.Match[str] | None = None
    known = known_words()
    for word in _LONE_WORD.finditer(text):
        piece = word.group()
        if (len(piece) > 2 and piece in known) or _is_word(piece):  # most are known as they stand
            before = None
        elif before and text[before.end() : word.start()] == " ":
            whole = before.group() + word.group()
            joined = len(whole) >= SHORTEST_CUT and whole.lower() in known_words()
            if joined:
                yield Edit(before.start(), word.end(), whole)
            before = None if joined else word
        else:
            before = word


def may_be_half(token: str) -> bool:
    """Whether a token, such as comes last in a text, may be the first half of a word."""
    half = _LAST_LETTERS.search(token)
    return half is not None and not _is_word(half.group())


def _is_word(piece: str) -> bool:
    """Whether a piece is a word by itself; of two letters few are, though names have them."""
    lower = piece.lower()
    return lower in (known_words() if len(lower) > 2 else SHORT_WORDS)
