"""Where sentences begin and end, the same whatever comes after them."""

from __future__ import annotations

import re

MOST_CHARACTERS = 300

# A sentence has ended when the space after it is there: "3." may go on as "3.14". A run of marks is
# looked at from its beginning alone, and without going back: a megabyte of them is no trouble.
_END = re.compile(
    r"(?<![.!?\u2026])[.!?\u2026]++[\"'\u201d\u2019\u00bb)\]]*+(?=\s)"
    r"|[\u3002\uff01\uff1f\u061f\u0964]|\n"
)
_SPACE = re.compile(r"\s")


def cut_sentences(text: str) -> tuple[list[tuple[int, int]], int]:
    """Return the spans of sentences, and where the last one that may go on begins.

    What was cut once stays so, whatever follows: it goes from left to right. A sentence without an
    end is cut at the last space of its first `MOST_CHARACTERS`.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    spans : list of (int, int)
        Without the spaces around them; the last one may not have ended.
    open_from : int
        Where the sentence that has not ended begins; ``len(text)`` where all have.

    Examples
    --------
    >>> cut_sentences("It rains. Is it 3.14")
    ([(0, 9), (10, 20)], 10)
    """
    spans: list[tuple[int, int]] = []
    start = _skip_space(text, 0)
    while start < len(text):
        end = _end(text, start)
        if end is None:
            return [*spans, (start, len(text.rstrip()))], start
        spans.append((start, end))
        start = _skip_space(text, end)
    return spans, len(text)


def _end(text: str, start: int) -> int | None:
    """Return where the sentence that begins at `start` ends; None while it may go on."""
    limit = start + MOST_CHARACTERS
    found = _END.search(text, start, min(len(text), limit + 1))
    if found and found.start() <= limit:
        return found.start() if found.group() == "\n" else found.end()
    if len(text) <= limit:
        return None
    spaces = [each.start() for each in _SPACE.finditer(text, start, limit)]
    return spaces[-1] if spaces else limit


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start
