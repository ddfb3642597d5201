"""The text that the lab looks at in every way it knows: a person's own."""

from __future__ import annotations

from playground.experiments.settings import Settings, field

FIRST_TEXT = "The lighthouse keeper's naïve café: 🙂🦑 in 2026!\nThe End"
MAX_CHARACTERS = 2_000_000


class OwnText(Settings):
    """Base of the settings of experiments on a person's text."""

    text: str = field(
        FIRST_TEXT,
        label="Text",
        explanation=f"Read while you type; at most {MAX_CHARACTERS:,} characters.",
        most=MAX_CHARACTERS,
        lines=3,
        travels=True,
    )
