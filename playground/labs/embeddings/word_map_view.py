"""The map of words as HTML; all text is escaped here.

It is drawn twice, because letters must not shrink with a picture: wide, and narrow without the
tokens around. The style sheet shows one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from playground.drawing.cosine_bars import signed, token
from playground.drawing.marks import mark
from playground.drawing.scatter import Label, fit, frame_for, place_labels
from playground.labs.embeddings.word_map import UMAP_SEED, Layout, Near, Satellite, WordMap

_LONGEST_LABEL = 18


def render_map(shown: WordMap) -> str:
    """Return the map, what it holds, and the table of its words."""
    wide = _picture(shown, shown.satellites, "wide", (820, 70, 26, 560))
    narrow = _picture(shown, (), "narrow", (340, 44, 22, 420))
    return (
        f'<div class="card word-map">{wide}{narrow}<p class="told" role="status">Point at a word, '
        "or go through the table below, to see the tokens nearest to it.</p>"
        f'<p class="hint">{_explained(shown)}</p>{_table(shown)}</div>'
    )


def _picture(
    shown: WordMap, satellites: Sequence[Satellite], kind: str, size: tuple[int, int, int, int]
) -> str:
    around = np.array([each.position for each in satellites]).reshape(-1, 2)
    positions = np.concatenate([shown.positions, around])
    frame = frame_for(positions, *size)
    points, count = fit(positions, frame), len(shown.words)
    words = [word.typed for word in shown.words] + [mark(each.text) for each in satellites]
    words = [_shortened(each) for each in words]
    texts = [_text(*each) for each in zip(words, place_labels(points, words, frame), strict=True)]
    own = "".join(
        f'<g data-place="{place}"><circle cx="{x:.1f}" cy="{y:.1f}" r="5"/>{texts[place]}</g>'
        for place, (x, y) in enumerate(points[:count])
    )
    others = "".join(
        _satellite(points[each.owner], points[place], texts[place])
        for place, each in enumerate(satellites, start=count)
    )
    return (
        f'<svg class="{kind}" viewBox="0 0 {frame.width} {frame.height}" role="img" '
        f'aria-label="Map of {count} words by {shown.layout}; the table below has their places">'
        f"{others}{own}</svg>"
    )


def _shortened(words: str) -> str:
    return words if len(words) <= _LONGEST_LABEL else f"{words[: _LONGEST_LABEL - 1]}…"


def _text(words: str, label: Label) -> str:
    return (
        f'<text x="{label.x:.1f}" y="{label.y:.1f}" text-anchor="{label.anchor}">{escape(words)}'
        "</text>"
    )


def _satellite(owner: NDArray[np.float64], place: NDArray[np.float64], text: str) -> str:
    (x1, y1), (x2, y2) = owner, place
    return (
        f'<g class="around"><line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        f'<circle cx="{x2:.1f}" cy="{y2:.1f}" r="3"/>{text}</g>'
    )


def _explained(shown: WordMap) -> str:
    lengths = "All vectors were brought to length 1, so that direction alone counts."
    if shown.layout is Layout.UMAP or shown.explained is None:
        return (
            "UMAP keeps near what is near and bends the rest: its axes and the distance between "
            f"groups mean nothing. It throws dice, here always with seed {UMAP_SEED}; another seed "
            f"would draw another map. {lengths}"
        )
    first, second = shown.explained
    return (
        f"The axes hold <b>{100 * first:.1f} %</b> and <b>{100 * second:.1f} %</b> of the variance "
        f"between these words (computed); the other {100 * (1 - first - second):.1f} % is not in "
        f"the picture, so two words that look close need not be. {lengths}"
    )


def _table(shown: WordMap) -> str:
    rows = "".join(
        f'<tr><th scope="row"><button type="button" class="token" data-place="{place}">'
        f"{escape(mark(word.text))}</button></th><td>{signed(x)}</td><td>{signed(y)}</td>"
        f'<td class="nearest">{_near(word.text, shown.near[place])}</td></tr>'
        for place, (word, (x, y)) in enumerate(zip(shown.words, shown.positions, strict=True))
    )
    heads = ("word", "first axis", "second axis", "nearest tokens, by cosine")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        f"<details><summary>The {len(shown.words)} words as a table</summary>"
        f'<div class="scroll"><table class="places"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _near(word: str, near: tuple[Near, ...]) -> str:
    if not near:
        return f"{token(word)} is a zero vector: nothing is near to it."
    return ", ".join(f"{token(each.text)} {signed(each.cosine, 2)}" for each in near)
