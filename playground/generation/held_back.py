"""Steps that wait until what they say may be shown: a token is never shown before its text."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from playground.generation.row import FinishReason, Step
from playground.generation.watch import Shown, Watch


@dataclass(frozen=True)
class Watched:
    """What became of a reply that was watched.

    Attributes
    ----------
    tail : str
        What is shown behind the text of its steps: the steps it belongs to are withheld.
    withheld : int
        Tokens that were written and are not shown, nor kept.
    finish_reason : str or None
        Why it ended, where that is not on its last step.
    found : mapping
        What was found, as plain values.
    """

    tail: str = ""
    withheld: int = 0
    finish_reason: FinishReason | None = None
    found: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Held:
    step: Step
    start: int
    end: int


class HeldSteps:
    """Let go of the steps of one reply.

    Parameters
    ----------
    watch : Watch
        Says what of the text may be shown.
    late : bool
        Whether a token's text may come with a later step, as behind a stop string that may still
        be coming: then each waits for the next.
    """

    def __init__(self, watch: Watch, late: bool) -> None:
        self._watch = watch
        self._late = late
        self._held: deque[_Held] = deque()
        self._pieces: list[Shown] = []
        self._length = self._released = self._emitted = self._withheld = 0
        self._carried = ""
        self._ended = False
        self._finish_reason: FinishReason | None = None

    @property
    def stopped(self) -> bool:
        """Whether the reply must not go on."""
        return self._watch.stopped

    @property
    def watched(self) -> Watched:
        """What became of the reply so far."""
        return Watched(
            self._carried if self._ended else "",
            self._withheld,
            "content_filter" if self.stopped else self._finish_reason,
            self._watch.to_json(),
        )

    def begin(self, prefix: str) -> str:
        """Take the text that the reply begins with, and return what may be shown of it now."""
        self._length = len(prefix)
        self._take(self._watch.push(prefix) if prefix else ())
        return self._emit(self._released)

    def push(self, step: Step) -> list[Step]:
        """Take the next step, and return those that may be shown now."""
        start, self._length = self._length, self._length + len(step.text)
        self._held.append(_Held(step, start, self._length))
        self._take(self._watch.push(step.text) if step.text else ())
        if step.finish_reason:
            self._finish_reason = step.finish_reason
        return self.end() if step.finish_reason or self.stopped else self._let_go()

    def end(self) -> list[Step]:
        """Say that no step comes any more, and return those that may be shown still."""
        if self._ended:
            return []
        self._take(self._watch.end())
        self._ended = True
        steps = self._let_go()
        self._carried += self._emit(self._released)
        self._withheld += len(self._held)
        self._held.clear()
        return steps

    def _take(self, pieces: Sequence[Shown]) -> None:
        self._pieces += pieces
        self._released = self._pieces[-1].end if self._pieces else self._released

    def _let_go(self) -> list[Step]:
        steps = []
        while self._held:
            reach = self._reach()
            if reach is None or reach > self._released:
                break
            held = self._held.popleft()
            covered = self._covered(held.start, reach)
            self._carried += self._emit(held.end)
            if covered:
                self._withheld += 1
            else:
                steps.append(replace(held.step, text=self._carried))
                self._carried = ""
        return steps

    def _reach(self) -> int | None:
        """Return how far the text of the first held token may go; None where that is not known."""
        first, *later = self._held
        if first.end > first.start and not self._late:
            return first.end
        ends = (each.end for each in later if each.end > each.start)
        return next(ends, self._length if self._ended else None)

    def _covered(self, start: int, end: int) -> bool:
        return any(
            each.hidden and each.start < max(end, start + 1) and start < each.end
            for each in self._pieces
        )

    def _emit(self, end: int) -> str:
        """Return what is shown of the text up to a place that was released."""
        text = ""
        for each in self._pieces:
            start, stop = max(each.start, self._emitted), min(each.end, end)
            if start < stop and not each.hidden:
                text += each.text[start - each.start : stop - each.start]
            elif self._emitted <= each.start < end:
                text += each.text
        self._emitted = max(self._emitted, end)
        self._pieces = [each for each in self._pieces if each.end >= self._emitted]
        return text
