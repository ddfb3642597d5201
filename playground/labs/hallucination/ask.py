"""Any question: how sure the model is of its answer, by every score, and what its samples say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.generation.language_model import LanguageModel
from playground.labs.hallucination.answering import (
    Answered,
    AnswerSettings,
    Question,
    Way,
    answer_all,
    encode,
    is_chat,
)
from playground.labs.hallucination.calibration import Place
from playground.labs.hallucination.knowing import look_into
from playground.labs.hallucination.placing import Placing, placing_for
from playground.labs.hallucination.scores import SCORES, Evidence, Score
from playground.labs.hallucination.scoring import (
    OPEN,
    WHOLE,
    Group,
    cluster_answers,
    encoder,
    evidence_of,
    groups_of,
)
from playground.labs.hallucination.self_asked import SelfAsked

MAX_PROMPT = 20_000
GAUGE = "mean_logprob"


class Asking(Settings):
    """What is asked."""

    prompt: str = field(
        "What is the capital of Australia?",
        label="Question",
        explanation="A question is answered, the beginning of a text is continued.",
        most=MAX_PROMPT,
        travels=True,
    )
    begins: str = field(
        "The capital of Australia is",
        label="The reply begins with",
        explanation="So the fact comes first, and is what is measured; may be empty.",
        most=MAX_PROMPT,
        belongs=True,
    )
    way: Way = field(
        "auto",
        label="Read it as",
        explanation="A chat message goes through the model's template.",
        words={
            "auto": "What it looks like",
            "text": "A text to continue",
            "chat": "A chat message",
        },
    )


# The settings of a base that is named later stand before those of one named earlier.
class AskSettings(AnswerSettings, Asking):
    """What is asked, and how often."""

    def question(self) -> Question:
        """Return how it is asked."""
        chat = is_chat(self.prompt, self.way)
        if chat and self.begins.strip() and self.prompt.strip():
            return Question("question", self.begins, False, before=self.prompt)
        return Question("question", self.prompt, chat)

    def unused(self, has_template: bool) -> str | None:
        """Return which field was passed over and why, or None."""
        if not self.begins.strip():
            return None
        if not self.question().before:
            return (
                "“The reply begins with” was not used: the question is read as a text to continue. "
                "End it with a question mark, or read it as “A chat message”."
            )
        if not has_template:
            return (
                "“Question” was not used: this model has no chat template, so that it was given "
                "only the beginning of the reply, to write on."
            )
        return None


@dataclass(frozen=True)
class Reading:
    """A score of the answer.

    Parameters
    ----------
    score : Score
        Which.
    value : float or None
        None where it cannot be had.
    why_not : str or None
        The reason for that.
    place : Place or None
        Where it stands among answers whose truth is known.
    unplaced : str or None
        Why that cannot be said of the value.
    """

    score: Score
    value: float | None
    why_not: str | None
    place: Place | None
    unplaced: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it by the score's name."""
        return {
            "score": self.score.name,
            "value": self.value,
            "why_not": self.why_not,
            "surer_than": self.place.surer_than if self.place else None,
            "why_not_placed": self.unplaced,
        }


@dataclass(frozen=True, eq=False)
class Asked:
    """A question, and once it is answered all that the scores say of it.

    Parameters
    ----------
    settings : AskSettings
        What was asked.
    title, precision : str
        Who answers.
    answered : Answered or None
        The answers.
    groups : tuple of Group
        The samples that say the same, with the step that told so.
    readings : tuple of Reading
        The scores.
    calibrated : str or None
        What the gauge was measured on; None where nothing is known of such answers.
    unused : str or None
        Which field was passed over, and why.
    passes : int
        Tokens read and written.
    seconds : float
        Measured.
    """

    settings: AskSettings
    title: str
    precision: str
    answered: Answered | None = None
    groups: tuple[Group, ...] = ()
    readings: tuple[Reading, ...] = ()
    calibrated: str | None = None
    unused: str | None = None
    passes: int = 0
    seconds: float = 0.0

    @property
    def progress(self) -> Progress:
        """Whether it has been answered."""
        columns = 1 + self.settings.drawn
        done = columns if self.answered else 0
        return Progress(done, columns, f"{done} of {columns} answers")

    def to_json(self) -> dict[str, Any]:
        """Return the answer token by token, the samples in their groups, and the scores."""
        answer = self.answered.answer if self.answered else None
        return {
            "answer": answer.text if answer else None,
            "error": answer.error if answer else None,
            "finish_reason": answer.finish_reason if answer else None,
            "tokens": [asdict(token) for token in answer.tokens] if answer else [],
            "groups": [asdict(group) for group in self.groups],
            "scores": [reading.to_json() for reading in self.readings],
            "calibrated_on": self.calibrated,
            "unused": self.unused,
            "passes": self.passes,
            "wall_seconds": self.seconds,
        }


def run_ask(model: LanguageModel, settings: AskSettings, run: Run) -> Iterator[Asked]:
    """Answer one question, sample it, and score the answer.

    Parameters
    ----------
    model : LanguageModel
        Who answers.
    settings : AskSettings
        What is asked.
    run : Run
        Asked before each forward pass whether to stop.

    Yields
    ------
    Asked
        Before the answer, and with it.

    Raises
    ------
    ContextOverflow
        When the prompt is empty, or longer than the window.
    Stopped
        When the person stopped it.
    """
    engine, start = model.engine, time.perf_counter()
    question = settings.question()
    encode(model, question, settings.limit(question))  # an empty one is refused here, not shown
    yield Asked(settings, engine.model.title, engine.precision.value)
    (answered,) = answer_all(model, [question], settings, run)
    (known,) = look_into(model, [answered], SelfAsked(model))
    kind = WHOLE if question.chat else OPEN
    clusters = cluster_answers(answered, kind, embed=encoder(settings.by_meaning, run))
    evidence = evidence_of(known, clusters, settings.seed, question.item_id)
    has_template = model.tokenizer.has_chat_template
    who = (engine.model.name, engine.model.title, engine.precision.value)
    placing = placing_for(who, question, has_template, settings.model_dump())
    yield Asked(
        settings,
        engine.model.title,
        engine.precision.value,
        answered,
        groups_of(answered, clusters),
        tuple(_read(score, evidence, placing) for score in SCORES),
        placing.calibration.words if placing.calibration else None,
        settings.unused(has_template),
        known.passes,
        time.perf_counter() - start,
    )


def _read(score: Score, evidence: Evidence, placing: Placing) -> Reading:
    value = score.of(evidence)
    return Reading(score, value, score.why_not(evidence), *placing.of(score, value))
