"""A picture with two axes of any range, in which lines are clipped where they leave it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from playground.drawing.markup import join, tag
from playground.labs.neurons.numbers import show

_RIGHT, _TOP, _BOTTOM = 10, 10, 34

Points = Iterable[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """One direction of a picture.

    Parameters
    ----------
    name : str
        What it measures, with its unit.
    low, high : float
        Its ends.
    ticks : sequence of float
        Where a number stands.
    log : bool
        Whether equal steps are equal factors.
    """

    name: str
    low: float
    high: float
    ticks: Sequence[float]
    log: bool = False

    def share(self, value: float) -> float:
        """Return where a value lies, 0 at the low end and 1 at the high one.

        Examples
        --------
        >>> Axis("", -1, 3, ()).share(0), Axis("", 0.01, 1, (), log=True).share(0.1)
        (0.25, 0.5)
        """
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        low, high = math.log10(self.low), math.log10(self.high)
        return (math.log10(max(value, self.low * 1e-3)) - low) / (high - low)


@dataclass(frozen=True)
class Plane:
    """A picture's axes and its size in its own units, with room for numbers at the left."""

    x: Axis
    y: Axis
    width: int = 280
    height: int = 230
    left: int = 42

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of what lies between the axes."""
        return self.left, _TOP, self.width - self.left - _RIGHT, self.height - _TOP - _BOTTOM

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point is drawn; far outside stays within what SVG can hold."""
        left, top, width, height = self.box
        # Python's own numbers: NumPy's take five times as long, one at a time.
        along = min(max(self.x.share(float(x)), -9.0), 9.0) * width
        up = min(max(self.y.share(float(y)), -9.0), 9.0) * height
        return round(left + along, 1), round(top + height - up, 1)

    def spell(self, points: Points) -> str:
        """Return points as SVG writes them."""
        return " ".join(f"{x:g},{y:g}" for x, y in (self.at(*point) for point in points))

    def line(self, points: Points, kind: str, **attributes: object) -> Markup:
        """Return a line; `kind` says how it is drawn."""
        return tag("polyline", class_=kind, points=self.spell(points), **attributes)

    def dot(self, x: float, y: float, kind: str, title: str, radius: float = 4) -> Markup:
        """Return a point that says what it is."""
        at_x, at_y = self.at(x, y)
        return tag("circle", tag("title", title), cx=at_x, cy=at_y, r=radius, class_=kind)

    def picture(self, said: str, *inside: Markup | None, **attributes: object) -> Markup:
        """Return the axes with what lies between them; `said` tells it to who cannot see it."""
        left, top, width, height = self.box
        clipped = tag(
            "svg",
            *inside,
            x=left,
            y=top,
            width=width,
            height=height,
            viewBox=f"{left} {top} {width} {height}",
        )
        return tag(
            "svg",
            *self._grid(),
            clipped,
            class_="unit-chart",
            viewBox=f"0 0 {self.width} {self.height}",
            role="img",
            aria_label=said,
            **attributes,
        )

    def _grid(self) -> Iterator[Markup]:
        left, top, width, height = self.box
        for tick in self.x.ticks:
            x, _ = self.at(tick, self.y.low)
            yield tag("line", class_="grid", x1=x, x2=x, y1=top, y2=top + height)
            yield tag("text", show(tick), x=x, y=top + height + 14, text_anchor="middle")
        for tick in self.y.ticks:
            _, y = self.at(self.x.low, tick)
            yield tag("line", class_="grid", x1=left, x2=left + width, y1=y, y2=y)
            yield tag("text", show(tick), x=left - 6, y=y + 4, text_anchor="end")
        middle, foot = left + width / 2, self.height - 5
        yield tag("text", self.x.name, x=middle, y=foot, text_anchor="middle", class_="axis")
        turned = f"translate(10 {top + height / 2:g}) rotate(-90)"
        yield tag("text", self.y.name, transform=turned, text_anchor="middle", class_="axis")


def figure(title: object, picture: Markup, *below: object) -> Markup:
    """Return a picture under its title, with a line of words below."""
    words = (tag("p", each, class_="hint") for each in below)
    return tag("figure", tag("figcaption", title), picture, join(words), class_="unit-figure")


def key(kind: str, words: str) -> Markup:
    """Return how a line is drawn, and what it is."""
    line = tag("polyline", class_=kind, points="0,4 24,4")
    picture = tag("svg", line, class_="curve-key", viewBox="0 0 24 8", aria_hidden="true")
    return tag("span", picture, words)
