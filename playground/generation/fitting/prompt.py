"""A prompt, and the report of how it came to fit: what fills the window, and what went."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.fitting.window import ContextUsage

CUT_MARK = "\n[...]\n"


@dataclass(frozen=True)
class Cut:
    """The message at the edge of what fits: `CUT_MARK` stands where something was taken out.

    Parameters
    ----------
    message : int
        Its place among the messages as given, from 0.
    head, tail : int
        Characters kept of its beginning and of its end.
    tokens : int
        Tokens taken out.
    """

    message: int
    head: int
    tail: int
    tokens: int

    def apply(self, content: str) -> str:
        """Return what the model receives of the message."""
        return content[: self.head] + CUT_MARK + content[len(content) - self.tail :]


@dataclass(frozen=True)
class Fit:
    """How a conversation was brought into its window.

    Parameters
    ----------
    policy : OverflowPolicy
        What gave way if something had to.
    usage : ContextUsage
        What fills the window now.
    dropped : tuple of int
        Places of the messages that were left out, from 0, among the messages as given.
    cut : Cut or None
        The message that was cut.
    first_turn : int
        Place of the first message that is no system message: 1 after one, else 0.
    newest : int
        Place of the newest message.
    """

    policy: OverflowPolicy
    usage: ContextUsage
    dropped: tuple[int, ...] = ()
    cut: Cut | None = None
    first_turn: int = 0
    newest: int = 0

    @property
    def notice(self) -> str | None:
        """One sentence that says what was cut, or None."""
        return self._sentence("was", "were")

    @property
    def forecast(self) -> str | None:
        """The same sentence of a prompt that has not been sent, or None."""
        return self._sentence("would be", "would be")

    def _sentence(self, one: str, many: str) -> str | None:
        parts = []
        if self.dropped:
            verb = one if len(self.dropped) == 1 else many
            parts.append(f"{self._dropped_words()} {verb} left out")
        if self.cut:
            tokens = "1 token" if self.cut.tokens == 1 else f"{self.cut.tokens:,} tokens"
            verb = one if self.cut.tokens == 1 else many
            parts.append(f"{tokens} {verb} cut from the {self._cut_place(self.cut)}")
        return f"To fit the context window, {', and '.join(parts)}." if parts else None

    def _dropped_words(self) -> str:
        turns = self.dropped_turns
        what = ["the system prompt"] if self.system_dropped else []
        if turns and turns[0] == 0:
            oldest = (
                "the oldest message" if len(turns) == 1 else f"the {len(turns)} oldest messages"
            )
            what.append(oldest)
        elif turns:
            noun = "message" if len(turns) == 1 else "messages"
            what.append(f"{len(turns)} {noun} after the first exchange")
        return " and ".join(what)

    def _cut_place(self, cut: Cut) -> str:
        where = "middle" if cut.head else "start"
        if cut.message == self.newest:
            return f"{where} of your message"
        if cut.message < self.first_turn:
            return f"{where} of the system prompt"
        return f"{where} of the oldest message left"

    @property
    def dropped_turns(self) -> tuple[int, ...]:
        """Places of the messages left out, counted without the system message."""
        return tuple(p - self.first_turn for p in self.dropped if p >= self.first_turn)

    @property
    def system_dropped(self) -> bool:
        """Whether the system message was left out."""
        return len(self.dropped_turns) < len(self.dropped)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON: the window, its parts, and what went."""
        return {
            "policy": self.policy.value,
            **asdict(self.usage),
            "free": self.usage.free,
            "dropped": list(self.dropped),
            "cut": asdict(self.cut) if self.cut else None,
        }


@dataclass(frozen=True)
class Prompt:
    """A prompt that fits, and what it cost.

    Parameters
    ----------
    token_ids : tuple of int
        What the model receives.
    fit : Fit
        What was left out, and what fills the window.
    """

    token_ids: tuple[int, ...]
    fit: Fit

    @property
    def notice(self) -> str | None:
        """One sentence that says what was cut, or None."""
        return self.fit.notice
