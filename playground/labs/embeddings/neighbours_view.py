"""A word's vector and the tokens nearest to it, as HTML and CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from playground.drawing.cosine_bars import bars, cosine_bar, signed, token
from playground.drawing.files import vectors_csv
from playground.drawing.marks import mark
from playground.drawing.markup import join, tag
from playground.experiments.experiment import Experiment, Opens
from playground.labs.embeddings.neighbours import (
    Neighbourhood,
    NeighboursSettings,
    run_neighbours,
)

_STRIP_HEIGHT = 40
_SHOWN_NUMBERS = 4


def draw(found: Neighbourhood) -> Markup:
    """Return the vector as strokes, and the neighbours as bars."""
    rows = (cosine_bar(_button(each.text, each.typed), each.cosine) for each in found.neighbours)
    measure = _muted("by cosine: 1 is the same direction, 0 a right angle")
    how = (
        f"All {found.searched:,} tokens were compared, in {1000 * found.seconds:.0f} ms "
        "(measured). Click one to go there."
    )
    word = tag(
        "div", _title(found), _pieces(found), _strip(found.vector), _others(found), class_="card"
    )
    return word + tag(
        "div",
        tag("h2", "Nearest tokens ", measure),
        bars("Nearest tokens", rows),
        tag("p", how, class_="hint"),
        class_="card",
    )


def _muted(words: str) -> Markup:
    return tag("span", words, class_="muted")


def _button(text: str, typed: str) -> Markup:
    """Return a token that leads to its own neighbours."""
    setting = json.dumps({"word": typed})
    return tag("button", mark(text), type="button", class_="token", data_set=setting, data_run=True)


def _title(found: Neighbourhood) -> Markup:
    token_id = found.word.token_id
    what = f"{len(found.word.token_ids)} tokens" if token_id is None else f"token {token_id:,}"
    return tag("h2", token(found.word.text), " ", _muted(what))


def _pieces(found: Neighbourhood) -> Markup | None:
    """Say of a word that is no token what stands in for it."""
    if not found.pieces:
        return None
    return tag(
        "p",
        "This is no token of the model, which reads it in pieces: ",
        _buttons(found.pieces),
        ". Below is the mean of their vectors, a makeshift: the model itself puts pieces together "
        "only in its layers. Click a piece to see its own neighbours.",
    )


def _others(found: Neighbourhood) -> Markup | None:
    if not found.spellings:
        return None
    return tag("p", "Other tokens that write it: ", _buttons(found.spellings), class_="hint")


def _buttons(named: Iterable[tuple[str, str]]) -> Markup:
    return join((_button(text, typed) for text, typed in named), " ")


def _strip(vector: NDArray[np.float64]) -> Markup:
    """Draw the numbers of a vector as strokes, up where positive and down where negative."""
    largest, length = float(np.abs(vector).max()), float(np.sqrt((vector * vector).sum()))
    first = ", ".join(signed(number) for number in vector[:_SHOWN_NUMBERS])
    words = (
        f"Its {len(vector):,} numbers: {first} and so on, none larger than {largest:.2f}. "
        f"Its length is {length:.2f}."
    )
    strokes = tag(
        "svg",
        *(tag("path", class_=side, d=path) for side, path in _strokes(vector, largest)),
        class_="numbers",
        viewBox=f"0 0 {len(vector)} {_STRIP_HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"The {len(vector):,} numbers of the vector as strokes",
    )
    return strokes + tag("p", words, class_="hint")


def _strokes(vector: NDArray[np.float64], largest: float) -> list[tuple[str, str]]:
    middle = _STRIP_HEIGHT / 2
    strokes = [
        (number > 0, f"M{place + 0.5} {middle:g}V{middle - number / largest * middle:.1f}")
        for place, number in enumerate(vector)
        if number
    ]
    return [
        (side, "".join(stroke for is_up, stroke in strokes if is_up == wanted))
        for side, wanted in (("up", True), ("down", False))
    ]


def to_csv(found: Neighbourhood) -> str:
    """Return the vector of the word, then those of its neighbours."""
    labels = [found.word.text, *(each.text for each in found.neighbours)]
    return vectors_csv(labels, np.concatenate([found.vector[None], found.vectors]))


NEIGHBOURS = Experiment(
    path="embeddings/neighbours",
    title="Neighbours",
    idea=(
        "Every token has one row in the table of the model, its vector. Tokens that are "
        "used alike have vectors that point the same way."
    ),
    settings=NeighboursSettings,
    function=run_neighbours,
    view=draw,
    action="Find",
    opens=Opens.RUNNING,
    empty="The tokens nearest to the word come here.",
    tables={"neighbours.csv": to_csv},
)
