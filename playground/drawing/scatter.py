"""Where points and their labels go in a picture, so that labels cover each other little."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

FONT_SIZE = 12
_WIDTH_OF_LETTER, _HEIGHT_OF_LINE = 0.6 * FONT_SIZE, 1.2 * FONT_SIZE
_RADIUS = 5
_MOST_COVERED = 0.1  # of a label, by others: more cannot be read
_APART = 9  # from another point, so that nobody takes the label for its own
# Where a label may stand about its point, the best first: steps right and down.
_SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1))


@dataclass(frozen=True)
class Frame:
    """The size of a picture in its own units, and the margin around its points."""

    width: int
    height: int
    margin_x: int
    margin_y: int


@dataclass(frozen=True)
class Box:
    """A rectangle, its sides parallel to the picture's."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """Return the area that two rectangles share.

        Examples
        --------
        >>> Box(0, 0, 4, 2).overlap(Box(3, 1, 9, 9))
        1
        """
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(wide, 0) * max(high, 0)

    @property
    def area(self) -> float:
        """Width times height."""
        return (self.right - self.left) * (self.bottom - self.top)


@dataclass(frozen=True)
class Label:
    """Where a label is written.

    Parameters
    ----------
    x, y : float
        Its anchor, and its baseline.
    anchor : str
        "start", "middle" or "end".
    crowded : bool
        Whether it would cover another wherever it stands: it is not to be seen all the time, and
        takes no room.
    """

    x: float
    y: float
    anchor: str
    crowded: bool = False


def frame_for(
    positions: NDArray[np.float64], width: int, margin_x: int, margin_y: int, most_height: int
) -> Frame:
    """Return a frame of that width, as high as points of shape (N, 2) need it to be."""
    spread = positions.max(axis=0) - positions.min(axis=0)
    room = width - 2 * margin_x
    needed = room * spread[1] / spread[0] if spread[0] else np.inf
    return Frame(width, int(min(needed + 2 * margin_y, most_height)), margin_x, margin_y)


def fit(positions: NDArray[np.float64], frame: Frame) -> NDArray[np.float64]:
    """Bring points of shape (..., 2) into a frame: y turned to grow downward.

    Both axes keep one scale, so that a distance is the same in every direction.
    """
    flat = positions.reshape(-1, 2)
    low, high = flat.min(axis=0), flat.max(axis=0)
    room = np.array([frame.width - 2 * frame.margin_x, frame.height - 2 * frame.margin_y])
    spread = high - low
    scale = float(np.min(room / np.where(spread > 0, spread, np.inf), initial=np.inf))
    scale = scale if 0 < scale < np.inf else 1.0
    middle = np.array([frame.width, frame.height]) / 2
    moved: NDArray[np.float64] = (positions - (low + high) / 2) * (scale, -scale) + middle
    return moved


def place_labels(points: NDArray[np.float64], labels: Sequence[str], frame: Frame) -> list[Label]:
    """Choose for each label the side of its point where it covers least.

    They are placed in order and never moved again.

    Parameters
    ----------
    points : array of shape (N, 2)
        In the picture's units.
    labels : sequence of str
        One a point.
    frame : Frame
        The picture; what leaves it counts as covered.
    """
    around = [Box(x - _APART, y - _APART, x + _APART, y + _APART) for x, y in points]
    picture = Box(0, 0, frame.width, frame.height)
    placed: list[Box] = []
    found: list[Label] = []
    for place, ((x, y), label) in enumerate(zip(points, labels, strict=True)):
        others = [*placed, *around[:place], *around[place + 1 :]]
        boxes = {side: _beside(float(x), float(y), _width(label), side) for side in _SIDES}
        side = min(boxes, key=lambda side: _covered(boxes[side], others, picture))
        covered = sum(boxes[side].overlap(other) for other in placed)
        crowded = covered > _MOST_COVERED * boxes[side].area
        if not crowded:
            placed.append(boxes[side])
        found.append(replace(_label(boxes[side], side[0]), crowded=crowded))
    return found


def _covered(box: Box, others: Sequence[Box], picture: Box) -> float:
    cut_off = box.area - box.overlap(picture)
    return sum(box.overlap(other) for other in others) + 10 * cut_off  # worse than two in one place


def _beside(x: float, y: float, width: float, side: tuple[int, int]) -> Box:
    right, down = side
    gap = _RADIUS - 2 if down else _RADIUS + 2  # a corner lies nearer than a side
    left = {1: x + gap, 0: x - width / 2, -1: x - width - gap}[right]
    middle = y + down * (_RADIUS + _HEIGHT_OF_LINE / 2)
    return Box(left, middle - _HEIGHT_OF_LINE / 2, left + width, middle + _HEIGHT_OF_LINE / 2)


def _label(box: Box, right: int) -> Label:
    x, anchor = {
        1: (box.left, "start"),
        0: ((box.left + box.right) / 2, "middle"),
        -1: (box.right, "end"),
    }[right]
    return Label(x, box.bottom - 0.25 * _HEIGHT_OF_LINE, anchor)


def _width(label: str) -> float:
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in label)
    return (len(label) + wide) * _WIDTH_OF_LETTER
