"""The seven rules that race: which optimizer each is, and how many examples make a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from playground.core.optimizers import SGD, Adam, Optimizer, RMSprop

RuleName = Literal[
    "gradient", "stochastic", "mini-batch", "momentum", "nesterov", "rmsprop", "adam"
]
TITLES: Mapping[str, str] = {
    "gradient": "gradient descent",
    "stochastic": "stochastic (SGD)",
    "mini-batch": "mini-batch",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "rmsprop": "RMSProp",
    "adam": "Adam",
}
ADAPTIVE: frozenset[RuleName] = frozenset({"rmsprop", "adam"})
FOLLOWING: frozenset[RuleName] = frozenset({"momentum", "nesterov"})  # keep a velocity


@dataclass(frozen=True)
class Rates:
    """How long the steps are.

    Parameters
    ----------
    rate : float
        Of the rules that follow the slope.
    adaptive : float
        Of RMSProp and Adam, whose steps are about as long as it, whatever the slope.
    momentum : float
        How much of the velocity stays, 0 to below 1.
    """

    rate: float
    adaptive: float
    momentum: float


def optimizer(rule: RuleName, rates: Rates) -> Optimizer[Any]:
    """Return the rule's optimizer, one of the core's."""
    if rule in FOLLOWING:
        return SGD(rates.rate, rates.momentum, nesterov=rule == "nesterov")
    if rule == "rmsprop":
        return RMSprop(rates.adaptive, alpha=0.9)
    return Adam(rates.adaptive) if rule == "adam" else SGD(rates.rate)
