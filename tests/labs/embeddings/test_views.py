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

from playground.drawing.files import vectors_csv
from playground.drawing.scatter import Frame, fit, frame_for, place_labels
from playground.experiments.run import Progress
from playground.labs.embeddings import (
    analogies_view,
    arithmetic_view,
    layers_view,
    neighbours_view,
    sentences_view,
    word_map_view,
)
from playground.labs.embeddings.analogies import Analogies, Question, Verdict
from playground.labs.embeddings.arithmetic import Answer, Solution, Term
from playground.labs.embeddings.journey import Journey, Occurrence
from playground.labs.embeddings.layers import Layers
from playground.labs.embeddings.neighbours import Neighbour, Neighbourhood
from playground.labs.embeddings.sentences import Compared, Found, Sentences
from playground.labs.embeddings.word_map import Layout, Near, Pending, Satellite, WordMap
from playground.models.engines.vocabulary import Word
from tests.support.markup import seen

EVIL = "<img src=x onerror=alert(1)>\"'&\u202e\x00"
WORD = Word(EVIL, (7, 8), (EVIL, EVIL))
TOKEN = Word(EVIL, (7,), (EVIL,))
VECTOR = np.array([0.5, -0.25, 0.0])


def neighbourhood(word: Word) -> Neighbourhood:
    near = (Neighbour(3, EVIL, 0.75, EVIL), Neighbour(4, " b", -0.0001, "b"))
    pieces = () if word.token_id is not None else ((EVIL, EVIL), (EVIL, "#8"))
    vectors = np.ones((2, 3), np.float32)
    return Neighbourhood(word, ((EVIL, EVIL),), pieces, VECTOR, near, vectors, 99, 0.012)


def solution() -> Solution:
    answers = (Answer(1, EVIL, 0.9, None), Answer(2, EVIL, 0.8, 1))
    terms = (Term(1, TOKEN), Term(-1, WORD))
    far = ((EVIL, 4321), (" near", 12))
    return Solution(terms, VECTOR, answers, far, np.ones((2, 3), np.float32), 99, 0.01)


def analogies() -> Analogies:
    question = Question(EVIL, EVIL, EVIL, EVIL, EVIL)
    verdicts = (
        Verdict(question, EVIL, 7, EVIL, 9, EVIL),
        Verdict(question, EVIL, 1, EVIL, 2, None),
        None,
        None,
        None,
    )
    return Analogies((question,) * 9, verdicts=verdicts)


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
    return Journey(
        "bank",
        found,
        rng.standard_normal((4, lines, 5)).astype(np.float32),
        rng.standard_normal((4, 5)),
        120.4,
    )


def layers(found: Journey) -> Layers:
    return Layers(len(found.occurrences), len(found.occurrences), found)


def compared(*found: Found) -> Compared:
    vectors = np.array([[1, 0], [0.6, 0.8], [-1, 0]], np.float32)
    lines = Sentences((EVIL, EVIL + "2", "c"), vectors, ((2, 402),), 256)
    return Compared(Progress(1, 1), lines, EVIL, found)


DRAWN = {
    "token": lambda: neighbours_view.draw(neighbourhood(TOKEN)),
    "pieces": lambda: neighbours_view.draw(neighbourhood(WORD)),
    "sum": lambda: arithmetic_view.draw(solution()),
    "scores": lambda: analogies_view.draw(analogies()),
    "map": lambda: word_map_view.draw(word_map()),
    "umap": lambda: word_map_view.draw(word_map(Layout.UMAP)),
    "journey": lambda: layers_view.draw(layers(journey())),
    "matrix": lambda: sentences_view.draw(compared()),
    "found": lambda: sentences_view.draw(compared(Found(1, EVIL, 0.5))),
}
UNFINISHED = {
    "analogies": lambda: analogies_view.draw(Analogies(())),
    "map": lambda: word_map_view.draw(Pending(5, Layout.UMAP)),
    "layers": lambda: layers_view.draw(Layers(4, 2)),
    "sentences": lambda: sentences_view.draw(Compared(Progress(0, 1))),
}


@pytest.mark.parametrize("name", UNFINISHED)
def test_what_is_not_there_yet_is_told(name: str) -> None:
    assert re.search(r"\b(will|comes?)\b", seen(UNFINISHED[name]()).text)


