"""The curves of the training, its first weights, the digit at hand, and the declaration."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from playground.core.network import DIGITS_SIZES
from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.neurons.digits import (
    DigitsSettings,
    DigitsTraining,
    Point,
    parts,
    run_digits,
)
from playground.labs.neurons.digits_layers import (
    draw_bars,
    draw_numbers,
    draw_way,
    draw_weights,
    follow,
)
from playground.labs.neurons.numbers import TIMES, show
from playground.labs.neurons.paths import STRONGEST
from playground.labs.neurons.plane import Axis, Plane, figure, key

_KINDS = (("train", "rule-momentum"), ("validation", "rule-adam"))
_END = "end"  # how the test is drawn: a point
_MOST_POINTS = 300  # drawn; the files have all


def draw(known: DigitsTraining) -> Markup:
    """Return curves, weights, the digit at hand, and the count of the parameters."""
    return _curves(known) + _digit(known) + _weights(known) + _count()


def _curves(known: DigitsTraining) -> Markup:
    last = known.points[-1]
    keys = [key(kind, name) for name, kind in _KINDS]
    pictures = (
        _chart(
            known,
            "Cost",
            _cost_axis(known),
            _costs,
            known.test_cost,
        ),
        _chart(
            known,
            "Named rightly",
            Axis("%", 0, 100, (0, 25, 50, 75, 100)),
            _shares,
            None if known.test_accuracy is None else 100 * known.test_accuracy,
        ),
    )
    rows = [
        ["training", show(last.train_cost), _percent(last.train_accuracy)],
        ["validation", show(last.validation_cost), _percent(last.validation_accuracy)],
    ]
    if known.test_cost is not None and known.test_accuracy is not None:
        keys.append(tag("span", tag("i", class_="point-key"), "test, at the end"))
        rows.append(["test", show(known.test_cost), _percent(known.test_accuracy)])
    numbers = table(("digits", "cost", "named rightly"), rows, class_="neurons")
    told = tag("div", tag("p", *keys, class_="keys-line"), numbers, class_="told")
    return tag(
        "section",
        tag("h3", f"Epoch {last.epoch:.1f} of {known.settings.epochs}, step {last.step:,}"),
        *_told(known),
        tag("div", tag("div", *pictures, class_="figures"), told, class_="beside"),
        tag("p", _PARTS, class_="hint"),
        class_="card part",
    )


_PARTS = (
    "It learns from 8,000 digits; the curve “train” is of the first 1,000 of them. The 1,000 of "
    "“validation” it never learns from. Where the lines part, it learns by heart. The test is of "
    "1,000 more that nobody looks at before the end."
)


def _costs(point: Point) -> tuple[float, float]:
    return point.train_cost, point.validation_cost


def _shares(point: Point) -> tuple[float, float]:
    return 100 * point.train_accuracy, 100 * point.validation_accuracy


def _percent(share: float) -> str:
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def _told(known: DigitsTraining) -> Iterator[Markup]:
    """Yield what the test says, or why there is none."""
    last, rate = known.points[-1], show(known.settings.learning_rate)
    if known.diverged_at:
        words = (
            f"Diverged at step {known.diverged_at:,}: cost or weights were beyond a million, or no "
            f"number any more. A learning rate of {rate} makes steps so long that each leads to a "
            "worse place. Shown is the network before that step."
        )
        yield tag("p", words, class_="diverged")
    elif last.step > 100 and last.train_accuracy < 0.15:
        words = (
            f"No better than guessing: with this start, a step at a rate of {rate} was so long "
            "that the neurons are stuck where their slope is 0, and no slope leads back."
        )
        yield tag("p", words, class_="diverged")
    if known.test_accuracy is not None:
        best = max(known.points, key=lambda point: point.validation_accuracy)
        words = (
            f"The test: {_percent(known.test_accuracy)} of the 1,000 digits kept for the end are "
            f"named rightly. Best on validation was {_percent(best.validation_accuracy)}, after "
            f"{best.epoch:.1f} epochs."
        )
        yield tag("p", tag("b", words))


def _cost_axis(known: DigitsTraining) -> Axis:
    costs = [cost for point in known.points for cost in _costs(point)]
    ends = (0.001, 0.01, 0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6)
    low = max((each for each in ends if each <= min(costs)), default=ends[0])
    high = min((each for each in ends if each >= max(costs)), default=ends[-1])
    high = max(high, 10 * low)
    return Axis("cost", low, high, [each for each in ends if low <= each <= high], log=True)


def _chart(
    known: DigitsTraining,
    title: str,
    axis: Axis,
    of: Callable[[Point], tuple[float, float]],
    test: float | None,
) -> Markup:
    epochs = known.settings.epochs
    along = Axis("epochs", 0, epochs, range(0, epochs + 1, max(1, epochs // 5)))
    plane, points = Plane(along, axis, 340, 250), _thinned(known.points)
    lines = (
        plane.line(((point.epoch, of(point)[place]) for point in points), kind)
        for place, (_, kind) in enumerate(_KINDS)
    )
    train, validation = of(known.points[-1])
    said = f"{title} by epoch. Now: train {show(train)}, validation {show(validation)}"
    end = None
    if test is not None:
        told = f"test {show(test)}"
        said, end = f"{said}, {told}", plane.dot(points[-1].epoch, test, _END, told)
    return figure(title, plane.picture(said, *lines, end))


def _thinned(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return about 300 points, the last among them."""
    every = -(-len(points) // _MOST_POINTS)
    return (*points[:-1:every], points[-1])


def _digit(known: DigitsTraining) -> Markup:
    test, place = parts().test, known.settings.example - 1
    image, label = test.images[place], int(test.labels[place])
    way = follow(known.network, image)
    right = "rightly" if way.said == label else "wrongly"
    words = f"Digit {place + 1} is a {label}; the network says, {right}, {way.said}."
    beside = tag("div", draw_bars(way.outputs, label), class_="digit-box")
    return tag(
        "section",
        tag("h3", "The digit at hand, through every layer"),
        tag("p", words),
        _others(known, place),
        tag("div", draw_way(known.network, way), beside, class_="network"),
        tag("p", _LIT, class_="hint"),
        draw_numbers(known.network, way),
        class_="card part",
    )


def _others(known: DigitsTraining, place: int) -> Markup:
    """Return buttons that take another digit to hand: its neighbours, the next named wrongly."""
    test = parts().test
    wrong = np.flatnonzero(known.network.predict(test.images) != test.labels)
    to: list[tuple[str, int | None]] = [
        ("Previous digit", place - 1 if place else None),
        ("Next digit", place + 1 if place + 1 < len(test.labels) else None),
        (
            "Next that it gets wrong",
            int(min(wrong, key=lambda each: (each <= place, each), default=place)),
        ),
    ]
    buttons = (
        tag("button", words, type="button", data_set=json.dumps({"example": there + 1}))
        for words, there in to
        if there is not None
    )
    told = tag("span", f"{len(wrong):,} of 1,000 wrong", class_="hint")
    return tag("p", join(buttons), told, class_="others on-page")


_LIT = (
    "The more active a neuron, the fuller its circle; hold the pointer on one for its sum. Lines "
    f"are the {STRONGEST} strongest paths to the digit that the network says: activation, weight, "
    "slope and weight multiplied are what a path moves that output's sum by. Teal adds, orange "
    "takes away; what paths share is drawn once, as strong as they are together. Each starts at "
    "the pixel that adds most to its first neuron."
)


def _weights(known: DigitsTraining) -> Markup:
    return tag(
        "section",
        tag("h3", "What the first layer looks for"),
        draw_weights(known.network),
        tag(
            "p",
            "A picture for each of its 16 neurons, a pixel for each of its 784 weights. Ink on "
            "teal makes the neuron more active, ink on orange less. At the start it is noise; "
            "what stays noise lies where no digit has ink, so nothing was learned there.",
            class_="hint",
        ),
        class_="card part",
    )


def _count() -> Markup:
    """Return the weights and biases, layer by layer, with their sum."""
    names = ("layer 1", "layer 2", "output")
    rows: list[list[object]] = [["input", "784", "none", "none", "0"]]
    for name, (before, here) in zip(names, pairwise(DIGITS_SIZES), strict=True):
        weights = f"{before} {TIMES} {here} = {before * here:,}"
        rows.append([name, here, weights, here, f"{(before + 1) * here:,}"])
    total = sum((before + 1) * here for before, here in pairwise(DIGITS_SIZES))
    rows.append([tag("b", "all"), "", "", "", tag("b", f"{total:,}")])
    return tag(
        "section",
        tag("h3", f"{total:,} weights and biases"),
        table(("layer", "neurons", "weights", "biases", "together"), rows, class_="neurons"),
        tag(
            "p",
            "The input has none: its 784 numbers are the pixels themselves. Nothing comes before "
            "them that could be weighed, so nothing is computed there.",
        ),
        class_="card part",
    )


DIGITS = Experiment(
    path="neurons/digits",
    title="Digits",
    idea=(
        "784 pixels, two hidden layers of 16 neurons, ten outputs: watch 13,002 weights and biases "
        "learn to read handwritten digits."
    ),
    settings=DigitsSettings,
    function=run_digits,
    view=draw,
    needs=Needs.NOTHING,
    action="Train",
    empty="Curves, weights and layers come here while it learns.",
    small={"epochs": 1, "batch_size": 100},
)
