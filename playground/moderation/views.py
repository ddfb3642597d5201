"""Every reading of a text, and from where on they may change when the text goes on."""

from __future__ import annotations

import re
from collections.abc import Iterable

import regex

from playground.moderation.backwards import backwards, open_run, words_backwards
from playground.moderation.canonical import LONGEST_WORD, OVERRIDE, UNREAD, canonical
from playground.moderation.decoded import decoded
from playground.moderation.joining import MOST_DIGITS, may_be_half
from playground.moderation.letters import letters
from playground.moderation.rewriting import as_written
from playground.moderation.rot13 import rot13
from playground.moderation.view import View

MOST_LINES = 6
"""Lines over which one word may be cut."""

_TOKEN = re.compile(r"\S+")
# Two letters side by side at its end; some letters are invisible and stand between no others.
_WORD = re.compile(r"[^\W_\u115f\u1160\u17b4\u17b5\u3164\uffa0]{2}[\W_]*\Z")
_LONE_SIGN = re.compile(r"(?<![^\W_])(?<![@$!])[@$!](?![@$!])[\W_]*\Z")
_TURNED = re.compile(f"{OVERRIDE}[^\n\u202c]*")
_SIGNS = re.compile(r"[^\w@$!]+")
_NUMERIC = re.compile(r"[^\w@$!]*[0-9]?[^\w@$!]*")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f]{2}[:,]?\Z")
_CLAUSE_END = re.compile(
    f"(?<=[{UNREAD}])[\u3001\u3002\u300c-\u3011\uff08\uff09\uff0c\uff01\uff1f\uff1a\uff1b]"
)
_UNREAD_RUN = regex.compile(rf"(?:[{UNREAD}]\p{{M}}*+){{{LONGEST_WORD},}}(?=[{UNREAD}])")


def every_view(given: str) -> tuple[View, ...]:
    """Return all readings, also those that change nothing, the text as written first."""
    written = as_written(given)
    clean = canonical(written)
    plain = (letters(clean), decoded(clean), rot13(clean))
    return (written, clean, *plain, backwards(clean), words_backwards(clean))


def read_views(given: str) -> tuple[View, ...]:
    """Return the readings of a text that differ, the text as written first.

    Of an undisguised text this is one. What a stage finds in several, it finds in the first.

    Parameters
    ----------
    given : str
        The text, within the limits of stage 0.
    """
    return _distinct(every_view(given))


def settled_views(given: str) -> tuple[View, ...]:
    """Return the readings of a text that may go on, each as far as nothing can change it.

    Parameters
    ----------
    given : str
        As for `read_views`.

    Examples
    --------
    >>> [view.text for view in settled_views("the b0mb and k 1 l")]
    ['the b0mb and ', 'the bomb and ']
    """
    end = readings_open_from(given)
    return _distinct(each.until(end) for each in every_view(given))


def _distinct(views: Iterable[View]) -> tuple[View, ...]:
    """Return the views that differ, in what they say or in where it stands."""
    kept: list[View] = []
    for view in views:
        if not any(view.reads_as(each) for each in kept):
            kept.append(view)
    return tuple(kept)


def readings_open_from(given: str) -> int:
    """Return from where on some reading of a text may change when the text goes on.

    That is its last word with the single letters before it, for they may be one word set apart,
    and what a line's end before it may have cut. Where no spaces are written it is the last
    clause. What an override turns round is settled when words of their own stand behind it, what
    is spelt backwards when a word stands there that is none backwards.
    """
    clean = canonical(as_written(given))
    at = open_run(clean.text)
    return min(_settled(given), clean.starts[at] if at < len(clean.text) else len(given))


def _settled(given: str) -> int:
    end = len(given)
    for turned in reversed(list(_TURNED.finditer(given))):
        behind = given[turned.end() : end]
        at = _open_in(behind)
        if len(behind[:at].split()) > 1:
            return turned.end() + at
        end = turned.start()
    return _open_in(given[:end])


def _open_in(given: str) -> int:
    at = _open_from(given)
    return at if given.isascii() else _behind_unread(given, at)


def _behind_unread(given: str, since: int) -> int:
    """Return the last place, from one on, that nothing that is read otherwise goes over.

    It is before the mark behind a letter that is always read as it stands, or before the last
    letter of a run of them that is too long to be a disguised word.
    """
    ends = (each.start() for each in _CLAUSE_END.finditer(given, since))
    runs = (each.end() for each in _UNREAD_RUN.finditer(given, since))
    return int(max((since, *ends, *runs)))


def _open_from(given: str) -> int:
    tokens = list(_TOKEN.finditer(given))
    if not tokens:
        return len(given)
    gap = given[tokens[-1].end() :]
    settled = len(tokens)
    if not gap or "\n" in gap or _may_be_a_piece(tokens[-1].group()):
        settled -= 1
    lines = int("\n" in gap)
    while 0 < settled < len(tokens):
        before, after = tokens[settled - 1], tokens[settled]
        cut = "\n" in given[before.end() : after.start()] and lines < MOST_LINES
        lines += cut
        if not cut and not _may_be_a_piece(before.group()):
            break
        settled -= 1
    settled = _behind_numbers([each.group() for each in tokens], settled)
    if settled and may_be_half(canonical(as_written(tokens[settled - 1].group())).text):
        settled -= 1
    return tokens[settled].start() if settled < len(tokens) else len(given)


def _behind_numbers(tokens: list[str], settled: int) -> int:
    """Return the first token that may be of a word set apart, behind a row of single digits."""
    end = settled
    while end < len(tokens) and _NUMERIC.fullmatch(tokens[end]):
        end += 1
    digits = [at for at in range(settled, end) if not _SIGNS.fullmatch(tokens[at])]
    return digits[-MOST_DIGITS - 1] if len(digits) > MOST_DIGITS else settled


def _may_be_a_piece(token: str) -> bool:
    """Whether a token ends in a letter or its sign that stands alone, or a pair of hex digits."""
    return not _WORD.search(token) or bool(_LONE_SIGN.search(token) or _HEX.search(token))
