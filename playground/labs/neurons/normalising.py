"""A drawing made into what the network has learned from: sized and centred as MNIST's digits are.

LeCun, Cortes & Burges scaled each digit so that its longer side is 20 pixels, and put it into a
field of 28 x 28 with its centre of mass in the middle (http://yann.lecun.com/exdb/mnist).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import FloatArray
from playground.errors import OptionError
from playground.number_rules import shown

SIDE, LONGER = 28, 20
SMALLEST, LARGEST = 28, 112  # sides of a drawing
FAINTEST = 0.1  # what is fainter is no ink
DOT = 0.15  # of the field; a pen that only touched it leaves about half of that


def read_drawing(given: object) -> FloatArray:
    """Read a square of greys, row by row, as a page sends it.

    Parameters
    ----------
    given : object
        A list of 784 to 12,544 whole numbers from 0, no ink, to 255.

    Returns
    -------
    array of shape (S, S)
        Greys from 0 to 1.

    Raises
    ------
    OptionError
        When it is something else.
    """
    side = round(len(given) ** 0.5) if isinstance(given, list) else 0
    if not isinstance(given, list) or side**2 != len(given) or not SMALLEST <= side <= LARGEST:
        raise OptionError(
            f"A drawing is a square of {SMALLEST} to {LARGEST} greys a side, got {shown(given)}; "
            "clear the field and draw again."
        )
    if wrong := [each for each in given if type(each) is not int or not 0 <= each <= 255]:
        raise OptionError(
            f"A drawing's greys must be whole numbers from 0 to 255, got {shown(wrong[0])}; clear "
            "the field and draw again."
        )
    return np.array(given, dtype=np.float32).reshape(side, side) / np.float32(255)


def normalise(drawing: FloatArray) -> NDArray[np.float32]:
    """Return a drawing as the network's input: cropped, scaled, its mass in the middle.

    Parameters
    ----------
    drawing : array of shape (S, S)
        0 is background, 1 is ink.

    Returns
    -------
    array of shape (784,)
        Row by row.

    Raises
    ------
    OptionError
        When there is no ink, or no more than a dot.
    """
    inked = drawing > FAINTEST
    if not inked.any():
        raise OptionError("The field is empty: draw a digit from 0 to 9 in it.")
    top, bottom = _ends(inked, 1)
    left, right = _ends(inked, 0)
    longer = max(bottom - top, right - left)
    if longer < DOT * len(drawing):
        raise OptionError(
            f"A digit must be larger than a dot: at least {100 * DOT:.0f} % of the field in height "
            f"or width, got {100 * longer / len(drawing):.0f} %; draw it larger."
        )
    cropped = drawing[top:bottom, left:right]
    scaled = _scaled(_scaled(cropped, longer).T, longer).T
    return _centred(scaled).astype(np.float32).reshape(-1)


def _ends(inked: NDArray[np.bool_], across: int) -> tuple[int, int]:
    """Return the first line with ink and the one after the last; 1 for rows, 0 for columns."""
    places = np.flatnonzero(inked.any(axis=across))
    return int(places[0]), int(places[-1]) + 1


def _scaled(rows: FloatArray, longer: int) -> FloatArray:
    """Return rows, made fewer or more by LONGER / longer; each is the mean of what it covers."""
    before = len(rows)
    after = max(1, round(before * LONGER / longer))
    edges = np.arange(after + 1) * before / after
    low, high = edges[:-1, None], edges[1:, None]
    places = np.arange(before)[None]
    covered = np.clip(np.minimum(high, places + 1) - np.maximum(low, places), 0, None)
    scaled: FloatArray = covered @ rows / (before / after)
    return scaled


def _centred(scaled: FloatArray) -> FloatArray:
    """Return a field of 28 x 28 with the mass in its middle, or as near as the digit fits in."""
    starts = []
    for axis, length in enumerate(scaled.shape):
        mass = scaled.sum(axis=1 - axis)
        centre = float((np.arange(length) + 0.5) @ mass / mass.sum())
        starts.append(min(max(round(SIDE / 2 - centre), 0), SIDE - length))
    field = np.zeros((SIDE, SIDE), dtype=scaled.dtype)
    top, left = starts
    field[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
    return field
