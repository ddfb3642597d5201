"""Sums of words as HTML and CSV: what they point at, with the words left out where they stand."""

from __future__ import annotations

import json

import numpy as np
from markupsafe import Markup

from playground.drawing.cosine_bars import bars, cosine_bar, token
from playground.drawing.files import vectors_csv
from playground.drawing.markup import join, tag
from playground.experiments.experiment import Experiment, Opens
from playground.labs.embeddings.arithmetic import (
    Answer,
    ArithmeticSettings,
    Solution,
    Term,
    run_arithmetic,
)

_SUMS = (
    "king - man + woman",
    "Paris - France + Germany",
    "smaller - small + big",
    "went - go + see",
)


def examples() -> Markup:
    """Return sums to begin with, as buttons."""
    buttons = (
        tag(
            "button",
            each,
            type="button",
            class_="small",
            data_set=json.dumps({"sum": each}),
            data_run=True,
        )
        for each in _SUMS
    )
    return tag("div", tag("p", *buttons, class_="small-buttons"), class_="playground-lab")


def draw(solution: Solution) -> Markup:
    """Return what a sum points at."""
    first = next((each.text for each in solution.answers if each.place), "")
    near = tag("span", "is nearest to", class_="muted")
    how = (
        f" All {solution.searched:,} tokens were compared, in {1000 * solution.seconds:.0f} ms "
        "(measured)."
    )
    return tag(
        "div",
        tag("h2", _sum(solution.terms), " ", near, " ", token(first)),
        bars("Tokens nearest to the sum", map(_row, solution.answers)),
        tag("p", _left_out(solution), how, class_="hint"),
        class_="card",
    )


def _row(answer: Answer) -> Markup:
    if answer.place:
        return cosine_bar(token(answer.text), answer.cosine)
    return cosine_bar(token(answer.text), answer.cosine, "left out", "cut")


def _sum(terms: tuple[Term, ...]) -> Markup:
    parts: list[object] = []
    for term in terms:
        parts += ["+" if term.sign > 0 else "\N{MINUS SIGN}", token(term.word.text)]
    return join(parts[parts[0] == "+" :], " ")


def _left_out(solution: Solution) -> Markup:
    words: list[object] = ["The words of the question do not count as answers."]
    if solution.far:
        nearest_first = sorted(solution.far, key=lambda each: each[1])
        places = (
            Markup("{} at place {}").format(token(text), f"{place:,}")
            for text, place in nearest_first
        )
        words.append(Markup("Further off than what is shown stand {}.").format(join(places, ", ")))
    for word in dict.fromkeys(t.word for t in solution.terms if t.word.token_id is None):
        pieces = join(map(token, word.pieces), " ")
        words.append(
            Markup("“{}” is no token: the mean of {} stands for it.").format(word.typed, pieces)
        )
    return join(words, " ")


def to_csv(solution: Solution) -> str:
    """Return the vector of the sum, then those of the answers."""
    labels = [_typed(solution.terms), *(answer.text for answer in solution.answers)]
    return vectors_csv(labels, np.concatenate([solution.vector[None], solution.vectors]))


def _typed(terms: tuple[Term, ...]) -> str:
    text = " ".join(f"{'+' if term.sign > 0 else '-'} {term.word.typed}" for term in terms)
    return text.removeprefix("+ ")


ARITHMETIC = Experiment(
    path="embeddings/arithmetic",
    title="Arithmetic",
    idea=(
        "If the way from man to woman is the way from king to queen, king - man + woman "
        "comes out near queen."
    ),
    settings=ArithmeticSettings,
    function=run_arithmetic,
    view=draw,
    action="Work it out",
    opens=Opens.RUNNING,
    empty="What the sum is nearest to comes here.",
    tables={"sum.csv": to_csv},
    intro=examples(),
)
