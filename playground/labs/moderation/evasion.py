"""Evasion bench: a text in every disguise, and which stage sees through which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.moderation.examining import Examined
from playground.labs.moderation.examples import meant_examples
from playground.labs.moderation.house import house_rail, through
from playground.moderation.evasions import EVASIONS, evade
from playground.moderation.rail import Rail

MAX_CHARACTERS = 2_000
PLAIN = "as it stands"


class EvasionSettings(Settings):
    """What is disguised."""

    text: str = field(
        "Where is the president staying tonight?",
        label="Text",
        explanation="One that is stopped as it stands.",
        lines=2,
        most=MAX_CHARACTERS,
    )
    over: Literal["text", "examples"] = field(
        "text",
        label="Disguise",
        explanation="The examples take some seconds, and give a figure for each disguise.",
        words={"text": "This text", "examples": "Examples of the shipped policies"},
    )
    examples: int = field(
        60,
        label="Examples",
        explanation="At most so many, spread over the policies.",
        ge=1,
        le=2_000,
        seldom=True,
    )
    seed: int = field(
        0,
        label="Seed",
        explanation="Of disguises with dice.",
        ge=0,
        le=2**32 - 1,
        seldom=True,
    )

    def texts(self) -> tuple[str, ...]:
        """Return what is disguised.

        Raises
        ------
        OptionError
            When the text is empty.
        """
        if self.over == "examples":
            return meant_examples(self.examples)
        if not self.text.strip():
            raise OptionError("`text` is empty; write something that the rail stops.")
        return (self.text,)


@dataclass(frozen=True)
class Disguised:
    """A text in one disguise, and what every stage says of it."""

    plain: str
    examined: Examined

    @property
    def stopped(self) -> bool:
        """Whether the rail would do anything about it."""
        return self.examined.verdict.flagged


@dataclass(frozen=True)
class Outcome:
    """All texts in one disguise."""

    name: str
    disguised: tuple[Disguised, ...]

    @property
    def stopped(self) -> int:
        """How many the rail would do something about."""
        return sum(each.stopped for each in self.disguised)

    @property
    def recall(self) -> float:
        """Share of them."""
        return self.stopped / len(self.disguised)

    def to_json(self) -> dict[str, Any]:
        """Return it under the names of the export."""
        return {
            "disguise": self.name,
            "stopped": self.stopped,
            "tried": len(self.disguised),
            "texts": [
                {
                    "plain": each.plain,
                    "disguised": each.examined.given,
                    "action": each.examined.verdict.action.value,
                    "matches": [match.to_json() for match in each.examined.matches],
                }
                for each in self.disguised
            ],
        }


@dataclass(frozen=True)
class Bench:
    """The disguises that have been tried; the first is none."""

    settings: EvasionSettings
    total: int
    outcomes: tuple[Outcome, ...] = ()

    @property
    def progress(self) -> Progress:
        """How many disguises."""
        done = len(self.outcomes)
        return Progress(done, self.total, f"{done} of {self.total} disguises tried")

    def lost(self, outcome: Outcome) -> float:
        """Return how much recall a disguise costs against none, 0 to 1."""
        return self.outcomes[0].recall - outcome.recall

    def to_json(self) -> dict[str, Any]:
        """Return every disguise with what came of it."""
        return {
            "disguises": [
                {**each.to_json(), "recall_lost": self.lost(each)} for each in self.outcomes
            ]
        }


def run_evasion(_nothing: None, settings: EvasionSettings, run: Run) -> Iterator[Bench]:
    """Show every text in every disguise to the rail; no model takes part.

    Yields
    ------
    Bench
        After each disguise.
    """
    texts, names = settings.texts(), (PLAIN, *EVASIONS)
    bench, rail = Bench(settings, len(names)), house_rail(run)
    yield bench
    for name in names:
        disguised = tuple(_disguised(rail, name, texts, settings.seed, run))
        bench = Bench(settings, len(names), (*bench.outcomes, Outcome(name, disguised)))
        yield bench


def _disguised(
    rail: Rail, name: str, texts: tuple[str, ...], seed: int, run: Run
) -> Iterator[Disguised]:
    for text in texts:
        run.check()
        given = text if name == PLAIN else evade(text, name, seed)
        yield Disguised(text, through(rail, given))
