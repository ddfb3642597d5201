"""What may look at a reply while it is written; generation knows no more of it than this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from playground.models.text.tokenizer import Message


@dataclass(frozen=True)
class Shown:
    """A stretch of a text that may be shown now.

    Attributes
    ----------
    start, end : int
        Where it stands in the text as written.
    text : str
        What is shown of it.
    hidden : bool
        Whether that stands in the place of what was written.
    """

    start: int
    end: int
    text: str
    hidden: bool = False


class Watch(Protocol):
    """Looks at one text as it comes and lets go of what may be shown, in order and without gaps."""

    @property
    def stopped(self) -> bool:
        """Whether nothing more may be shown, so that nothing more need be written."""
        ...

    def push(self, piece: str) -> Sequence[Shown]:
        """Take the next piece and return what may be shown now."""
        ...

    def end(self) -> Sequence[Shown]:
        """Say that the text has ended, and return the rest that may be shown."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return what was found, as plain values."""
        ...


class Guard(Protocol):
    """Stands before a model: refuses what may not be asked, and has its replies watched."""

    def watch(self, messages: Sequence[Message], as_ids: bool = False) -> Watch:
        """Return what watches the reply to these messages.

        Parameters
        ----------
        messages : sequence of Message
            What is asked.
        as_ids : bool
            Whether the model is given token ids, of which nothing is covered.

        Raises
        ------
        ContentRefused
            When they may not be asked.
        """
        ...

    def covered(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages as a model may read them."""
        ...
