"""What one run learns of each question: its answers, what the model says of them, its vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from playground.errors import PlaygroundError
from playground.experiments.run import Run
from playground.generation.language_model import LanguageModel
from playground.labs.hallucination.answering import (
    Answered,
    AnswerSettings,
    Question,
    answer_all,
)
from playground.labs.hallucination.one_pass import last_state
from playground.labs.hallucination.remembered import Memory
from playground.labs.hallucination.self_asked import SelfAsked, claim_of


@dataclass(frozen=True, eq=False)
class Known:
    """A question, its answers, and what costs further passes.

    Parameters
    ----------
    answered : Answered
        The answers; of the samples, their texts alone.
    says_true : float or None
        P(True); see `playground.labs.hallucination.self_asked`.
    state : array of shape (C,) or None
        The vector of the answer's last token in the middle of the model.
    passes : int
        Tokens read and written in all.
    """

    answered: Answered
    says_true: float | None
    state: NDArray[np.float32] | None
    passes: int


# Answers that are looked into at once: the more, the fewer times the weights are read.
TOGETHER = 8
_memory: Memory[Known] = Memory()


def learn_all(
    model: LanguageModel, questions: Sequence[Question], settings: AnswerSettings, run: Run
) -> Iterator[Known]:
    """Answer every question and look into each answer; what is known already is not asked again.

    Parameters
    ----------
    model : LanguageModel
        Who answers.
    questions : sequence of Question
        In their order.
    settings : AnswerSettings
        How often and how.
    run : Run
        Asked before each forward pass whether to stop.

    Yields
    ------
    Known
        In the order of the questions.

    Raises
    ------
    Stopped
        When the person stopped it.
    """
    if (known := recall(model, questions, settings)) is not None:
        yield from known
        return
    found: list[Known] = []
    itself, answers = SelfAsked(model), answer_all(model, questions, settings, run)
    while together := list(islice(answers, TOGETHER)):
        for each in look_into(model, together, itself):
            run.check()
            found.append(each)
            yield each
    _memory.keep(model.engine, _key(questions, settings), found)


def recall(
    model: LanguageModel, questions: Sequence[Question], settings: AnswerSettings
) -> tuple[Known, ...] | None:
    """Return what is known of these questions already, or None."""
    return _memory.recall(model.engine, _key(questions, settings))


def _key(questions: Sequence[Question], settings: AnswerSettings) -> tuple[object, ...]:
    """Return what decides about the answers; what else a form holds does not."""
    how = {name: getattr(settings, name) for name in AnswerSettings.model_fields}
    return (tuple(questions), *how.items())


def look_into(
    model: LanguageModel, answers: Sequence[Answered], itself: SelfAsked
) -> Iterator[Known]:
    """Ask the model of its own answers, and take the vectors of each one's last token.

    Parameters
    ----------
    model : LanguageModel
        Who answered.
    answers : sequence of Answered
        Those that are looked at together.
    itself : SelfAsked
        The same model.
    """
    good = [each for each in answers if not each.answer.error]
    said = itself.say_true([claim_of(each.prompt, each.answer.text) for each in good])
    told = dict(zip(map(id, good), said, strict=True))
    for each in answers:
        yield _known(model, each, told.get(id(each)))


def _known(model: LanguageModel, answered: Answered, told: tuple[float, int] | None) -> Known:
    slim = replace(answered, samples=tuple(replace(each, tokens=()) for each in answered.samples))
    if answered.answer.error:
        return Known(slim, None, None, answered.passes)
    says_true, asked = told or (None, 0)
    length = len(answered.prompt_ids) + len(answered.answer.tokens)
    passes = answered.passes + 2 * length + asked  # it was read again for its scores, too
    try:
        states = last_state(model, answered.prompt_ids, answered.answer.tokens)
    except PlaygroundError:  # some models keep no such vectors: the answer stands without them
        return Known(slim, says_true, None, passes)
    middle = states[len(states) // 2]
    # In half precision a vector may overflow though the scores after it do not.
    return Known(slim, says_true, middle if np.isfinite(middle).all() else None, passes)
