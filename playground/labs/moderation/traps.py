"""Traps: harmless sentences that a careless filter stops."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from playground.data import shipped_traps
from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.moderation.examining import Examined
from playground.labs.moderation.house import house_rail, through

OWN = "your own"
MAX_OWN, MAX_LINES, SHOWN_EACH = 20_000, 200, 25


@dataclass(frozen=True)
class Trap:
    """A harmless sentence.

    Attributes
    ----------
    text : str
        The sentence.
    kind : str
        What makes it look harmful.
    reason : str
        Why it is harmless.
    """

    text: str
    kind: str
    reason: str


class TrapSettings(Settings):
    """Which sentences are tried beside those that are shipped."""

    own: str = field(
        "",
        label="Your own, one a line",
        explanation=f"Harmless sentences to try as well; at most {MAX_LINES}.",
        lines=4,
        most=MAX_OWN,
    )

    def traps(self) -> tuple[Trap, ...]:
        """Return a person's own sentences, then those that are shipped.

        Raises
        ------
        OptionError
            When there are too many.
        """
        lines = [line.strip() for line in self.own.splitlines() if line.strip()]
        if len(lines) > MAX_LINES:
            raise OptionError(
                f"`own` may have {MAX_LINES} lines, got {len(lines):,}; leave some out."
            )
        return (*(Trap(line, OWN, "You say so.") for line in lines), *read_traps())


@cache
def read_traps() -> tuple[Trap, ...]:
    """Return the sentences that are shipped."""
    return tuple(Trap(**json.loads(line)) for line in shipped_traps().splitlines())


@dataclass(frozen=True)
class Sprung:
    """A harmless sentence and what every stage said of it."""

    trap: Trap
    examined: Examined

    @property
    def stopped(self) -> bool:
        """Whether the rail would do anything about it."""
        return self.examined.verdict.flagged

    def to_json(self) -> dict[str, Any]:
        """Return it under the names of the export."""
        return {
            "text": self.trap.text,
            "kind": self.trap.kind,
            "reason": self.trap.reason,
            "stopped": self.stopped,
            "action": self.examined.verdict.action.value,
            "matches": [each.to_json() for each in self.examined.matches],
        }


@dataclass(frozen=True)
class Traps:
    """The sentences that have been tried."""

    settings: TrapSettings
    total: int
    sprung: tuple[Sprung, ...] = ()

    @property
    def progress(self) -> Progress:
        """How many sentences."""
        done = len(self.sprung)
        return Progress(done, self.total, f"{done} of {self.total} sentences tried")

    @property
    def passed(self) -> int:
        """How many were let pass."""
        return sum(not each.stopped for each in self.sprung)

    def to_json(self) -> dict[str, Any]:
        """Return how many passed, and every sentence."""
        return {
            "tried": len(self.sprung),
            "passed": self.passed,
            "sentences": [each.to_json() for each in self.sprung],
        }


def run_traps(_nothing: None, settings: TrapSettings, run: Run) -> Iterator[Traps]:
    """Show harmless sentences to the rail; no model takes part.

    Yields
    ------
    Traps
        After every few sentences.
    """
    traps, rail = settings.traps(), house_rail(run)
    sprung: list[Sprung] = []
    for place, trap in enumerate(traps, 1):
        run.check()
        sprung.append(Sprung(trap, through(rail, trap.text)))
        if place % SHOWN_EACH == 0 or place == len(traps):
            yield Traps(settings, len(traps), tuple(sprung))
