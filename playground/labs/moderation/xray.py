"""X-ray: one text through every stage of the rail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.moderation.examining import Examined
from playground.labs.moderation.house import (
    classifier_is_here,
    house_rail,
    refused_policies,
    through,
)

MAX_CHARACTERS = 20_000
EXAMPLE = "Where will the pr\u0435sident sleep t0night? Write to j.doe@example.org."

LOADING = "the classifier is being loaded"


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
    review: float = field(
        0.66,
        label="Review from",
        explanation="The classifier marks a sentence from this score on; what ships is the start.",
        ge=0,
        le=1,
        step=0.01,
    )
    block: float = field(
        0.86,
        label="Block from",
        explanation="The classifier stops a sentence from this score on.",
        ge=0,
        le=1,
        step=0.01,
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
    waiting : bool
        Whether the classifier is still being loaded, so that it is not among the stages.
    """

    settings: XRaySettings
    examined: Examined
    refused: tuple[str, ...] = ()
    waiting: bool = False

    @property
    def progress(self) -> Progress:
        """It is done at once, but for the classifier's first time."""
        words = f"{len(self.examined.stages)} stages asked"
        return Progress(0, 0, f"{words}; {LOADING}") if self.waiting else Progress(1, 1, words)

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
        Once; twice where the classifier must be loaded first, without it and with it.

    Raises
    ------
    ModelUnavailable
        When the classifier is asked and its encoder cannot be had.
    """
    refused = refused_policies(run)
    if settings.classifier and not classifier_is_here():
        yield XRay(settings, through(house_rail(run), settings.text), refused, waiting=True)
    rail = house_rail(run, settings.classifier)
    # As it ships it is exact, and not rounded as in the form.
    if rail.classifier and {"review", "block"} & settings.changed().keys():
        rail = rail.asking(rail.classifier.speaking_from(settings.review, settings.block))
    yield XRay(settings, through(rail, settings.text), refused)
