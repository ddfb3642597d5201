"""X-ray: one text through every stage of the rail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.moderation.examining import Examined
from playground.labs.moderation.house import house_rail, refused_policies, through

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
        explanation="It learned from examples; loaded, and if need be fetched (91 MB), at first.",
    )


@dataclass(frozen=True)
class XRay:
    """A text and what every stage says of it.

    Attributes
    ----------
    settings : XRaySettings
        What was asked.
    examined : Examined
        What the stages say.
    refused : tuple of str
        A sentence for each policy of one's own that is not in force as it stands.
    """

    settings: XRaySettings
    examined: Examined
    refused: tuple[str, ...] = ()

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
            "refused_policies": list(self.refused),
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
    examined = through(house_rail(run, settings.classifier), settings.text)
    yield XRay(settings, examined, refused_policies(run))
