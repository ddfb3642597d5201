"""X-ray: one text through every stage of the rail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.moderation.examining import Examined
from playground.labs.moderation.shipped import classifier_for, through_the_rail

MAX_CHARACTERS = 20_000
EXAMPLE = "Where will the pr\u0435sident sleep t0night? Write to j.doe@example.org."


class XRaySettings(Settings):
    """What is looked through."""

    text: str = field(
        EXAMPLE,
        label="Text",
        explanation=f"Looked through while you type; at most {MAX_CHARACTERS:,} characters.",
        lines=4,
        most=MAX_CHARACTERS,
    )
    classifier: bool = field(
        False,
        label="Ask the classifier too",
        explanation="A small model that learned from examples; the first time it takes seconds.",
    )


@dataclass(frozen=True)
class XRay:
    """A text and what every stage says of it."""

    settings: XRaySettings
    examined: Examined

    @property
    def progress(self) -> Progress:
        """It is done at once."""
        count = len(self.examined.stages)
        return Progress(1, 1, f"{count} stages asked")

    def to_json(self) -> dict[str, Any]:
        """Return the verdict, every reading, and every stage with its matches."""
        examined = self.examined
        return {
            **examined.verdict.to_json(),
            "views": [{"view": each.name, "text": each.text} for each in examined.views],
            "stages": [each.to_json() for each in examined.stages],
            "reading_milliseconds": examined.reading_milliseconds,
        }


def run_xray(_nothing: None, settings: XRaySettings, run: Run) -> Iterator[XRay]:
    """Show a text to every stage.

    Yields
    ------
    XRay
        Once.

    Raises
    ------
    ModelUnavailable
        When the classifier is asked and its encoder cannot be had.
    """
    classifier = classifier_for(run) if settings.classifier else None
    yield XRay(settings, through_the_rail(settings.text, classifier))
