"""Presets: sampling settings that go together, by name; the chat starts at one of them.

The neutral settings are those of `SamplingSettings`, and labs, text and the API start there. A chat
with a small model starts where it was counted to answer about as well as at temperature 0, and
without loops (`benchmarks/plain_questions.py`, docs/chat.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from playground.generation.settings import SamplingSettings

# What a preset says something about; the length, the seed and the rest stay as they are.
NAMES = (
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "repetition_penalty",
    "presence_penalty",
    "frequency_penalty",
)


@dataclass(frozen=True)
class Preset:
    """Sampling settings that go together.

    Parameters
    ----------
    name : str
        What one types.
    idea : str
        What it is for, in one sentence.
    settings : SamplingSettings
        Those of `NAMES` count.

    Examples
    --------
    >>> PRECISE.label, PRECISE.values["temperature"]
    ('Precise', 0.0)
    """

    name: str
    idea: str
    settings: SamplingSettings

    @property
    def label(self) -> str:
        """What one reads."""
        return self.name.capitalize()

    @property
    def values(self) -> Mapping[str, float]:
        """Its settings by name: every one of `NAMES`, no other."""
        return {name: getattr(self.settings, name) for name in NAMES}


PRECISE = Preset(
    "precise",
    "The likeliest token, always: the same question gets the same answer.",
    SamplingSettings(temperature=0, top_p=1),
)
BALANCED = Preset(
    "balanced",
    "Keeps a small model to what it knows, and out of loops; a chat starts here.",
    SamplingSettings(temperature=0.1, top_p=0.9, frequency_penalty=0.4),
)
CREATIVE = Preset(
    "creative",
    "The model's own odds without their long tail: new words each time, more slips.",
    SamplingSettings(temperature=1, top_p=0.95, min_p=0.05),
)
CHAOS = Preset(
    "chaos",
    "Odds nearly levelled and nothing cut: words fall apart, which is worth seeing once.",
    SamplingSettings(temperature=1.8, top_p=1),
)
PRESETS: Mapping[str, Preset] = {
    preset.name: preset for preset in (PRECISE, BALANCED, CREATIVE, CHAOS)
}
CHAT_START = BALANCED
