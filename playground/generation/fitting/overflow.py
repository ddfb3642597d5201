"""What goes when a conversation no longer fits its context window: the policies, explained once."""

from __future__ import annotations

from enum import StrEnum

from playground.errors import OptionError
from playground.number_rules import shown


class OverflowPolicy(StrEnum):
    """Which part of a conversation gives way."""

    STOP = "stop"
    OLDEST = "oldest"
    MIDDLE = "middle"
    SLIDING = "sliding"

    @property
    def label(self) -> str:
        """Its name on the page."""
        return _LABELS[self]

    @property
    def explanation(self) -> str:
        """What it does, in two sentences for the learner."""
        return _EXPLANATIONS[self]

    @classmethod
    def parse(cls, value: object) -> OverflowPolicy:
        """Read a name.

        Raises
        ------
        OptionError
            When there is no such policy.
        """
        try:
            return cls(str(value).lower())
        except ValueError:
            raise OptionError(
                f"`overflow` must be one of {', '.join(cls)}, got {shown(value)}."
            ) from None


_LABELS = {
    OverflowPolicy.STOP: "stop",
    OverflowPolicy.OLDEST: "cut the oldest",
    OverflowPolicy.MIDDLE: "keep the beginning, cut the middle",
    OverflowPolicy.SLIDING: "sliding window",
}
_EXPLANATIONS = {
    OverflowPolicy.STOP: (
        "Nothing is cut. A message that does not fit is refused, with the numbers."
    ),
    OverflowPolicy.OLDEST: (
        "The system prompt stays; the oldest exchanges go, always whole. A newest message that is "
        "too long by itself loses its middle."
    ),
    OverflowPolicy.MIDDLE: (
        "The system prompt, the first exchange and the newest message stay; the exchanges between "
        "them go, oldest first, always whole. Only if that is not enough goes the first one too."
    ),
    OverflowPolicy.SLIDING: (
        "The newest tokens stay, whoever's they are. The system prompt is the oldest and falls out "
        "first; the message at the edge keeps its end, marked where it is cut."
    ),
}
