"""The map of words as HTML and CSV.

It is drawn twice, because letters must not shrink with a picture: wide, and narrow without the
tokens around. The style sheet shows one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from playground.drawing.cosine_bars import signed, token
from playground.drawing.files import vectors_csv
from playground.drawing.marks import mark
from playground.drawing.markup import join, scrolled, tag
from playground.drawing.scatter import Label, fit, frame_for, place_labels
from playground.experiments.experiment import Experiment
from playground.labs.embeddings.word_map import (
    UMAP_SEED,
    MapSettings,
    Near,
    Pending,
    Satellite,
    WordMap,
    run_map,
)

_LONGEST_LABEL = 18
_POINT = (
    "Point at a word, or go through the table below, to see the tokens nearest to it. A dot that "
    "had no room for its word says it then."
)


def draw(shown: WordMap | Pending) -> Markup:
    """Return the map, what it holds, and the table of its words."""
    if isinstance(shown, Pending):
        words = "The words come here, those that are alike together."
        return tag("p", words, class_="hint")
    return tag(
        "div",
        _picture(shown, shown.satellites, "wide", (820, 70, 26, 560)),
        _picture(shown, (), "narrow", (340, 44, 22, 420)),
        tag("p", _POINT, class_="told", role="status"),
        tag("p", _explained(shown), class_="hint"),
        _table(shown),
        class_="card word-map",
    )


def _picture(
    shown: WordMap, satellites: Sequence[Satellite], kind: str, size: tuple[int, int, int, int]
) -> Markup:
    around = np.array([each.position for each in satellites]).reshape(-1, 2)
    positions = np.concatenate([shown.positions, around])
    frame = frame_for(positions, *size)
    points, count = fit(positions, frame), len(shown.words)
    words = [word.typed for word in shown.words] + [mark(each.text) for each in satellites]
    words = [_shortened(each) for each in words]
    texts = [_text(*each) for each in zip(words, place_labels(points, words, frame), strict=True)]
    others = (
        _satellite(points[each.owner], points[place], texts[place])
        for place, each in enumerate(satellites, start=count)
    )
    own = (_word(place, points[place], texts[place]) for place in range(count))
    # A finger needs more than a dot; beneath all dots, so that a mouse finds the one it is on.
    touched = (
        _dot(points[place], 12, class_="touched", data_place=place) for place in range(count)
    )
    return tag(
        "svg",
        *touched,
        *others,
        *own,
        class_=kind,
        viewBox=f"0 0 {frame.width} {frame.height}",
        role="img",
        aria_label=f"Map of {count} words by {shown.layout}; the table below has their places",
    )


def _shortened(words: str) -> str:
    return words if len(words) <= _LONGEST_LABEL else f"{words[: _LONGEST_LABEL - 1]}…"


def _text(words: str, label: Label) -> Markup:
    return tag(
        "text",
        words,
        x=f"{label.x:.1f}",
        y=f"{label.y:.1f}",
        text_anchor=label.anchor,
        class_="crowded" if label.crowded else None,
    )


def _dot(place: NDArray[np.float64], radius: int, **more: object) -> Markup:
    return tag("circle", cx=f"{place[0]:.1f}", cy=f"{place[1]:.1f}", r=radius, **more)


def _word(number: int, place: NDArray[np.float64], text: Markup) -> Markup:
    return tag("g", _dot(place, 5), text, data_place=number)


def _satellite(owner: NDArray[np.float64], place: NDArray[np.float64], text: Markup) -> Markup:
    ends = {"x1": owner[0], "y1": owner[1], "x2": place[0], "y2": place[1]}
    line = tag("line", **{name: f"{number:.1f}" for name, number in ends.items()})
    return tag("g", line, _dot(place, 3), text, class_="around")


def _explained(shown: WordMap) -> Markup:
    lengths = "All vectors were brought to length 1, so that direction alone counts."
    if shown.explained is None:
        return Markup(
            "UMAP keeps near what is near and bends the rest: its axes and the distance between "
            "groups mean nothing. It throws dice, here always with seed {}; another seed would "
            "draw another map. {}"
        ).format(UMAP_SEED, lengths)
    first, second = (tag("b", f"{100 * share:.1f} %") for share in shown.explained)
    rest = 100 * (1 - sum(shown.explained))
    return Markup(
        "The axes hold {} and {} of the variance between these words (computed); the other {} is "
        "not in the picture, so two words that look close need not be. {}"
    ).format(first, second, f"{rest:.1f} %", lengths)


def _table(shown: WordMap) -> Markup:
    rows = (
        _row(place, word.text, x, y, shown.near[place])
        for place, (word, (x, y)) in enumerate(zip(shown.words, shown.positions, strict=True))
    )
    heads = ("word", "first axis", "second axis", "nearest tokens, by cosine")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    places = tag("table", head, tag("tbody", *rows), class_="places")
    summary = tag("summary", f"The {len(shown.words)} words as a table")
    return tag("details", summary, scrolled(places))


def _row(place: int, word: str, x: float, y: float, near: tuple[Near, ...]) -> Markup:
    name = tag("button", mark(word), type="button", class_="token", data_place=place)
    return tag(
        "tr",
        tag("th", name, scope="row"),
        tag("td", signed(x)),
        tag("td", signed(y)),
        tag("td", _near(word, near), class_="nearest"),
    )


def _near(word: str, near: tuple[Near, ...]) -> Markup:
    if not near:
        return token(word) + " is a zero vector: nothing is near to it."
    return join((token(each.text) + f" {signed(each.cosine, 2)}" for each in near), ", ")


def to_csv(shown: WordMap | Pending) -> str:
    """Return the vectors of the words."""
    if isinstance(shown, Pending):
        return vectors_csv([], np.empty((0, 0)))
    return vectors_csv((word.text for word in shown.words), shown.vectors)


MAP = Experiment(
    path="embeddings/map",
    title="Map",
    idea=(
        "A vector has hundreds of numbers, a picture two. PCA takes the two directions in "
        "which the words differ most, and leaves out the rest."
    ),
    settings=MapSettings,
    function=run_map,
    view=draw,
    action="Draw",
    empty="The words come here, those that are alike together.",
    tables={"words.csv": to_csv},
)
