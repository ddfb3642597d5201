"""How often sums of words come out right in a model's table, against a rival that adds nothing.

"a is to b as c is to d" is asked as b - a + c, and d must be the nearest token; the words of the
question are left out (Mikolov et al., 2013). Part of what is won so is won by leaving them out: the
nearest neighbour of c alone is often d already, so that is counted beside it (Linzen, "Issues in
evaluating semantic spaces using word analogies", 2016).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from playground.core.neighbours import CosineTable
from playground.data import shipped_analogies
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings
from playground.generation.language_model import LanguageModel
from playground.labs.embeddings.arithmetic import SPELLINGS_TOO
from playground.models.engines.compute import compute
from playground.models.engines.engine import Engine
from playground.models.engines.vocabulary import (
    read_word,
    spellings,
    token_table,
    tokens_of,
    vector_of,
)


class AnalogiesSettings(Settings):
    """What does not count as an answer."""

    spellings_too: bool = SPELLINGS_TOO


@dataclass(frozen=True)
class Question:
    """Ask what is to `c` as `b` is to `a`."""

    relation: str
    a: str
    b: str
    c: str
    expected: str


@dataclass(frozen=True)
class Verdict:
    """How one question came out.

    Parameters
    ----------
    question : Question
        What was asked: b - a + c.
    answer : str
        The piece that came first.
    place : int
        Where the expected word came, 1 for first.
    neighbour : str
        The piece nearest to c alone.
    neighbour_place : int
        Where the expected word stands among the neighbours of c alone.
    respelled : str or None
        The word of the question that the answer only writes another way, as its token.
    """

    question: Question
    answer: str
    place: int
    neighbour: str
    neighbour_place: int
    respelled: str | None


@dataclass(frozen=True)
class Score:
    """How often one relation came out right.

    Parameters
    ----------
    relation : str
        Its name.
    verdicts : tuple of Verdict
        One a question.
    skipped : int
        Questions with a word that is no token of this model.
    """

    relation: str
    verdicts: tuple[Verdict, ...]
    skipped: int

    def right(self, among: int) -> int:
        """Return how many sums have the expected word among the first so many."""
        return sum(verdict.place <= among for verdict in self.verdicts)

    def right_by_neighbour(self, among: int) -> int:
        """Return the same for the neighbours of the third word alone, without any sum."""
        return sum(verdict.neighbour_place <= among for verdict in self.verdicts)


def read_questions(text: str | None = None) -> tuple[Question, ...]:
    """Return the questions of a text, by default those that ship."""
    relation, questions = "", list[Question]()
    for line in (shipped_analogies() if text is None else text).splitlines():
        if line.startswith(":"):
            relation = line[1:].strip()
        elif line and not line.startswith("#"):
            questions.append(Question(relation, *line.split()))
    return tuple(questions)


@dataclass(frozen=True)
class Analogies:
    """The questions that have been asked.

    Parameters
    ----------
    questions : tuple of Question
        Those to ask.
    spellings_too : bool
        Whether other spellings of a question's words are left out besides the words.
    verdicts : tuple of Verdict or None
        One a question that was asked; None where a word of it is no token of this model.
    """

    questions: tuple[Question, ...]
    spellings_too: bool = False
    verdicts: tuple[Verdict | None, ...] = ()

    @property
    def progress(self) -> Progress:
        """Questions asked."""
        done, total = len(self.verdicts), len(self.questions)
        return Progress(done, total, f"{done} of {total} questions asked")

    @property
    def asked(self) -> tuple[Verdict, ...]:
        """Those that could be asked."""
        return tuple(each for each in self.verdicts if each)

    @property
    def scores(self) -> tuple[Score, ...]:
        """How each relation came out."""
        by_relation: dict[str, list[Verdict | None]] = {}
        for question, verdict in zip(self.questions, self.verdicts, strict=False):
            by_relation.setdefault(question.relation, []).append(verdict)
        return tuple(
            Score(relation, tuple(each for each in found if each), found.count(None))
            for relation, found in by_relation.items()
        )

    @property
    def total(self) -> Score:
        """How all of them came out."""
        return Score("all", self.asked, self.verdicts.count(None))

    def to_json(self) -> dict[str, Any]:
        """Return every question and how it came out."""
        return {
            "asked": len(self.asked),
            "skipped": self.total.skipped,
            "right": self.total.right(1),
            "right_without_sum": self.total.right_by_neighbour(1),
            "questions": [{**asdict(each.question), **_outcome(each)} for each in self.asked],
        }


def _outcome(verdict: Verdict) -> dict[str, Any]:
    told = asdict(verdict)
    del told["question"]
    return told


def run_analogies(
    model: LanguageModel, settings: AnalogiesSettings, run: Run
) -> Iterator[Analogies]:
    """Ask every question that ships and count, relation by relation.

    Parameters
    ----------
    model : LanguageModel
        Whose table is tried.
    settings : AnalogiesSettings
        What does not count as an answer.
    run : Run
        Asked between questions whether to stop.
    """
    yield from evaluate(model.engine, Analogies(read_questions(), settings.spellings_too), run)


def evaluate(engine: Engine, found: Analogies, run: Run) -> Iterator[Analogies]:
    """Ask the questions one by one, and yield what has come of them."""
    yield found
    table = compute(lambda: token_table(engine))
    for question in found.questions:
        run.check()
        verdict = compute(partial(_ask, engine, table, question, found.spellings_too))
        found = replace(found, verdicts=(*found.verdicts, verdict))
        yield found


def _ask(
    engine: Engine, table: CosineTable, question: Question, spellings_too: bool
) -> Verdict | None:
    tokenizer = engine.tokenizer
    typed = (question.a, question.b, question.c, question.expected)
    a, b, c, expected = words = [read_word(tokenizer, each) for each in typed]
    if expected.token_id is None or any(word.token_id is None for word in words):
        return None
    left_out = tokens_of(tokenizer, words[:3], with_spellings=spellings_too)
    from_a, from_b, from_c = (vector_of(table, word) for word in (a, b, c))
    total = table.towards(from_b - from_a + from_c, left_out)
    alone = table.towards(from_c, left_out)
    answer = total.nearest(1)[0].row
    return Verdict(
        question=question,
        answer=tokenizer.piece(answer),
        place=total.place_of(expected.token_id),
        neighbour=tokenizer.piece(alone.nearest(1)[0].row),
        neighbour_place=alone.place_of(expected.token_id),
        respelled=next(
            (word.text for word in words[:3] if answer in spellings(tokenizer, word)), None
        ),
    )
