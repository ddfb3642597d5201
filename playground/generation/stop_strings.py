"""Stop strings over a stream: nothing that belongs to one is ever shown.

A stop string may straddle tokens, so the shortest tail that could still become one is held back.
"""

from __future__ import annotations

from collections.abc import Sequence


class StopStrings:
    """Release a stream of text up to the first stop string.

    Parameters
    ----------
    stop : sequence of str
        The stop strings, none of them empty.

    Examples
    --------
    >>> gate = StopStrings(["END"])
    >>> gate.push("to be E"), gate.push("ND or not")
    ('to be ', '')
    >>> gate.matched
    'END'
    """

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = tuple(stop)
        self._held = ""
        self.matched: str | None = None

    def push(self, text: str) -> str:
        """Take the next piece of text and return what may be shown now."""
        if self.matched is not None:
            return ""
        self._held += text
        # The one that is complete first counts, as if the text had come letter by letter; of two
        # that end at one place, the longer.
        hits = [(at + len(s), at, s) for s in self._stop if (at := self._held.find(s)) >= 0]
        if hits:
            _, at, self.matched = min(hits)
            released, self._held = self._held[:at], ""
            return released
        keep = self._length_of_possible_start()
        cut = len(self._held) - keep
        released, self._held = self._held[:cut], self._held[cut:]
        return released

    def flush(self) -> str:
        """Return what was held back, once the stream has ended."""
        released, self._held = self._held, ""
        return released

    def _length_of_possible_start(self) -> int:
        longest = max((len(s) - 1 for s in self._stop), default=0)
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(s.startswith(self._held[-length:]) for s in self._stop):
                return length
        return 0
