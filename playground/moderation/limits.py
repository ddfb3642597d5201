"""Stage 0: what no stage should have to read, refused before any reading is made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import regex

from playground.moderation.verdict import Action, Match
from playground.moderation.view import View

STAGE = "limits"
CATEGORY = "limits"
LONGEST = 150_000
"""Characters of a text that is read: several windows of a small model. What is built to be read
slowly takes under two seconds at this length."""

MOST_MARKS = 50
"""Combining marks in a row; no script stacks more than a handful."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_FLOOD = regex.compile(rf"\p{{M}}{{{MOST_MARKS + 1}}}")
_FLOODS = regex.compile(rf"\p{{M}}{{{MOST_MARKS + 1},}}+")
_MARKS_AT_END = regex.compile(rf"\p{{M}}{{1,{MOST_MARKS}}}\Z")


class LimitStage:
    r"""Refuse what is too long, is no text, or is piled up to slow a reader down.

    Parameters
    ----------
    longest : int, optional
        How many characters a text may have.

    Examples
    --------
    >>> [match.rule for match in LimitStage().find("ki\x00ll", ())]
    ['nul']
    """

    name = STAGE

    def __init__(self, longest: int = LONGEST) -> None:
        self.longest = longest

    def find(self, given: str, views: Sequence[View]) -> list[Match]:  # noqa: ARG002  # it is a Stage, and reads no view
        """Return the first break of each limit; the rail reads no further if there is one."""
        broken = list(_broken(given))
        if len(given) > self.longest:
            broken.append(too_long(given[self.longest], self.longest))
        return sorted(broken, key=lambda each: each.start)

    def open_from(self, given: str, views: Sequence[View]) -> int:  # noqa: ARG002  # as above
        """Return the start of marks at the end that may yet become a flood."""
        marks = _MARKS_AT_END.search(given, max(0, len(given) - MOST_MARKS))
        return int(marks.start()) if marks else len(given)


def mended(text: str) -> str:
    r"""Return a text without what breaks a limit, its length apart.

    Parameters
    ----------
    text : str
        What was said before, such as the last reply: another text is not refused for it.

    Examples
    --------
    >>> mended("ki\x00ll")
    'kill'
    """
    return str(_FLOODS.sub("", _SURROGATE.sub("", text).replace("\0", "")))


def too_long(character: str, longest: int) -> Match:
    """Return what blocks a text at the first character behind the longest that is read."""
    reason = f"A text may have {longest:,} characters here and has more; send it in parts."
    return replace(_match(character, "too_long", 0, reason), start=longest, end=longest + 1)


def _broken(given: str) -> Iterator[Match]:
    surrogate = _SURROGATE.search(given)
    if surrogate:
        yield _match(
            given,
            "lone_surrogate",
            surrogate.start(),
            f"It has half a character (U+{ord(surrogate.group()):04X}, a lone surrogate): no text "
            "can hold it; remove it or mend the encoding.",
        )
    if "\0" in given:
        at = given.index("\0")
        yield _match(given, "nul", at, "It has a NUL character: remove it.")
    flood = _FLOOD.search(given)
    if flood:
        yield _match(
            given,
            "mark_flood",
            flood.start(),
            f"It has more than {MOST_MARKS} combining marks in a row; no script "
            "needs so many: remove them.",
            MOST_MARKS + 1,
        )


def _match(given: str, rule: str, start: int, reason: str, length: int = 1) -> Match:
    """Block at a place; the span does not grow with the text, so that a stream says the same."""
    end = start + length
    return Match(
        STAGE, rule, CATEGORY, start, end, given[start:end], Action.BLOCK, 1.0, reason=reason
    )
