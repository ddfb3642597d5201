"""Ways down a cost surface: contour lines and costs, which grow step by step, and a table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

from markupsafe import Markup

from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs, Opens
from playground.labs.neurons.descent import Descent, DescentSettings, run_descent
from playground.labs.neurons.numbers import show
from playground.labs.neurons.plane import Axis, Plane, figure, key
from playground.labs.neurons.racing import BATCHES, FAR, Path, longest_rate
from playground.labs.neurons.rules import ADAPTIVE, TITLES
from playground.labs.neurons.surfaces import REACH, Name, contours

_TICKS = (-2, -1, 0, 1, 2)
_GROUND = Plane(Axis("x", -REACH, REACH, _TICKS), Axis("y", -REACH, REACH, _TICKS), 340, 332)
_DECADES = 5  # of the cost, below where all begin
_ABOUT: dict[Name, str] = {
    "bowl": (
        "Convex: one hollow, and from everywhere the way down leads into it. Any local minimum "
        "here would be the global one, and only the length of the steps counts."
    ),
    "ravine": (
        "Convex too, but 24 times as steep across as along. A step that is short enough not to "
        "be thrown from wall to wall is too short for the floor. A velocity, or a rate for each "
        "weight (RMSProp, Adam), gets along it sooner."
    ),
    "two-minima": (
        "The left hollow is the deeper one: the global minimum. The right one is a local minimum: "
        "all around it is higher, the slope in it is 0, and nothing there tells of the other. "
        "Which of the two is found hangs on the start, and on how far a rule's velocity carries; "
        "no rule here looks for the deepest. Click right of the ridge at x = 0.08, then left of it."
    ),
    "saddle": (
        "In the middle the slope is 0 and yet it is no minimum: up along x, down along y. Start at "
        "y = 0, on the ridge: without noise nothing leads away from the saddle, and only who looks "
        "at single examples gets off it. In 13,002 directions saddles are far commoner than bad "
        "minima."
    ),
}


def draw(known: Descent) -> Markup:
    """Return the surface with the ways that have been walked, the costs, and what came of each."""
    settings = known.settings
    formula = tag("span", f"{settings.ground.formula} ", class_="formula")
    pictures = (
        figure(tag("span", "Seen from above: ", formula), _ground(known)),
        figure("Cost above the lowest, step by step", _costs(known)),
    )
    keys = (key(f"rule-{path.rule}", TITLES[path.rule]) for path in known.paths)
    return tag(
        "div",
        tag("div", join(pictures), class_="figures"),
        tag("p", join(keys), class_="keys-line"),
        _player(known),
        tag("p", "Click in the picture from above: all start there.", class_="hint on-page"),
        table(_HEADS, _rows(known), stacks=True, class_="neurons"),
        *_diverged(known),
        tag("p", _ABOUT[settings.surface], class_="about"),
        tag("p", _EXAMPLES, class_="hint"),
        class_="card part",
    )


_HEADS = ("rule", "99 % down at step", "examples seen by then", "cost at the end", "ended")
_EXAMPLES = (
    "The cost is the mean over 64 examples. Each example's own slope is off by so much as the "
    "spread says; stochastic descent takes one example a step, mini-batch eight, all others all "
    "64. On a real set an example costs time: the tab Descent on digits counts it."
)


def _ground(known: Descent) -> Markup:
    left, top, width, height = _GROUND.box
    x, y = known.settings.start
    minima = (
        _GROUND.dot(*each, "minimum", f"minimum at {show(each[0])}, {show(each[1])}", 3)
        for each in known.settings.ground.minima
    )
    pick = {
        "x": ["start_x", -REACH, REACH, 0.01],
        "y": ["start_y", REACH, -REACH, 0.01],
    }
    return _GROUND.picture(
        f"Contour lines of {known.settings.ground.formula}; start at x = {show(x)}, y = {show(y)}",
        tag("rect", class_="ground", x=left, y=top, width=width, height=height),
        _contours(known.settings.surface),
        *minima,
        *(_way(_GROUND, path, path.places) for path in known.paths),
        _GROUND.dot(x, y, "start", "start", 5),
        data_pick=json.dumps(pick),
        data_set="{}",
        data_run=True,
    )


@cache
def _contours(surface: Name) -> Markup:
    """Return the lines of equal cost, the lower the darker."""
    return join(
        tag(
            "path",
            d="".join(
                "M{:g},{:g}L{:g},{:g}".format(*_GROUND.at(*one), *_GROUND.at(*other))
                for one, other in line
            ),
            class_="contour",
            stroke_opacity=f"{1 - 0.75 * place / 14:.2f}",
        )
        for place, line in enumerate(contours(surface))
    )


def _way(plane: Plane, path: Path, points: tuple[tuple[float, float], ...]) -> Markup:
    """Return a line and, where it ends, a dot; `lab.js` lets both grow."""
    kind = f"rule-{path.rule}"
    line = plane.line(points, kind, data_way=True)
    return line + plane.dot(*points[-1], f"{kind} end", TITLES[path.rule], 3.5)


def _costs(known: Descent) -> Markup:
    lowest, steps = known.settings.ground.lowest, known.settings.steps
    begun = max((path.costs[0] - lowest for path in known.paths), default=0.0)
    top = 10.0 ** _power(begun)
    ticks = [top / 10**each for each in range(_DECADES + 1)]
    plane = Plane(
        Axis("steps", 0, steps, (0, steps // 2, steps) if steps > 1 else (0, 1)),
        Axis("cost above the lowest", ticks[-1], top, ticks, log=True),
        352,
        332,
        54,
    )
    ways = (
        _way(plane, path, tuple((step, cost - lowest) for step, cost in enumerate(path.costs)))
        for path in known.paths
    )
    ends = "; ".join(f"{TITLES[path.rule]} {show(path.costs[-1] - lowest)}" for path in known.paths)
    return plane.picture(f"Cost above the lowest after {steps} steps: {ends}", *ways)


def _power(height: float) -> int:
    """Return the power of ten that is no lower than a height, at least 0."""
    power = 0
    while height > 10.0**power:
        power += 1
    return power


def _player(known: Descent) -> Markup:
    most = max((path.steps for path in known.paths), default=0)
    button = tag("button", "Play", type="button", class_="small", data_play=True)
    slider = tag(
        "input", type="range", min=0, max=most, value=most, aria_label="Steps that are shown"
    )
    told = tag("span", f"step {most}", class_="shown-step")
    return tag("div", button, slider, told, class_="player on-page")


def _rows(known: Descent) -> Iterator[list[object]]:
    lowest = known.settings.ground.lowest
    for path in known.paths:
        down = path.reached(lowest)
        yield [
            tag("span", key(f"rule-{path.rule}", TITLES[path.rule])),
            "never" if down is None else down,
            "" if down is None else f"{down * path.batch:,}",
            show(path.costs[-1]) if path.left_at is None else "",
            _end(known, path),
        ]


def _end(known: Descent, path: Path) -> str:
    if path.left_at is not None:
        return f"diverged at step {path.left_at:,}"
    if path.costs[-1] > path.costs[0]:
        return "higher than it began"
    ended, surface = known.ended(path), known.settings.surface
    if ended == "global" and surface == "saddle":  # of two that are equally deep
        return f"minimum at y = {show(round(path.places[-1][1]))}"
    around = "around the " if path.rule in BATCHES else ""
    return {
        "global": around + ("global minimum" if surface == "two-minima" else "minimum"),
        "local": f"{around}local minimum",
        "saddle": "on the saddle",
        "way": "still on its way",
    }[ended]


def _diverged(known: Descent) -> Iterator[Markup]:
    """Yield why those that left did; who left for one reason stands in one sentence."""
    reasons: dict[str, list[str]] = {}
    for path in known.paths:
        if path.left_at is not None:
            told = f"{TITLES[path.rule]} diverged at step {path.left_at:,}"
            reasons.setdefault(_reason(known, path), []).append(told)
    for reason, who in reasons.items():
        words = ", ".join(who)
        yield tag("p", f"{words[0].upper()}{words[1:]}. {reason}", class_="diverged")
    if reasons:
        words = f"Diverged: farther than {FAR:g} from the middle, where each was stopped."
        yield tag("p", words, class_="hint")


def _reason(known: Descent, path: Path) -> str:
    settings = known.settings
    if path.rule in ADAPTIVE:
        return (
            f"Each of its steps is about as long as its rate, {show(settings.adaptive_rate)}, "
            "whatever the slope."
        )
    limit = longest_rate(settings.ground, path.rule, settings.rates, settings.start)
    curved = show(settings.ground.steepest(*settings.start))
    if settings.learning_rate > limit:
        return (
            f"At the start the slope changes by {curved} a unit; above a learning rate of "
            f"{show(limit)} a step then lands on the other side, higher than it came from. Here it "
            f"is {show(settings.learning_rate)}."
        )
    return (
        f"At the start its rate of {show(settings.learning_rate)} would do; it came to where the "
        "surface is steeper, and there the steps are too long."
    )


DESCENT = Experiment(
    path="neurons/descent",
    title="Descent",
    idea=(
        "Learning is walking downhill with only the slope under one's feet. Seven rules race from "
        "the same start: watch who zigzags, who overshoots and who stops in the wrong hollow."
    ),
    settings=DescentSettings,
    function=run_descent,
    view=draw,
    needs=Needs.NOTHING,
    action="Race",
    opens=Opens.RUNNING,
    empty="The ways come here.",
    small={"steps": 5, "rules": ("gradient", "stochastic", "adam")},
)
