"""A drawn digit passes through MNIST's normalisation and is recognised; a dot gets a sentence."""

from __future__ import annotations

import re

import numpy as np
import pytest

from playground.core.functional import FloatArray
from playground.errors import OptionError
from playground.labs.neurons.drawn import draw_verdict
from playground.labs.neurons.normalising import normalise, read_drawing
from playground.labs.neurons.shipped_training import shipped_training
from tests.support.strokes import FIELD, HANDS, Stroke, drawn


def greys(ink: FloatArray) -> list[int]:
    return [int(each) for each in np.rint(255 * ink).reshape(-1)]


THREE = greys(drawn(HANDS["round"][3], 0.08))


@pytest.mark.parametrize("hand", HANDS.values(), ids=HANDS)
@pytest.mark.parametrize("pen", [0.06, 0.08, 0.1])
def test_nine_of_ten_drawn_digits_are_recognised(hand: list[list[Stroke]], pen: float) -> None:
    images = np.stack([normalise(read_drawing(greys(drawn(digit, pen)))) for digit in hand])
    assert (shipped_training().network.predict(images) == np.arange(10)).sum() >= 9


def test_a_digit_is_sized_and_centred_as_those_it_learned_from() -> None:
    drawing = np.zeros((56, 56), dtype=np.float32)
    drawing[3:33, 40:50] = 1  # 30 high, 10 wide, off the middle
    image = normalise(drawing).reshape(28, 28)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert len(rows) == 20
    assert len(columns) == 7
    places = np.arange(28) + 0.5
    assert image.sum(axis=1) @ places / image.sum() == pytest.approx(14, abs=0.5)
    assert image.sum(axis=0) @ places / image.sum() == pytest.approx(14, abs=0.5)
    assert image.max() == pytest.approx(1)


def test_where_it_was_drawn_and_how_large_changes_nothing() -> None:
    digit = HANDS["edged"][4]
    there = [[(0.3 + 0.5 * x, 0.1 + 0.5 * y) for x, y in stroke] for stroke in digit]
    one, other = normalise(drawn(digit, 0.12)), normalise(drawn(there, 0.06))
    assert np.abs(one - other).mean() < 0.02


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([0] * FIELD**2, "The field is empty: draw a digit from 0 to 9 in it."),
        (greys(drawn([[(0.5, 0.5), (0.5, 0.5)]], 0.08)), "A digit must be larger than a dot"),
        ("ink", "A drawing is a square of 28 to 112 greys a side, got 'ink'"),
        (None, "A drawing is a square"),
        ([0] * 785, "A drawing is a square"),
        ([0] * 4, "A drawing is a square"),
        ([0] * 113**2, "A drawing is a square"),
        ([256] + [0] * 783, "greys must be whole numbers from 0 to 255, got 256"),
        ([float("nan")] + [0] * 783, "greys must be whole numbers from 0 to 255, got nan"),
        ([True] + [0] * 783, "greys must be whole numbers"),
    ],
)
def test_what_is_no_digit_gets_one_sentence(given: object, sentence: str) -> None:
    with pytest.raises(OptionError, match=re.escape(sentence)):
        draw_verdict(given)


def test_a_verdict_says_whose_it_is() -> None:
    assert "This is a <b>3</b>, says the network that ships" in draw_verdict(THREE)
    assert "says your network, after 12 steps" in draw_verdict(
        THREE, shipped_training().network, 12
    )
