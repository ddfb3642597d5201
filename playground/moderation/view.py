"""A reading of a text that knows where each of its characters came from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from playground.moderation.verdict import Match

AS_WRITTEN = "as written"


@dataclass(frozen=True)
class View:
    """One reading of a text, such as without its invisible characters.

    Attributes
    ----------
    name : str
        Which reading.
    text : str
        What is read.
    starts, ends : sequence of int, one a character of `text`
        The span of the text as given that the character was read from. Both never fall.
    """

    name: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where ``text[start:end]``, which is not empty, stands in the text as given."""
        return self.starts[start], max(self.ends[start:end])

    def reads_as(self, other: View) -> bool:
        """Whether another reading says the same, from the same places."""
        if self.text != other.text:
            return False
        if self.starts is other.starts and self.ends is other.ends:
            return True
        return list(self.starts) == list(other.starts) and list(self.ends) == list(other.ends)

    def until(self, end: int) -> View:
        """Return the reading of what stands before a place of the text as given."""
        count = bisect_left(self.starts, end)
        return View(self.name, self.text[:count], self.starts[:count], self.ends[:count])

    def since(self, start: int) -> View:
        """Return the reading of what stands from a place of the text as given on, alone."""
        count = bisect_left(self.starts, start)
        starts = [each - start for each in self.starts[count:]]
        return View(self.name, self.text[count:], starts, [e - start for e in self.ends[count:]])


class Stage(Protocol):
    """One step of the rail."""

    @property
    def name(self) -> str:
        """What the step is called."""
        ...

    def find(self, given: str, views: Sequence[View]) -> Sequence[Match]:
        """Return every match.

        Parameters
        ----------
        given : str
            The text as given.
        views : sequence of View
            Its readings; the first is the text as written.
        """
        ...

    def open_from(self, given: str, views: Sequence[View]) -> int:
        """Return from where on the text could still become a match, or change one, if it went on.

        Whatever follows `given`, no match that begins before this offset appears, goes or changes.
        It is ``len(given)`` where nothing is open.
        """
        ...
