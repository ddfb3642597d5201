"""What is shown in the place of what is to be hidden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from playground.generation.watch import Shown
from playground.moderation.verdict import Action, Match


def redact(text: str, matches: Sequence[Match]) -> str:
    """Return a text with what is to be hidden replaced; all else stays byte for byte.

    Examples
    --------
    >>> mail = Match("personal", "personal.mail", "personal", 3, 8, "a@b.c", Action.REDACT)
    >>> redact("To a@b.c now", [mail])
    'To [personal.mail hidden] now'
    """
    return "".join(each.text for each in shown(text, 0, len(text), covers(matches)))


def covers(matches: Iterable[Match]) -> list[Shown]:
    """Return what covers the matches that are to be hidden; those that overlap are covered as one.

    Parameters
    ----------
    matches : iterable of Match
        In the order of their starts.
    """
    found: list[Shown] = []
    for each in matches:
        if each.action is not Action.REDACT:
            continue
        if found and each.start < found[-1].end:
            last = found.pop()
            found.append(Shown(last.start, max(last.end, each.end), last.text, hidden=True))
        else:
            found.append(Shown(each.start, each.end, f"[{each.rule} hidden]", hidden=True))
    return found


def shown(text: str, start: int, end: int, hidden: Iterable[Shown]) -> Iterator[Shown]:
    """Yield what is shown of ``text[start:end]``; a cover that begins there is shown whole."""
    at = start
    for each in hidden:
        if start <= each.start < end:
            if at < each.start:
                yield Shown(at, each.start, text[at : each.start])
            at = min(each.end, end)
            yield Shown(each.start, at, each.text, hidden=True)
    if at < end:
        yield Shown(at, end, text[at:end])
