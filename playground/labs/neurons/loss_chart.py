"""A chart of losses against steps, with levels that mean something as lines across it, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from playground.drawing.markup import tag

_WIDTH, _HEIGHT = 280, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 26, 12, 10, 26


@dataclass(frozen=True)
class Curve:
    """A line of the chart.

    Parameters
    ----------
    kind : str
        How it is drawn.
    points : sequence of (float, float)
        Steps and losses.
    """

    kind: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Frame:
    """What the chart shows of the numbers.

    Parameters
    ----------
    steps : int
        At its right end.
    low, high : float
        Losses at its foot and top; what is beyond is drawn at the edge.
    """

    steps: int
    low: float
    high: float

    def x(self, step: float) -> float:
        """Return where a step stands."""
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * step / self.steps

    def y(self, loss: float) -> float:
        """Return where a loss stands."""
        share = (loss - self.low) / (self.high - self.low)
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - min(max(share, 0.0), 1.0))


def loss_chart(frame: Frame, levels: Sequence[Curve], curves: Sequence[Curve], said: str) -> Markup:
    """Return the chart.

    Parameters
    ----------
    frame : Frame
        What it shows.
    levels : sequence of Curve
        Lines across it; only the loss of the first point counts.
    curves : sequence of Curve
        Drawn above them, the last with a dot at every point.
    said : str
        What it shows, for those who do not see it.
    """
    across = (
        Curve(each.kind, [(0, each.points[0][1]), (frame.steps, each.points[0][1])])
        for each in levels
    )
    dots = curves[-1] if curves else None
    return tag(
        "svg",
        *_axes(frame),
        *(_line(each, frame) for each in (*across, *curves)),
        *(_dots(dots, frame) if dots else ()),
        class_="loss-chart",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=said,
    )


def _axes(frame: Frame) -> Iterator[Markup]:
    for value in range(math.ceil(frame.low), math.floor(frame.high) + 1):
        y = f"{frame.y(value):.1f}"
        yield tag("line", class_="grid", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y)
        yield _text(str(value), _LEFT - 7, frame.y(value) + 4, "end")
    for share, anchor in ((0, "start"), (1, "end")):
        step = share * frame.steps
        words = f"{step:,} steps" if share else "0"
        yield _text(words, frame.x(step), _HEIGHT - 8, anchor)


def _text(words: str, x: float, y: float, anchor: str) -> Markup:
    return tag("text", words, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def _line(curve: Curve, frame: Frame) -> Markup:
    points = " ".join(f"{frame.x(step):.1f},{frame.y(loss):.1f}" for step, loss in curve.points)
    return tag("polyline", class_=curve.kind, points=points)


def _dots(curve: Curve, frame: Frame) -> Iterator[Markup]:
    for step, loss in curve.points:
        yield tag("circle", cx=f"{frame.x(step):.1f}", cy=f"{frame.y(loss):.1f}", r=2.4)


def key(kind: str, words: str) -> Markup:
    """Return a line of the chart and what it is called."""
    line = tag("polyline", class_=kind, points="0,4 24,4")
    return tag(
        "span",
        tag("svg", line, class_="loss-key", viewBox="0 0 24 8", aria_hidden="true"),
        words,
    )
