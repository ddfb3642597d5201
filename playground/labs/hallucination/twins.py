"""A real thing beside an invented one, asked in the same words and with the same dice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from pydantic import model_validator

from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.generation.language_model import LanguageModel
from playground.labs.hallucination.answering import AnswerSettings
from playground.labs.hallucination.items import Item
from playground.labs.hallucination.judging import Judge, Row
from playground.labs.hallucination.knowing import learn_all
from playground.labs.hallucination.probing import question_of
from playground.labs.hallucination.scoring import encoder
from playground.labs.hallucination.sets import load_set

MAX_PAIRS, MAX_PROMPT = 40, 2_000
INVENTED_FIRST = ("unanswerable", "figurative")


_OWN = ("real", "invented")


class Pairs(Settings):
    """Which pairs are asked."""

    suite: Literal["invented", "false_premise", "idioms"] = field(
        "invented",
        label="Pairs",
        explanation="Each a real question beside one that looks like it.",
        words={
            "invented": "A real name beside an invented one",
            "false_premise": "A true premise beside a false one",
            "idioms": "Meant as it stands, or as a figure of speech",
        },
    )
    pairs: int = field(
        4, label="How many", explanation="The first so many pairs of the set.", ge=1, le=MAX_PAIRS
    )
    real: str = field(
        "",
        label="Your own: about a real thing",
        explanation="Empty takes the set's pairs.",
        most=MAX_PROMPT,
    )
    invented: str = field(
        "",
        label="The same about an invented thing",
        explanation="In the same words but for the name.",
        most=MAX_PROMPT,
    )


# The settings of a base that is named later stand before those of one named earlier.
class TwinSettings(AnswerSettings, Pairs):
    """Which pairs are asked, and how."""

    @model_validator(mode="before")
    @classmethod
    def _own_belongs_to_no_set(cls, given: Any) -> Any:
        """Leave out which set was chosen, where the pair is none of it: links would name it."""
        own = isinstance(given, dict) and any(str(given.get(n) or "").strip() for n in _OWN)
        return {n: v for n, v in given.items() if n not in ("suite", "pairs")} if own else given

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.real.strip()) != bool(self.invented.strip()):
            missing = "invented" if self.real.strip() else "real"
            label = self.declared()[missing].label
            raise OptionError(
                f"“{label}”: `{missing}` is empty; a pair of your own needs both questions, or "
                "neither."
            )
        return self

    def asked(self) -> list[tuple[Item, Item]]:
        """Return the pairs, the real one first."""
        if self.real.strip():
            why = "Your own question; there is no key to it."
            real, invented = (Item(name, prompt, (), why) for name, prompt in self._own())
            return [(real, invented)]
        return pairs_of(load_set(self.suite).items)[: self.pairs]

    def _own(self) -> tuple[tuple[str, str], tuple[str, str]]:
        return ("real", self.real), ("invented", self.invented)


def pairs_of(items: tuple[Item, ...]) -> list[tuple[Item, Item]]:
    """Return twins side by side: the real one, or what is meant as it stands, first."""
    by_id = {item.id: item for item in items}
    found = []
    for item in items:
        twin = by_id.get(item.twin or "")
        if twin is not None and item.kind in INVENTED_FIRST:
            found.append((twin, item))
    return found


@dataclass(frozen=True, eq=False)
class Pair:
    """Both questions of a pair, answered."""

    real: Row
    invented: Row

    def to_json(self) -> dict[str, Any]:
        """Return both."""
        return {"real": self.real.to_json(), "invented": self.invented.to_json()}

    def surer_of_real(self, score: str) -> bool | None:
        """Tell whether a score is higher for the real one; None where it is equal or missing."""
        real, invented = self.real.scores.get(score), self.invented.scores.get(score)
        return None if real is None or invented is None or real == invented else real > invented


@dataclass(frozen=True, eq=False)
class Twins:
    """The pairs that have been answered."""

    settings: TwinSettings
    asked: tuple[tuple[Item, Item], ...]
    pairs: tuple[Pair, ...] = ()

    @property
    def progress(self) -> Progress:
        """How many pairs."""
        done, total = len(self.pairs), len(self.asked)
        return Progress(done, total, f"{done} of {total} pairs answered")

    @property
    def has_keys(self) -> bool:
        """Whether answers can be graded."""
        return not self.settings.real.strip()

    def to_json(self) -> dict[str, Any]:
        """Return every pair."""
        return {"pairs": [pair.to_json() for pair in self.pairs]}


def run_twins(model: LanguageModel, settings: TwinSettings, run: Run) -> Iterator[Twins]:
    """Ask both questions of every pair with the same dice.

    Parameters
    ----------
    model : LanguageModel
        Who answers.
    settings : TwinSettings
        What is asked.
    run : Run
        Asked before each forward pass whether to stop.

    Yields
    ------
    Twins
        After each pair.

    Raises
    ------
    Stopped
        When the person stopped it.
    """
    asked = settings.asked()
    twins = Twins(settings, tuple(asked))
    yield twins
    questions = [replace(question_of(item), dice=pair[0].id) for pair in asked for item in pair]
    items = [item for pair in asked for item in pair]
    judge = Judge(items, seed=settings.seed, embed=encoder(settings.by_meaning, run))
    learned = learn_all(model, questions, settings, run)
    for pair in asked:
        # Both by the same rule: else a difference would come from how samples are compared.
        real, invented = (judge.row(item, next(learned), pair[0].kind) for item in pair)
        twins = replace(twins, pairs=(*twins.pairs, Pair(real, invented)))
        yield twins
    next(learned, None)  # so that it ends, and what it learned is kept
