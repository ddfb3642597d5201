"""What races ask alike, on a surface and on the digits: who races, and with what velocity."""

from __future__ import annotations

from typing import get_args

from playground.experiments.settings import Settings, field
from playground.labs.neurons.rules import TITLES, RuleName

HIGHEST_RATE = 1e9
ALL: tuple[RuleName, ...] = get_args(RuleName)


class RacersSettings(Settings):
    """Who races."""

    rules: tuple[RuleName, ...] = field(
        ALL, label="Who races", explanation="Any of the seven.", words=TITLES, seldom=True
    )
    momentum: float = field(
        0.9,
        label="Momentum",
        explanation="How much of the velocity stays.",
        ge=0,
        le=0.99,
        step=0.01,
        seldom=True,
    )

    @property
    def racing(self) -> tuple[RuleName, ...]:
        """Each rule once, in their usual order."""
        return tuple(rule for rule in ALL if rule in self.rules)
