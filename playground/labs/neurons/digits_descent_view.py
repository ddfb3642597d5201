"""The rules on the digits: cost against time and against epochs, and a table of both."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from markupsafe import Markup

from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.neurons.digits_descent import (
    Course,
    DigitsDescent,
    DigitsDescentSettings,
    Point,
    run_digits_descent,
)
from playground.labs.neurons.numbers import show
from playground.labs.neurons.plane import Axis, Plane, figure, key
from playground.labs.neurons.rules import ADAPTIVE, TITLES

_COST = Axis("cost", 0.2, 5, (0.2, 0.5, 1, 2, 5), log=True)
_GUESSING = math.log(10)
_HEADS = ("rule", "examples a step", "steps", "seconds", "cost", "named rightly")


def draw(known: DigitsDescent) -> Markup:
    """Return the curves and the table, as far as the training has come."""
    last = [course.points[-1] for course in known.courses]
    slowest = max((point.seconds for point in last), default=0.0) or 1.0
    pictures = (
        _chart(known, "Cost against seconds", _seconds(slowest), _since),
        _chart(known, "Cost against epochs", _epochs(known), lambda point: point.epoch),
    )
    keys = (key(f"rule-{course.rule}", TITLES[course.rule]) for course in known.courses)
    return tag(
        "div",
        tag("div", join(pictures), class_="figures"),
        tag("p", join(keys), class_="keys-line"),
        table(_HEADS, _rows(known), stacks=True, class_="neurons"),
        *_told(known),
        tag("p", _WORDS, class_="about"),
        tag("p", _HOW, class_="hint"),
        class_="card part",
    )


_WORDS = (
    "Against epochs all have looked at as many digits; against seconds they have not worked as "
    "long. Gradient descent makes one careful step where stochastic descent makes 9,000 careless "
    "ones, each of which costs a whole trip through Python. A mini-batch is between: little noise, "
    "and one product of matrices for many examples. Which of the others is best hangs on the rate "
    "that each was given: try."
)
_HOW = (
    "Cost (cross-entropy) and share named rightly are of 1,000 held-out digits; ln 10 = 2.3 is "
    "guessing. The network is 784-16-16-10 with ReLU, its start the same for all. Seconds are "
    "measured, training alone."
)


_SOONEST = 0.01  # seconds; the start, at 0, stands here, for equal factors have no 0


def _since(point: Point) -> float:
    return max(point.seconds, _SOONEST)


def _seconds(slowest: float) -> Axis:
    """Return an axis of equal factors: the slowest takes many times as long as the quickest."""
    ticks = [each for each in (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100) if each <= slowest]
    return Axis("seconds of training", _SOONEST, max(slowest, 2 * _SOONEST), ticks, log=True)


def _epochs(known: DigitsDescent) -> Axis:
    epochs = known.settings.epochs
    step = max(1, epochs // 5)
    return Axis("epochs", 0, epochs, range(0, epochs + 1, step))


def _chart(known: DigitsDescent, title: str, axis: Axis, along: Callable[[Point], float]) -> Markup:
    plane = Plane(axis, _COST, 340, 280)
    lines = (
        plane.line(((along(point), point.cost) for point in course.points), f"rule-{course.rule}")
        for course in known.courses
    )
    ends = "; ".join(
        f"{TITLES[course.rule]} {show(course.points[-1].cost)}" for course in known.courses
    )
    return figure(title, plane.picture(f"{title}. At the end: {ends}", *lines))


def _rows(known: DigitsDescent) -> Iterator[list[object]]:
    best = max((course.points[-1].accuracy for course in known.courses), default=0.0)
    for course in known.courses:
        end = course.points[-1]
        right = f"{100 * end.accuracy:.1f} %"
        yield [
            key(f"rule-{course.rule}", TITLES[course.rule]),
            f"{course.batch:,}",
            f"{end.steps:,}",
            f"{end.seconds:.2f}",
            "diverged" if course.diverged_at else f"{end.cost:.3f}",
            tag("b", right) if end.accuracy == best else right,
        ]


def _told(known: DigitsDescent) -> Iterator[Markup]:
    """Yield why a rule was given up, or learned nothing."""
    for course in known.courses:
        title = TITLES[course.rule]
        title = f"{title[0].upper()}{title[1:]}"
        if course.diverged_at:
            words = (
                f"{title} diverged at step {course.diverged_at:,}: the cost of its batch was "
                f"beyond 1,000, or no number any more. Its learning rate of {_rate(known, course)} "
                "makes steps so long that each leads to a worse place, with a steeper slope."
            )
            yield tag("p", words, class_="diverged")
        elif _stuck(course):
            words = (
                f"{title} is no better than guessing: a step with a rate of "
                f"{_rate(known, course)} was so long that hidden neurons give 0 for every digit, "
                "and a ReLU that gives 0 has no slope to come back by."
            )
            yield tag("p", words, class_="diverged")


def _rate(known: DigitsDescent, course: Course) -> str:
    settings = known.settings
    return show(settings.adaptive_rate if course.rule in ADAPTIVE else settings.learning_rate)


def _stuck(course: Course) -> bool:
    """Tell of many steps that left the cost where guessing is, to a few hundredths."""
    end = course.points[-1]
    return end.steps > 100 and abs(end.cost - _GUESSING) < 0.05


DIGITS_DESCENT = Experiment(
    path="neurons/descent-digits",
    title="Descent on digits",
    idea=(
        "The same seven rules, walking in 13,002 directions instead of two. A step that looks at "
        "every example is right and slow; see what a hurried one is worth, by the clock."
    ),
    settings=DigitsDescentSettings,
    function=run_digits_descent,
    view=draw,
    needs=Needs.NOTHING,
    action="Race on the digits",
    empty="The curves come here, rule by rule.",
    small={"epochs": 1, "rules": ("gradient", "mini-batch"), "batch_size": 500},
)
