"""The embeddings lab as HTML: nothing of it runs as markup, and pictures have words beside them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from apps.ui.vectors import vectors_csv
from playground.drawing.scatter import Frame, fit, frame_for, place_labels
from playground.labs.embeddings.analogies import Question, Score, Verdict
from playground.labs.embeddings.arithmetic import Answer, Solution, Term
from playground.labs.embeddings.arithmetic_view import render_scores, render_solution
from playground.labs.embeddings.layers import Journey, Occurrence, view
from playground.labs.embeddings.layers_view import render_journey
from playground.labs.embeddings.neighbours import Neighbour, Neighbourhood
from playground.labs.embeddings.neighbours_view import render_neighbourhood
from playground.labs.embeddings.sentences import Found, Sentences
from playground.labs.embeddings.sentences_view import render_found, render_matrix
from playground.labs.embeddings.word_map import Layout, Near, Satellite, WordMap
from playground.labs.embeddings.word_map_view import render_map
from playground.models.engines.vocabulary import Word
from tests.support.markup import seen

EVIL = "<img src=x onerror=alert(1)>\"'&\u202e\x00"
WORD = Word(EVIL, (7, 8), (EVIL, EVIL))
TOKEN = Word(EVIL, (7,), (EVIL,))
VECTOR = np.array([0.5, -0.25, 0.0])


def neighbourhood(word: Word) -> Neighbourhood:
    near = (Neighbour(3, EVIL, 0.75), Neighbour(4, " b", -0.0001))
    return Neighbourhood(word, ((5, EVIL),), VECTOR, near, np.ones((2, 3), np.float32), 99, 0.012)


def solution() -> Solution:
    answers = (Answer(1, EVIL, 0.9, None), Answer(2, EVIL, 0.8, 1))
    terms = (Term(1, TOKEN), Term(-1, WORD))
    far = ((EVIL, 4321), (" near", 12))
    return Solution(terms, VECTOR, answers, far, np.ones((2, 3), np.float32), 99, 0.01)


def scores() -> list[Score]:
    question = Question(EVIL, EVIL, EVIL, EVIL, EVIL)
    return [
        Score(EVIL, (Verdict(question, EVIL, 7, EVIL, 9, EVIL),
                     Verdict(question, EVIL, 1, EVIL, 2, None)), 3)
    ]  # fmt: skip


def word_map(layout: Layout = Layout.PCA) -> WordMap:
    positions = np.array([[0.0, 0.0], [1.0, 2.0], [1.0, 2.0]])
    near = ((Near(EVIL, 0.5),), (), (Near("b", 0.1),))
    explained = (0.5, 0.25) if layout is Layout.PCA else None
    satellites = (Satellite(0, EVIL, (3.0, 3.0)),)
    words = (WORD, TOKEN, TOKEN)
    return WordMap(layout, words, positions, explained, near, satellites, np.ones((3, 4)))


def journey(lines: int = 3) -> Journey:
    rng = np.random.default_rng(0)
    found = tuple(
        Occurrence(n + 1, n, f"{EVIL} bank {EVIL}", len(EVIL) + 1, len(EVIL) + 5, n, (EVIL,))
        for n in range(lines)
    )
    return Journey("bank", found, rng.standard_normal((4, lines, 5)).astype(np.float32),
                   rng.standard_normal((4, 5)), 120.4)  # fmt: skip


def sentences() -> Sentences:
    vectors = np.array([[1, 0], [0.6, 0.8], [-1, 0]], np.float32)
    return Sentences((EVIL, EVIL + "2", "c"), vectors, ((2, 402),), 256)


DRAWN = {
    "token": lambda: render_neighbourhood(neighbourhood(TOKEN)),
    "pieces": lambda: render_neighbourhood(neighbourhood(WORD)),
    "sum": lambda: render_solution(solution()),
    "scores": lambda: render_scores(scores(), spellings_too=False),
    "map": lambda: render_map(word_map()),
    "umap": lambda: render_map(word_map(Layout.UMAP)),
    "journey": lambda: render_journey(journey(), view(journey(), centred=True)),
    "matrix": lambda: render_matrix(sentences()),
    "found": lambda: render_found(EVIL, [Found(1, EVIL, 0.5)]),
}


@pytest.mark.parametrize("name", DRAWN)
def test_text_of_models_and_people_stays_text(name: str) -> None:
    drawn = seen(DRAWN[name]())
    assert "img" not in drawn.tags
    assert "onerror" not in drawn.attributes
    assert "<img" in drawn.text or name in ("journey", "matrix")
    assert not any(attribute.startswith("on") for attribute in drawn.attributes)


@pytest.mark.parametrize("name", DRAWN)
def test_every_picture_is_named_or_hidden(name: str) -> None:
    for picture in re.findall(r"<svg[^>]*>", DRAWN[name]()):
        assert 'role="img" aria-label="' in picture or 'aria-hidden="true"' in picture


def test_a_word_that_is_no_token_is_told_so() -> None:
    text = seen(render_neighbourhood(neighbourhood(WORD))).text
    assert "This is no token of the model" in text
    assert "This is no token" not in seen(render_neighbourhood(neighbourhood(TOKEN))).text
    assert "All 99 tokens were compared, in 12 ms (measured)" in text
    assert "\N{MINUS SIGN}0.000" not in text  # what rounds to zero has no sign


def test_a_sum_says_what_was_left_out_and_where_it_would_stand() -> None:
    drawn = render_solution(solution())
    text = seen(drawn).text
    assert drawn.count("left out") == 1
    assert text.index("·near at place 12") < text.index("at place 4,321")
    assert "is no token: the mean of" in text


def test_scores_count_both_ways_and_name_respelled_misses() -> None:
    text = seen(render_scores(scores(), spellings_too=False)).text
    assert text.startswith("1 of 2 right 0 without any sum")
    assert "1 of the 1 misses only write a word of the question another way" in text
    assert "3 questions were skipped" in text
    assert "None of the questions can be asked" in render_scores(
        [Score("x", (), 5)], spellings_too=True
    )


def test_the_map_says_what_its_axes_hold() -> None:
    assert "50.0 % and 25.0 %" in seen(render_map(word_map())).text
    assert "the other 25.0 %" in seen(render_map(word_map())).text
    assert "always with seed 42" in seen(render_map(word_map(Layout.UMAP))).text
    assert "is a zero vector: nothing is near to it" in seen(render_map(word_map())).text


def test_a_journey_is_told_layer_by_layer() -> None:
    one_sense = journey(2)
    one_sense = replace(
        one_sense, occurrences=tuple(replace(o, sense=0) for o in one_sense.occurrences)
    )
    drawn = render_journey(one_sense, view(one_sense, centred=True))
    assert "with two senses" not in drawn
    assert 'max="3" value="3"' in drawn  # no senses to tell apart: it begins at the last layer
    assert "up to 120 times as long" in drawn
    raw = render_journey(journey(), view(journey(), centred=False))
    assert "as the model has them" in raw
    assert "the word comes first" not in raw
    first = replace(one_sense.occurrences[0], start=0)
    marked = replace(one_sense, occurrences=(first, *one_sense.occurrences[1:]))
    assert "In line 1 the word comes first" in render_journey(marked, view(marked, centred=True))


def test_the_matrix_names_the_most_alike_and_what_was_cut() -> None:
    text = seen(render_matrix(sentences())).text
    assert "Most alike are lines 1 and 2, at 0.60" in text
    assert "cut off is the end of line 2 (402)" in text


@given(arrays(np.float32, st.tuples(st.integers(0, 5), st.integers(1, 4)),
              elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))  # fmt: skip
def test_a_file_brings_back_the_very_bits(vectors: NDArray[np.float32]) -> None:
    labels = [f'a,"{EVIL}\n{row}' for row in range(len(vectors))]
    rows = list(csv.reader(io.StringIO(vectors_csv(labels, vectors), newline="")))
    assert rows[0] == ["label", *map(str, range(vectors.shape[1]))]
    assert [row[0] for row in rows[1:]] == labels
    back = np.array([row[1:] for row in rows[1:]], np.float32).reshape(vectors.shape)
    np.testing.assert_array_equal(back, vectors)
    wide = np.array([[1 / 3, -2e-300]])
    line = vectors_csv(["x"], wide).splitlines()[1]
    assert [float(number) for number in line.split(",")[1:]] == wide[0].tolist()


clouds = arrays(np.float64, st.tuples(st.integers(1, 20), st.just(2)),
                elements=st.floats(-50, 50).map(lambda x: round(x, 2)))  # fmt: skip


@given(clouds)
def test_points_fit_their_frame_and_keep_their_shape(positions: NDArray[np.float64]) -> None:
    frame = frame_for(positions, 340, 44, 22, 420)
    assert 44 <= frame.height <= 420
    points = fit(positions, frame)
    assert (points >= (44 - 1e-6, 22 - 1)).all()
    assert (points <= (340 - 44 + 1e-6, frame.height - 22 + 1)).all()
    # One scale for both axes, the second turned to grow downward.
    spread = np.abs(np.diff(positions, axis=0)).sum(axis=0)
    moved = np.abs(np.diff(points, axis=0)).sum(axis=0)
    assert (np.diff(points[:, 1])[np.diff(positions[:, 1]) > 0] <= 1e-9).all()
    assert spread[0] * moved[1] == pytest.approx(spread[1] * moved[0], abs=1e-6, rel=1e-6)


def test_labels_evade_each_other_and_the_edge() -> None:
    frame = Frame(400, 200, 20, 20)
    points = np.array([[200.0, 100.0], [206.0, 101.0], [385.0, 100.0], [200.0, 96.0]])
    words = ["first", "second", "at the edge", "third"]
    labels = place_labels(points, words, frame)
    assert labels[0].anchor != labels[1].anchor
    assert labels[2].anchor == "end"
    boxes = set()
    for label in labels:
        boxes.add((round(label.x), round(label.y)))
        assert 0 <= label.y <= 200
    assert len(boxes) == 4
