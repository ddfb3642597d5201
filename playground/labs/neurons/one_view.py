"""One neuron as a line, bent twice; the same in a row; and what bends side by side can follow."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.neurons.bends import CURVES, REACH, SAMPLES
from playground.labs.neurons.numbers import MINUS, SIGMA, show, show_line
from playground.labs.neurons.one import (
    BENDS,
    SIDE_BY_SIDE,
    Bend,
    Followed,
    Neuron,
    NeuronSettings,
    collapse,
    in_a_row,
    run_neuron,
    spread,
    zero,
)
from playground.labs.neurons.plane import Axis, Plane, figure, key

_REACH = 4.0
_X = Axis("x", -_REACH, _REACH, (-4, -2, 0, 2, 4))
_WIDE = Axis("F(x)", -4, 4, (-4, -2, 0, 2, 4))
_NARROW = Axis("F(x)", -0.5, 1.5, (0, 0.5, 1))
_NAMES: dict[Bend, str] = {"line": "A line", "sigmoid": "Sigmoid", "relu": "ReLU"}
_FOLLOWING = Plane(
    Axis("x", -REACH, REACH, (-3, 0, 3)), Axis("F(x)", -1.6, 1.6, (-1, 0, 1)), 190, 160, 36
)
_COUNTS = {2: "two", 3: "three"}


def draw(known: Neuron) -> Markup:
    """Return the neuron, the row, and the curve with what follows it."""
    return _one(known.settings) + _row(known.settings) + _side_by_side(known)


def _one(settings: NeuronSettings) -> Markup:
    line = show_line(settings.weight, settings.bias)
    formulas = {"line": line, "sigmoid": f"{SIGMA}({line})", "relu": f"max(0, {line})"}
    single = settings.neurons[:1]
    drawn = (
        figure(f"{_NAMES[bend]}: F(x) = {formulas[bend]}", _bent(settings, single, bend))
        for bend in BENDS
    )
    return _section("One neuron", tag("div", join(drawn), class_="figures"), _where_zero(settings))


def _where_zero(settings: NeuronSettings) -> str:
    at = zero(settings.weight, settings.bias)
    if at is None:
        return (
            "With W = 0 the input no longer counts: all three are flat, at a height that b alone "
            "sets."
        )
    side = "right" if settings.weight > 0 else "left"
    return (
        f"W turns the line, b shifts it. At x = {MINUS}b/W = {show(at)} the sum is 0: there "
        f"sigmoid is at a half, and ReLU bends; it lets through what lies to the {side}. Sigmoid "
        "squeezes every sum between 0 and 1: the larger W, the steeper."
    )


def _bent(settings: NeuronSettings, neurons: tuple[tuple[float, float], ...], bend: Bend) -> Markup:
    """Return what comes out of some in a row, and of one alone the line that it bends."""
    plane = Plane(_X, _NARROW if bend == "sigmoid" else _WIDE)
    x = spread(_REACH)
    inside = [plane.line(zip(x, in_a_row(x, neurons, bend), strict=True), "curve-best")]
    at = zero(settings.weight, settings.bias)
    if len(neurons) == 1:
        if bend != "line":
            sums = in_a_row(x, neurons, "line")
            inside.insert(0, plane.line(zip(x, sums, strict=True), "curve-none"))
        if at is not None:
            height = 0.5 if bend == "sigmoid" else 0
            inside.append(plane.dot(at, height, "here", f"W x + b = 0 at x = {show(at)}"))
    elif bend == "line":
        weight, bias = collapse(neurons)
        inside.append(plane.line(((each, weight * each + bias) for each in x), "curve-control"))
    said = f"{len(neurons)} in a row: {_NAMES[bend]}, {_ends(neurons, bend)}"
    return plane.picture(said, *inside)


def _ends(neurons: tuple[tuple[float, float], ...], bend: Bend) -> str:
    left, middle, right = in_a_row(spread(_REACH), neurons, bend)[[0, 80, 160]]
    return f"F({MINUS}4) = {show(left)}, F(0) = {show(middle)}, F(4) = {show(right)}"


def _row(settings: NeuronSettings) -> Markup:
    count = _COUNTS[settings.row]
    weight, bias = collapse(settings.neurons)
    titles: dict[Bend, str] = {
        "line": f"No bend: F(x) = {show_line(weight, bias)}",
        "sigmoid": "A sigmoid after each",
        "relu": "A ReLU after each",
    }
    drawn = (figure(titles[bend], _bent(settings, settings.neurons, bend)) for bend in BENDS)
    return _section(
        f"{count.capitalize()} in a row",
        _steps(settings),
        tag("div", join(drawn), class_="figures"),
        f"Lines in a row are one line: multiplied out, these {count} are W = {show(weight)} and "
        f"b = {show(bias)}, drawn dashed on top. However many layers, without a bend a network can "
        "say no more than one neuron. With a bend between them they no longer multiply out.",
    )


def _steps(settings: NeuronSettings) -> Markup:
    """Return what each neuron of the row does."""
    names = ["x", *(f"F{place}" for place in range(1, settings.row + 1))]
    formulas = (
        tag("code", f"{name} = {show_line(weight, bias, before)}")
        for (weight, bias), before, name in zip(settings.neurons, names, names[1:], strict=False)
    )
    return tag("p", join(formulas, ", "), class_="formulas")


def _side_by_side(known: Neuron) -> Markup:
    drawn = (_following(known, each) for each in known.followed)
    keys = key("curve-control", "the curve") + key("curve-best", "the neurons' sum")
    rows: list[list[object]] = [["one straight line", 0, show(known.straight), ""]]
    rows += _rows(known)
    heads = ("neurons", "bends", "root mean square error", "bends at x")
    return _section(
        "Side by side: what a bend buys",
        tag("div", join(drawn), class_="figures four"),
        tag("p", keys, class_="keys-line"),
        table(heads, rows, class_="neurons"),
        "Each ReLU neuron adds one bend, and the weighted sum of n of them is a line with n bends. "
        "They were placed by a search on a grid and weighed by least squares: nothing was trained "
        "here, so this is what they can say, not what they would learn.",
    )


def _rows(known: Neuron) -> Iterator[list[object]]:
    for neurons, each in zip(SIDE_BY_SIDE, known.followed, strict=True):
        places = ", ".join(show(place, 2) for place in each.bends.places)
        yield [f"{neurons} ReLU", neurons, _error(each.error), places]


def _error(error: float) -> str:
    return "0" if error < 1e-9 else show(error)


def _following(known: Neuron, followed: Followed) -> Markup:
    curve, fit = CURVES[known.settings.curve], followed.bends
    neurons = len(fit.outs)
    picture = _FOLLOWING.picture(
        f"The curve, and {neurons} ReLU side by side: root mean square error "
        f"{_error(followed.error)}",
        _FOLLOWING.line(zip(SAMPLES, curve(SAMPLES), strict=True), "curve-control"),
        _FOLLOWING.line(zip(SAMPLES, fit(SAMPLES), strict=True), "curve-best"),
        *(_FOLLOWING.dot(*_bend(followed, place), "here", "a bend", 3) for place in fit.places),
    )
    return figure(f"{neurons} neuron{'s' if neurons > 1 else ''}", picture)


def _bend(followed: Followed, place: float) -> tuple[float, float]:
    return place, float(followed.bends(SAMPLES[:1] * 0 + place)[0])


def _section(title: str, *parts: object) -> Markup:
    *whole, words = parts
    return tag("section", tag("h3", title), *whole, tag("p", words, class_="hint"), class_="part")


ONE = Experiment(
    path="neurons/one",
    title="One neuron",
    idea=(
        "A neuron weighs its input, adds a bias and bends the sum. Turn W and b and watch the "
        "line; then see why a stack of lines is one line, and what a bend buys."
    ),
    settings=NeuronSettings,
    function=run_neuron,
    view=draw,
    needs=Needs.NOTHING,
    action="",
    empty="The neuron will stand here.",
    small={"weight": -0.5, "row": 3, "curve": "step"},
)
