"""A set of questions with known answers: which score tells the right from the invented."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

from pydantic import model_validator

from playground.errors import OptionError
from playground.experiments.row_files import MOST_CHARACTERS_OF_FILE, pasted_name
from playground.experiments.run import Progress, Run, Stopped
from playground.experiments.settings import Settings, field
from playground.generation.language_model import LanguageModel
from playground.labs.hallucination.answering import AnswerSettings, Question, is_chat
from playground.labs.hallucination.figures import Figures, measure
from playground.labs.hallucination.items import Item, ProbeSet
from playground.labs.hallucination.judging import Judge, Row, read_overruled
from playground.labs.hallucination.knowing import learn_all, recall
from playground.labs.hallucination.notices import notices
from playground.labs.hallucination.scoring import encoder
from playground.labs.hallucination.set_files import MOST_ITEMS, read_own
from playground.labs.hallucination.sets import SETS, load_set
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.sentences import quoted

MAX_OVERRULED = 500
# What an idiom means, or that there is no such thing, is rarely said in one sentence.
WHOLE_ANSWERS = ("figurative", "literal", "unanswerable")

Suite = Literal[
    "capitals",
    "elements",
    "arithmetic",
    "false_premise",
    "invented",
    "snowball",
    "misconceptions",
    "wordings",
    "idioms",
]
Beside = Literal["none", "temperature", "precision", "model"]


class Questions(Settings):
    """Which questions are asked, and what is compared."""

    suite: Suite = field(
        "capitals",
        label="Set of questions",
        explanation="Each has a key, and a rule that grades by it.",
        words={name: title for name, (title, _) in SETS.items()},
    )
    items: int = field(
        80, label="Questions", explanation="The first so many of the set.", ge=1, le=MOST_ITEMS
    )
    own_set: str = field(
        "",
        label="Your own set",
        explanation="CSV or JSONL: id, prompt, answers, reason, and if need be kind, question, "
        "group, twin; empty takes the set chosen.",
        lines=2,
        most=MOST_CHARACTERS_OF_FILE,
    )
    beside: Beside = field(
        "none",
        label="Compare with",
        explanation="The same questions once more.",
        words={
            "none": "Nothing",
            "temperature": "Another temperature",
            "precision": "Another precision",
            "model": "Another model",
        },
    )
    other: str = field(
        "",
        label="Which one",
        explanation="A temperature such as 1.5, a precision such as nf4, or a model's name.",
        most=400,
    )
    overruled: tuple[str, ...] | None = field(
        None,
        label="Grades overruled",
        explanation="Ids with what is so: capital-ua:right, capital-in:wrong.",
        most=MAX_OVERRULED,
        hidden=True,
    )


# The settings of a base that is named later stand before those of one named earlier.
class SetSettings(AnswerSettings, Questions):
    """Which questions are asked, and how."""

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        read_overruled(self.overruled)
        self.second(ModelChoice("", Precision.FP32))
        return self

    def probe_set(self) -> ProbeSet:
        """Return the questions, all that the set has.

        Raises
        ------
        SetUnreadable
            With the lines of the person's own set that break a rule.
        """
        if self.own_set.strip():
            return read_own(self.own_set, pasted_name(self.own_set))
        return load_set(self.suite)

    def second(self, choice: ModelChoice) -> tuple[ModelChoice, AnswerSettings] | None:
        """Return on what the questions are asked once more, or None.

        Raises
        ------
        OptionError
            When what is named is none.
        """
        if self.beside == "none":
            return None
        other = self.other.strip()
        if not other:
            raise OptionError(
                f"“Which one”: `other` must name the {self.beside} to compare with, got nothing; "
                "fill it in or compare with nothing."
            )
        same = {name: getattr(self, name) for name in AnswerSettings.model_fields}
        if self.beside == "temperature":
            return choice, self._at(AnswerSettings(**{**same, "temperature": other}))
        if self.beside == "precision":
            return replace(choice, precision=Precision.parse(other)), AnswerSettings(**same)
        return replace(choice, reference=other), AnswerSettings(**same)

    def _at(self, other: AnswerSettings) -> AnswerSettings:
        """Return the settings of another temperature, where there is something to compare."""
        if other.temperature == self.temperature:
            raise OptionError(
                f"“Which one”: `other` must be another temperature than that of the samples, "
                f"{self.temperature:g}, got the same; write another, such as 1.5."
            )
        if not self.samples:
            raise OptionError(
                "“Samples”: `samples` must be 1 or more to compare temperatures, got 0: the answer "
                "itself is written at temperature 0, and only the samples can differ."
            )
        return other


def question_of(item: Item) -> Question:
    """Return how an item is asked: as a chat message, or as the beginning of a text or a reply."""
    chat = is_chat(item.prompt)
    return Question(item.id, item.prompt, chat, item.kind not in WHOLE_ANSWERS, item.question or "")


@dataclass(frozen=True, eq=False)
class Part:
    """The set on one model, at one precision and temperature.

    Parameters
    ----------
    label : str
        "SmolLM2 135M Instruct, FP32, samples at T 0.7".
    model, precision, engine : str
        What answered.
    rows : tuple of Row
        The answers so far.
    figures : Figures or None
        Once all are there, or the person stopped it.
    seconds : float
        From the first question, measured.
    recalled : bool
        Whether the answers were known already.
    """

    label: str
    model: str
    precision: str
    engine: str
    rows: tuple[Row, ...] = ()
    figures: Figures | None = None
    seconds: float = 0.0
    recalled: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        figures = self.figures
        return {
            "label": self.label,
            "model": self.model,
            "precision": self.precision,
            "engine": self.engine,
            "seconds": self.seconds,
            "passes": sum(row.known.passes for row in self.rows),
            "methods": [each.to_json() for each in figures.methods] if figures else [],
            **(_without_methods(figures) if figures else {}),
            "items": [row.to_json() for row in self.rows],
        }


def _without_methods(figures: Figures) -> dict[str, Any]:
    return {name: each for name, each in asdict(figures).items() if name != "methods"}


@dataclass(frozen=True, eq=False)
class Probed:
    """The answers to a set, and what can be said of them.

    Parameters
    ----------
    settings : SetSettings
        What was asked.
    probe_set : ProbeSet
        The questions, those that are not asked among them.
    parts : tuple of Part
        One, or two to compare.
    """

    settings: SetSettings
    probe_set: ProbeSet
    parts: tuple[Part, ...] = ()

    @property
    def asked(self) -> tuple[Item, ...]:
        """The questions that are asked."""
        return self.probe_set.items[: self.settings.items]

    @property
    def progress(self) -> Progress:
        """Questions answered."""
        rounds = 1 if self.settings.beside == "none" else 2
        total = rounds * len(self.asked)
        done = sum(len(part.rows) for part in self.parts)
        right = sum(row.right is True for part in self.parts for row in part.rows)
        return Progress(done, total, f"{done:,} of {total:,} questions answered, {right:,} right")

    def to_json(self) -> dict[str, Any]:
        """Return every question with its answer, grade and scores, and the figures."""
        return {
            "suite": self.probe_set.name,
            "notices": notices(self.probe_set.items, self.asked, self.settings.overruled),
            "parts": [each.to_json() for each in self.parts],
        }


def run_set(model: LanguageModel, settings: SetSettings, run: Run) -> Iterator[Probed]:
    """Ask every question of a set, grade the answers, and measure what each score is worth.

    Parameters
    ----------
    model : LanguageModel
        Who answers.
    settings : SetSettings
        What is asked.
    run : Run
        Asked before each forward pass whether to stop; lends the second model.

    Yields
    ------
    Probed
        After each answer; the last with the figures.

    Raises
    ------
    OptionError
        When a setting breaks its rule, or the person's own set cannot be read.
    Stopped
        When the person stopped it; the figures of what was answered have been yielded.
    """
    probed = Probed(settings, settings.probe_set())
    yield probed
    same = AnswerSettings(**{name: getattr(settings, name) for name in AnswerSettings.model_fields})
    second = settings.second(run.choice)
    for part in _answered(model, same, probed, run):
        yield (probed := replace(probed, parts=(part,)))
    if second:
        choice, other = second
        if (choice, other) == (run.choice, same):
            raise OptionError(
                "“Which one”: `other` must differ from what is asked already, got "
                f"{quoted(settings.other):.80} again; name another, or compare with nothing."
            )
        with ExitStack() as held:
            lent = model
            if choice != run.choice:
                lent = held.enter_context(run.pool.lease(choice, run.stopped, lab=True))
            for part in _answered(lent, other, probed, run):
                yield (probed := replace(probed, parts=(probed.parts[0], part)))


def _answered(
    model: LanguageModel, settings: AnswerSettings, probed: Probed, run: Run
) -> Iterator[Part]:
    """Yield a part as it grows, the figures at its end."""
    items, overruled = probed.asked, read_overruled(probed.settings.overruled)
    # The whole set, for a twin or a name may stand among the questions that are not asked.
    embed = encoder(settings.by_meaning, run)
    own = bool(probed.settings.own_set.strip())
    judge = Judge(probed.probe_set.items, overruled, settings.seed, embed, own)
    questions = [question_of(item) for item in items]
    part = _empty(model, settings, recall(model, questions, settings) is not None)
    start, rows = time.perf_counter(), list[Row]()
    try:
        for item, known in zip(items, learn_all(model, questions, settings, run), strict=True):
            rows.append(judge.row(item, known))
            if not part.recalled:
                seconds = time.perf_counter() - start
                yield replace(part, rows=tuple(rows), seconds=seconds)
    except Stopped:
        yield _measured(part, rows, settings, start)
        raise
    yield _measured(part, rows, settings, start)


def _measured(part: Part, rows: Sequence[Row], settings: AnswerSettings, start: float) -> Part:
    seconds = time.perf_counter() - start
    return replace(part, rows=tuple(rows), figures=measure(rows, settings.seed), seconds=seconds)


def _empty(model: LanguageModel, settings: AnswerSettings, recalled: bool) -> Part:
    engine = model.engine
    words = [engine.model.title, engine.precision.label]
    if settings.samples:
        words.append(f"samples at T {settings.temperature:g}")
    return Part(
        ", ".join(words),
        engine.model.name,
        engine.precision.value,
        engine.name,
        recalled=recalled,
    )
