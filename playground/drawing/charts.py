"""Small charts on a square from 0 to 1: ROC, risk against coverage, reliability."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from playground.drawing.markup import join, tag

WIDTH, HEIGHT = 340, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 12, 10, 40
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Curve:
    """A line in a chart.

    Parameters
    ----------
    name : str
        In the key.
    points : sequence of (float, float)
        Both from 0 to 1.
    kind : str
        How it is drawn: "best", "other", "control" or "none".
    """

    name: str
    points: Sequence[tuple[float, float]]
    kind: str


@dataclass(frozen=True)
class Dot:
    """A point with a size: so many answers, and what they say."""

    x: float
    y: float
    count: int
    title: str


def chart(
    title: str,
    axes: tuple[str, str],
    curves: Sequence[Curve] = (),
    dots: Sequence[Dot] = (),
    note: str = "",
) -> Markup:
    """Return a figure with its axes, its lines and the key to them.

    Parameters
    ----------
    title : str
        Says what it shows.
    axes : pair of str
        What goes right, and what goes up.
    curves : sequence of Curve
        The lines.
    dots : sequence of Dot
        Points, larger where they stand for more.
    note : str
        How to read it, below.
    """
    picture = tag(
        "svg",
        *_grid(axes),
        *(_line(each) for each in curves),
        *_dots(dots),
        class_="unit-chart",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{title}. {_told(curves, dots)}",
    )
    keys = tag("p", *(_key(each) for each in curves), class_="keys-line") if curves else None
    hint = tag("p", note, class_="hint") if note else None
    return tag("figure", tag("figcaption", title), picture, keys, hint, class_="unit-figure")


def _x(value: float) -> float:
    return round(_LEFT + value * (WIDTH - _LEFT - _RIGHT), 1)


def _y(value: float) -> float:
    return round(HEIGHT - _BOTTOM - value * (HEIGHT - _TOP - _BOTTOM), 1)


def _grid(axes: tuple[str, str]) -> Iterator[Markup]:
    for tick in _TICKS:
        yield tag("line", class_="grid", x1=_x(0), x2=_x(1), y1=_y(tick), y2=_y(tick))
        yield tag("text", f"{tick:g}", x=_x(tick), y=_y(0) + 15, text_anchor="middle")
        yield tag("text", f"{tick:g}", x=_LEFT - 6, y=_y(tick) + 4, text_anchor="end")
    yield tag("text", axes[0], x=_x(0.5), y=HEIGHT - 8, text_anchor="middle", class_="axis")
    turned = f"translate(11 {_y(0.5)}) rotate(-90)"
    yield tag("text", axes[1], transform=turned, text_anchor="middle", class_="axis")


def _line(curve: Curve) -> Markup:
    points = " ".join(f"{_x(x)},{_y(y)}" for x, y in curve.points)
    return tag("polyline", class_=f"curve-{curve.kind}", points=points)


def _dots(dots: Sequence[Dot]) -> Iterator[Markup]:
    most = max((each.count for each in dots), default=1)
    for each in dots:
        radius = round(3 + 7 * (each.count / most) ** 0.5, 1)
        yield tag(
            "circle", tag("title", each.title), cx=_x(each.x), cy=_y(each.y), r=radius, class_="dot"
        )


def _key(curve: Curve) -> Markup:
    line = tag("polyline", class_=f"curve-{curve.kind}", points="0,4 24,4")
    picture = tag("svg", line, class_="curve-key", viewBox="0 0 24 8", aria_hidden="true")
    return tag("span", picture, curve.name)


def _told(curves: Iterable[Curve], dots: Iterable[Dot]) -> str:
    names = [each.name for each in curves]
    return "; ".join((*names, *(each.title for each in dots)))


def side_by_side(figures: Iterable[Markup]) -> Markup:
    """Return charts beside one another, or below where there is no room."""
    return tag("div", join(figures), class_="figures")
