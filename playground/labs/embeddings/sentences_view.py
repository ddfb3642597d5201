"""Sentences side by side as HTML and CSV: a heat map of their cosines, and what a search found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from playground.drawing.cosine_bars import bars, cosine_bar, signed
from playground.drawing.files import vectors_csv
from playground.drawing.markup import tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.embeddings.encoder import about_encoder
from playground.labs.embeddings.sentences import (
    Compared,
    Found,
    Sentences,
    SentencesSettings,
    foreign_lines,
    run_sentences,
)

_ENGLISH = "The encoder learned from English: in other languages a cosine says less."
_OTHERS = (
    "Of other scripts it knows next to nothing: a Hindi and a Japanese line of one meaning came to "
    "0.33 only."
)


def draw(compared: Compared) -> Markup:
    """Return what the search found, then how alike the lines are."""
    sentences = compared.sentences
    if sentences is None:
        return tag("p", "How alike your lines are comes here.", class_="hint")
    found = _found(compared.query, compared.found) if compared.found else Markup()
    return found + (_matrix(sentences) if len(sentences.lines) > 1 else _cut(sentences))


def _matrix(sentences: Sentences) -> Markup:
    cosines = sentences.similarities()
    numbers = range(1, len(sentences.lines) + 1)
    head = tag(
        "tr",
        tag("th", "line", scope="col"),
        *(tag("th", number, scope="col") for number in numbers),
    )
    rows = (
        tag("tr", _name(number, line), *_cells(cosines[number - 1], number - 1))
        for number, line in zip(numbers, sentences.lines, strict=True)
    )
    heat = tag("table", tag("thead", head), tag("tbody", *rows), class_="cosine-heat sentences")
    measure = tag("span", "cosine, 1 is the same direction", class_="muted")
    return tag(
        "div",
        tag("h2", "How alike the lines are ", measure),
        _most_alike(sentences),
        tag(
            "div",
            heat,
            class_="scroll tall",
            tabindex=0,
            role="region",
            aria_label="Cosine of each two lines",
        ),
        _cut(sentences),
        _languages(sentences.lines),
        class_="card",
    )


def _languages(lines: Sequence[str]) -> Markup:
    """Say which language the encoder knows, and which lines it can hardly read."""
    foreign = foreign_lines(lines)
    if not foreign:
        return tag("p", _ENGLISH, class_="hint")
    which = ", ".join(f"{number}" for number in foreign)
    words = f"{_ENGLISH} {_OTHERS} Here that is line {which}."
    return tag("p", words, class_="hint warning")


def _name(number: int, line: str) -> Markup:
    return tag("th", _line(number, line), scope="row", title=line)


def _line(number: int, line: str) -> Markup:
    return tag("span", tag("b", number), " ", line, class_="line")


def _cells(cosines: Sequence[float], own: int) -> list[Markup]:
    return [
        tag(
            "td",
            signed(cosine, 2),
            class_="own" if place == own else None,
            style=f"--share:{max(cosine, 0.0):.2f}",
        )
        for place, cosine in enumerate(cosines)
    ]


def _most_alike(sentences: Sentences) -> Markup | None:
    if (best := sentences.most_alike()) is None:
        return None
    first, second, cosine = best
    words = f"Most alike are lines {first + 1} and {second + 1}, at "
    return tag("p", words, tag("b", signed(cosine, 2)), ".")


def _cut(sentences: Sentences) -> Markup:
    """Say which lines are longer than the encoder reads."""
    if not sentences.cut:
        return Markup()
    lines = ", ".join(f"line {number} ({count:,})" for number, count in sentences.cut)
    words = (
        f"The encoder reads the first {sentences.most_tokens} tokens of a line; cut off is the "
        f"end of {lines}."
    )
    return tag("p", words, class_="hint warning")


def _found(query: str, found: Sequence[Found]) -> Markup:
    rows = (cosine_bar(_line(each.number, each.line), each.cosine) for each in found)
    return tag(
        "div",
        tag("h2", f"Lines most like “{query}”"),
        bars("Lines, the most alike first", rows),
        class_="card sentences",
    )


def to_csv(compared: Compared) -> str:
    """Return the vectors of the lines."""
    sentences = compared.sentences
    if sentences is None:
        return vectors_csv([], np.empty((0, 0), np.float32))
    return vectors_csv(sentences.lines, sentences.vectors)


SENTENCES = Experiment(
    path="embeddings/sentences",
    title="Sentences",
    idea=(
        "A chat model has a vector for every token, none for a sentence. A small encoder, "
        f"{about_encoder()}, was trained to give one to each sentence, so that like "
        "meanings lie close, whatever the words. It knows English. It is fetched once, when it is "
        "first used."
    ),
    settings=SentencesSettings,
    function=run_sentences,
    view=draw,
    needs=Needs.NOTHING,
    action="Compare and search",
    empty="How alike your lines are comes here.",
    tables={"sentences.csv": to_csv},
)