def test_a_run_that_was_stopped_has_files_all_the_same() -> None:
    assert word_map_view.to_csv(Pending(5, Layout.UMAP)) == "label\n"
    assert layers_view.to_csv(Layers(4, 2)) == "label\n"
    assert sentences_view.to_csv(Compared(Progress(0, 1))) == "label\n"


def test_every_row_of_a_file_is_named() -> None:
    texts = {
        neighbours_view.to_csv(neighbourhood(TOKEN)): [EVIL, EVIL, " b"],
        arithmetic_view.to_csv(solution()): [f"{EVIL} - {EVIL}", EVIL, EVIL],
        word_map_view.to_csv(word_map()): [EVIL + EVIL, EVIL, EVIL],
        layers_view.to_csv(layers(journey(1))): [f"layer {n}, line 1" for n in range(4)],
        sentences_view.to_csv(compared()): [EVIL, EVIL + "2", "c"],
    }
    for text, labels in texts.items():
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert [row[0] for row in rows[1:]] == labels


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
    text = seen(neighbours_view.draw(neighbourhood(WORD))).text
    assert "This is no token of the model" in text
    assert "This is no token" not in seen(neighbours_view.draw(neighbourhood(TOKEN))).text
    assert "All 99 tokens were compared, in 12 ms (measured)" in text
    assert "\N{MINUS SIGN}0.000" not in text  # what rounds to zero has no sign


def test_a_sum_says_what_was_left_out_and_where_it_would_stand() -> None:
    drawn = arithmetic_view.draw(solution())
    text = seen(drawn).text
    assert drawn.count("left out") == 1
    assert text.index("·near at place 12") < text.index("at place 4,321")
    assert "is no token: the mean of" in text


def test_scores_count_both_ways_and_name_respelled_misses() -> None:
    text = seen(analogies_view.draw(analogies())).text
    assert text.startswith("1 of 2 right 0 without any sum")
    assert "1 of the 1 misses only write a word of the question another way" in text
    assert "3 questions were skipped" in text
    none = Analogies(analogies().questions, verdicts=(None,))
    assert "None of the questions can be asked" in analogies_view.draw(none)


def test_the_map_says_what_its_axes_hold() -> None:
    assert "50.0 % and 25.0 %" in seen(word_map_view.draw(word_map())).text
    assert "the other 25.0 %" in seen(word_map_view.draw(word_map())).text
    assert "always with seed 42" in seen(word_map_view.draw(word_map(Layout.UMAP))).text
    assert "is a zero vector: nothing is near to it" in seen(word_map_view.draw(word_map())).text


def test_a_journey_is_told_layer_by_layer() -> None:
    one_sense = journey(2)
    one_sense = replace(
        one_sense, occurrences=tuple(replace(o, sense=0) for o in one_sense.occurrences)
    )
    drawn = layers_view.draw(layers(one_sense))
    assert "with two senses" not in drawn
    assert 'max="3" value="3"' in drawn  # no senses to tell apart: it begins at the last layer
    assert "up to 120 times as long" in drawn
    both = layers_view.draw(layers(journey()))
    assert 'data-way="centred">' in both
    assert 'data-way="raw" hidden>' in both
    assert "any two point nearly the same way" in both
    assert "the word comes first" not in both
    first = replace(one_sense.occurrences[0], start=0)
    marked = replace(one_sense, occurrences=(first, *one_sense.occurrences[1:]))
    assert "In line 1 the word comes first" in layers_view.draw(layers(marked))


def test_the_matrix_names_the_most_alike_and_what_was_cut() -> None:
    text = seen(sentences_view.draw(compared())).text
    assert "Most alike are lines 1 and 2, at 0.60" in text
    assert "cut off is the end of line 2 (402)" in text


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(0, 5), st.integers(1, 4)),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
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


clouds = arrays(
    np.float64,
    st.tuples(st.integers(1, 20), st.just(2)),
    elements=st.floats(-50, 50).map(lambda x: round(x, 2)),
)


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
    assert not any(label.crowded for label in labels)


def test_labels_without_room_are_marked_and_take_none() -> None:
    points = np.tile([[200.0, 100.0]], (20, 1))
    labels = place_labels(points, ["word"] * 20, Frame(400, 200, 20, 20))
    crowded = [label.crowded for label in labels]
    assert not crowded[0]
    assert 10 <= sum(crowded) < 20  # some eight sides have room
    assert crowded == sorted(crowded)
