"""What one run learns of each question: its answers, what the model says of them, its vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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
    how = {name: getattr(settings, name) for name in AnswerSettings.model_fields}
    key = (tuple(questions), *how.items())
    if (known := recall(model, questions, settings)) is not None:
        yield from known
        return
    found = []
    itself = SelfAsked(model)
    for answered in answer_all(model, questions, settings, run):
        found.append(look_into(model, answered, itself))
        run.check()
        yield found[-1]
    _memory.keep(model.engine, key, found)


def recall(
    model: LanguageModel, questions: Sequence[Question], settings: AnswerSettings
) -> tuple[Known, ...] | None:
    """Return what is known of these questions already, or None."""
    how = {name: getattr(settings, name) for name in AnswerSettings.model_fields}
    return _memory.recall(model.engine, (tuple(questions), *how.items()))


def look_into(model: LanguageModel, answered: Answered, itself: SelfAsked) -> Known:
    """Ask the model of its own answer, and take the vectors of the answer's last token."""
    slim = replace(answered, samples=tuple(replace(each, tokens=()) for each in answered.samples))
    if answered.answer.error:
        return Known(slim, None, None, answered.passes)
    try:
        says_true, asked = itself.says_true(claim_of(answered.prompt, answered.answer.text))
        states = last_state(model, answered.prompt_ids, answered.answer.tokens)
    except PlaygroundError:  # a claim that fills the window, say: the answer stands without it
        return Known(slim, None, None, answered.passes)
    length = len(answered.prompt_ids) + len(answered.answer.tokens)
    passes = answered.passes + 2 * length + asked  # it was read again for its scores, too
    return Known(slim, says_true, states[len(states) // 2], passes)
