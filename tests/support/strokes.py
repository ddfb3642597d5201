"""Digits as strokes of a pen, in three hands, and how a field of pixels takes them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Stroke = list[tuple[float, float]]
FIELD = 56


def _arc(
    x: float, y: float, wide: float, high: float, start: float, end: float, points: int = 24
) -> Stroke:
    """Return part of an ellipse; degrees from the right, growing downwards."""
    angles = (math.radians(start + (end - start) * k / points) for k in range(points + 1))
    return [(x + wide * math.cos(a), y + high * math.sin(a)) for a in angles]


def round_hand() -> list[list[Stroke]]:
    """Return 0 to 9, upright and round, on a square from 0 to 1."""
    return [
        [_arc(0.5, 0.5, 0.25, 0.36, -90, 270)],
        [[(0.5, 0.14), (0.5, 0.86)]],
        [[*_arc(0.5, 0.34, 0.22, 0.2, -160, 40), (0.28, 0.84), (0.75, 0.84)]],
        [[*_arc(0.48, 0.32, 0.2, 0.18, -150, 80), *_arc(0.48, 0.67, 0.24, 0.19, -80, 150)]],
        [[(0.34, 0.14), (0.3, 0.54), (0.74, 0.54)], [(0.68, 0.14), (0.66, 0.88)]],
        [[(0.72, 0.15), (0.36, 0.15), (0.33, 0.45), *_arc(0.48, 0.65, 0.24, 0.21, -110, 150)]],
        [[(0.62, 0.12), *_arc(0.5, 0.64, 0.22, 0.22, -200, 170), (0.28, 0.62)]],
        [[(0.25, 0.16), (0.75, 0.16), (0.45, 0.88)]],
        [[*_arc(0.5, 0.31, 0.18, 0.17, 90, 450), *_arc(0.5, 0.67, 0.22, 0.19, -90, 270)]],
        [[*_arc(0.48, 0.34, 0.2, 0.19, 0, -360), (0.66, 0.5), (0.6, 0.88)]],
    ]


_EDGED = (
    "40,14 62,16 74,40 70,70 56,86 36,84 26,60 28,34 42,14",
    "46,16 52,84",
    "28,28 42,16 66,18 70,36 28,82 76,80",
    "28,18 66,18 68,34 44,46 70,58 68,76 50,86 26,82",
    "32,16 28,52 72,50 | 70,20 64,88",
    "74,16 38,18 34,44 58,44 70,60 62,82 28,84",
    "56,12 36,42 30,70 44,88 66,80 68,62 50,54 32,66",
    "24,20 74,18 56,50 46,88",
    "66,22 46,14 34,28 64,62 60,84 40,86 32,70 62,40 66,22",
    "66,30 46,16 32,34 44,48 66,34 62,60 54,88",
)


def edged_hand() -> list[list[Stroke]]:
    """Return 0 to 9 of straight lines with corners."""
    return [[_spelled(stroke) for stroke in digit.split(" | ")] for digit in _EDGED]


def _spelled(stroke: str) -> Stroke:
    points = (each.split(",") for each in stroke.split())
    return [(int(x) / 100, int(y) / 100) for x, y in points]


def slanted(hand: list[list[Stroke]], slant: float = 0.18) -> list[list[Stroke]]:
    """Return a hand that leans to the right, written smaller and off the middle."""
    return [
        [
            [(0.12 + 0.62 * (x + slant * (0.5 - y)), 0.2 + 0.62 * y) for x, y in stroke]
            for stroke in digit
        ]
        for digit in hand
    ]


HANDS = {"round": round_hand(), "edged": edged_hand(), "slanted": slanted(round_hand())}


def drawn(digit: list[Stroke], pen: float) -> NDArray[np.float32]:
    """Return a digit's ink on a field of 56 x 56, 0 to 1, drawn with a round pen of this width."""
    middle = (np.arange(FIELD) + 0.5) / FIELD
    x, y = np.meshgrid(middle, middle)
    nearest = np.full((FIELD, FIELD), np.inf)
    for along, down in _dotted(digit):
        nearest = np.minimum(nearest, np.hypot(x - along, y - down))
    ink: NDArray[np.float32] = np.clip((pen / 2 - nearest) * FIELD + 0.5, 0, 1).astype(np.float32)
    return ink


def _dotted(digit: list[Stroke]) -> Iterator[tuple[float, float]]:
    for stroke in digit:
        for (x1, y1), (x2, y2) in pairwise(stroke):
            steps = max(2, int(math.hypot(x2 - x1, y2 - y1) * FIELD * 2))
            for k in range(steps + 1):
                yield x1 + (x2 - x1) * k / steps, y1 + (y2 - y1) * k / steps
