"""The run settings among those of an experiment: how tokens are chosen, and when a reply ends."""

from __future__ import annotations

from typing import Any

from playground.experiments.settings import Settings, field
from playground.generation.settings import MAX_SEED, OPTIONS, SamplingSettings


def shared_option(name: str) -> Any:
    """Declare a setting that is taken from the run settings beside every lab."""
    option = OPTIONS[name]
    return field(
        SamplingSettings.__dataclass_fields__[name].default,
        label=option.label,
        explanation=option.explanation,
        ge=None if option.above_minimum else option.minimum,
        gt=option.minimum if option.above_minimum else None,
        le=option.maximum,
        shared=True,
    )


class SampledSettings(Settings):
    """Base of the settings of experiments that write as the chat does; the page shares its own."""

    temperature: float = shared_option("temperature")
    top_k: int = shared_option("top_k")
    top_p: float = shared_option("top_p")
    min_p: float = shared_option("min_p")
    repetition_penalty: float = shared_option("repetition_penalty")
    presence_penalty: float = shared_option("presence_penalty")
    frequency_penalty: float = shared_option("frequency_penalty")
    max_new_tokens: int = shared_option("max_new_tokens")
    seed: int | None = field(
        None,
        label="Seed",
        explanation="Fixes the dice; empty draws one.",
        ge=0,
        le=MAX_SEED,
        shared=True,
    )

    def sampling(self) -> SamplingSettings:
        """Return them as the model takes them."""
        names = SampledSettings.model_fields
        return SamplingSettings(**{name: getattr(self, name) for name in names})
