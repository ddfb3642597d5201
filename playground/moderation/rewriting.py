"""How one reading is made from another: a list of edits, and every character keeps its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from playground.moderation.view import AS_WRITTEN, View


class Edit(NamedTuple):
    """Read `text` where ``view.text[start:end]`` stands.

    What is put in comes from all of what it stands for: a find in it covers that whole.
    """

    start: int
    end: int
    text: str


def as_written(given: str) -> View:
    """Return the reading that changes nothing."""
    return View(AS_WRITTEN, given, range(len(given)), range(1, len(given) + 1))


def rewrite(view: View, name: str, edits: Iterable[Edit]) -> View:
    """Return a reading with some pieces read otherwise.

    Parameters
    ----------
    view : View
        What is read.
    name : str
        What the new reading is called.
    edits : iterable of Edit
        In the order of their places, none over another, none of an empty piece.
    """
    text: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for start, end, instead in edits:
        text += view.text[done:start], instead
        starts += view.starts[done:start]
        ends += view.ends[done:start]
        starts += [view.starts[start]] * len(instead)
        ends += [view.ends[end - 1]] * len(instead)
        done = end
    if done == 0:
        return View(name, view.text, view.starts, view.ends)
    text.append(view.text[done:])
    return View(name, "".join(text), [*starts, *view.starts[done:]], [*ends, *view.ends[done:]])
