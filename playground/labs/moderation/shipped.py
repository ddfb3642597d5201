"""The rail that is shipped, as every experiment of the lab asks it."""

from __future__ import annotations

from playground.labs.moderation.examining import Examined, as_written, examine
from playground.moderation.policies import shipped_policies


def through_the_rail(text: str) -> Examined:
    """Return what every stage of the shipped rail says of a text."""
    return examine(text, lambda given: [as_written(given)], shipped_policies())
