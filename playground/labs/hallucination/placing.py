"""Whether an answer may be held to the calibration set, and where it stands there.

A set of answers tells of others only where they came about in the same way: by the same model,
asked in the same form, with samples drawn in the same way. Where they did not, a sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from playground.labs.hallucination.answering import Question
from playground.labs.hallucination.calibration import (
    CONTROL_NAMES,
    CalibrationSet,
    Place,
    calibration_for,
    shipped,
)
from playground.labs.hallucination.scores import Score
from playground.labs.hallucination.sets import load_set
from playground.models.engines.precision import Precision

A_CONTROL = "It is a control, which says nothing of this answer."
BEYOND = "No answer of the calibration set lies so far out, so nothing can be said of its like."


@dataclass(frozen=True)
class Placing:
    """What an answer's scores may be held to.

    Parameters
    ----------
    calibration : CalibrationSet or None
        None where no score may be.
    why_not : str or None
        The reason for that.
    why_not_samples : str or None
        Why those that compare samples may not be, where the others may.
    item_id : str or None
        The question, where it is one of the set.
    """

    calibration: CalibrationSet | None
    why_not: str | None = None
    why_not_samples: str | None = None
    item_id: str | None = None

    def of(self, score: Score, value: float | None) -> tuple[Place | None, str | None]:
        """Return where a value stands, or why that cannot be said."""
        if value is None:
            return None, None
        if score.name in CONTROL_NAMES:
            return None, A_CONTROL
        if self.calibration is None:
            return None, self.why_not
        if score.needs == "samples" and self.why_not_samples:
            return None, self.why_not_samples
        place = self.calibration.place(score.name, value, self.item_id)
        return place, None if place else BEYOND


def placing_for(
    who: tuple[str, str, str], question: Question, answered: bool, settings: Mapping[str, object]
) -> Placing:
    """Return what the scores of an answer may be held to.

    Parameters
    ----------
    who : (str, str, str)
        The model's name, its title, the precision.
    question : Question
        How it was asked.
    answered : bool
        Whether a reply of the chat was begun, which takes a chat template.
    settings : mapping of str to object
        How it was answered and sampled.
    """
    name, title, precision = who
    known = calibration_for(name, precision)
    if known is None:
        return Placing(None, _other_model(title, precision))
    if not (answered and question.before.strip()):
        return Placing(None, _OTHER_FORM)
    if settings["max_new_tokens"] != known.drawn["max_new_tokens"]:
        return Placing(None, _OTHER_LENGTH)
    differs = known.other_sampling(settings)
    return Placing(
        known, None, _other_samples(known, differs) if differs else None, _item(question, known)
    )


def _other_model(title: str, precision: str) -> str:
    return (
        f"No calibration is known for {title} at {Precision(precision).label}: the set that ships "
        f"was measured on {shipped().words}. The scores below stand by themselves."
    )


_OTHER_FORM = (
    "No calibration is known for an answer in this form: the set that ships was measured on "
    "replies of the chat that begin with given words (“The reply begins with”). The scores below "
    "stand by themselves."
)
_OTHER_LENGTH = (
    "No calibration is known for answers of another length: the set that ships was measured with "
    "“Tokens an answer” left empty. The scores below stand by themselves."
)


def _other_samples(known: CalibrationSet, differs: str) -> str:
    return (
        f"Not held to the calibration set, which was drawn with another {differs}: "
        f"{known.drawn['samples']} samples at temperature {known.drawn['temperature']}, top-p "
        f"{known.drawn['top_p']}, not compared by meaning."
    )


def _item(question: Question, known: CalibrationSet) -> str | None:
    """Return the item of the set that was asked: an answer is not held to itself."""
    prompt = question.prompt.strip()
    found = (item.id for item in load_set(known.suite).items if item.prompt == prompt)
    return next(found, None)
