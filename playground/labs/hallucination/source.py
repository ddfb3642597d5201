"""A text and an answer: what of the answer the text supports, and what it cannot have given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.hallucination.support import Support, support

MAX_TEXT = 50_000
_SOURCE = (
    "Jane Austen was born in 1775 in Steventon. She wrote six novels, among them Emma, and died in "
    "Winchester in 1817."
)
_ANSWER = (
    "Jane Austen was born in Steventon in 1776. She wrote six novels. Her sister Cassandra drew "
    "the only portrait of her."
)


class SourceSettings(Settings):
    """What is held against what."""

    source: str = field(
        _SOURCE, label="Source", explanation="What the answer may draw on.", lines=5, most=MAX_TEXT
    )
    answer: str = field(
        _ANSWER,
        label="Answer",
        explanation="A model's, or your own.",
        lines=4,
        most=MAX_TEXT,
    )


@dataclass(frozen=True)
class Sourced:
    """An answer held against its source."""

    settings: SourceSettings
    found: Support

    @property
    def progress(self) -> Progress:
        """It is done at once."""
        count = len(self.found.sentences)
        return Progress(1, 1, f"{count} {'sentence' if count == 1 else 'sentences'} looked at")

    def to_json(self) -> dict[str, Any]:
        """Return each sentence with its verdict, its rule, and what the source lacks."""
        return {
            "supported_share": self.found.supported,
            "sentences": [
                {**asdict(each), "verdict": each.verdict, "rule": each.rule}
                for each in self.found.sentences
            ],
        }


def run_source(_nothing: None, settings: SourceSettings, _run: Run) -> Iterator[Sourced]:
    """Hold an answer against a source; no model takes part.

    Yields
    ------
    Sourced
        Once.

    Raises
    ------
    OptionError
        When one of the two is empty.
    """
    for name in ("source", "answer"):
        if not getattr(settings, name).strip():
            label = settings.declared()[name].label
            raise OptionError(f"“{label}”: `{name}` is empty; write at least one sentence.")
    yield Sourced(settings, support(settings.answer, settings.source))
