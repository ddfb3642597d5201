"""What the digits network gets wrong, a card for each: what was tried, and what it shows."""

from __future__ import annotations

import math

from markupsafe import Markup

from playground.core.functional import FloatArray
from playground.drawing.markup import join, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.neurons.cons import (
    EPOCHS,
    LOOKS,
    MEMORISING,
    MISLEADING,
    MISLED,
    NOISE,
    OVERFITTING,
    SHUFFLED,
    STEPS,
    SURE,
    Backwards,
    Cons,
    ConsSettings,
    Noise,
    Point,
    run_cons,
)
from playground.labs.neurons.plane import Axis, Plane, Points, figure, key
from playground.labs.neurons.ways_view import SHARES, card, picture_of, show_share


def draw(known: Cons) -> Markup:
    """Return the cards, as far as they have come."""
    return join((_noise(known), _backwards(known), _shuffled(known), _few(known), _misled(known)))


def _noise(known: Cons) -> Markup:
    words = "The network learns on 9,000 digits"
    if known.trained is not None:
        words = (
            f"After {EPOCHS} epochs on 9,000 digits the network names {show_share(known.trained)} "
            "of new ones rightly"
            if known.noise
            else f"In training; it names {show_share(known.trained)} of new digits rightly"
        )
    return card(
        "It cannot say that it does not know",
        f"{words}. Then it is shown {NOISE:,} images of noise.",
        _seen(known.noise) if known.noise else Markup(),
        "The ten outputs are made to add up to 1: all it can do is to divide them among ten "
        "digits; there is no eleventh that says that it is none. "
        "In training it never met anything that was none. How many it is sure of differs much from "
        "seed to seed: nothing in training decides it.",
    )


def _seen(noise: Noise) -> Markup:
    pictures = (
        picture_of(each.image, f"a {each.digit}", _sure(each.confidence)) for each in noise.most
    )
    told = (
        f"Of {show_share(noise.sure)} of the noise it is more than {100 * SURE:g} % sure that it "
        f"is some digit; of real new digits, of {show_share(noise.real)}. These are the images of "
        "noise of which it was surest, with what it saw:"
    )
    return tag("p", told) + tag("div", join(pictures), class_="digit-row")


def _backwards(known: Cons) -> Markup:
    digit = known.settings.digit
    return card(
        "It cannot draw",
        f"Run backwards: the weights stay, and a blank image is changed, {STEPS} steps along "
        f"the slope, to where the network is surer that it sees a {digit}.",
        _looks(known.backwards, digit) if known.backwards else Markup(),
        f"It learned what tells a {digit} from the other nine digits, not what a {digit} looks "
        "like. To be told apart by it, the ink above is enough. Distances are between the 784 "
        "pixels of two images, the square root of the sum of squared differences.",
    )


def _looks(back: Backwards, digit: int) -> Markup:
    pictures = [
        picture_of(seen.image, "blank" if step == 0 else f"{step} steps", _sure(seen.confidence))
        for step, seen in zip(LOOKS, back.looks, strict=True)
    ]
    pictures.append(_mean(back.mean, digit))
    told = (
        f"At the end it is {_sure(back.looks[-1].confidence)} sure of a {digit}. The nearest real "
        f"{digit} it learned from is {back.nearest:.1f} away; from a new real {digit} it is "
        f"{back.usual:.1f}, in the median."
    )
    return tag("div", join(pictures), class_="digit-row") + tag("p", told)


def _mean(image: FloatArray, digit: int) -> Markup:
    return picture_of(image, f"real {digit}s,", "their mean")


def _sure(share: float) -> str:
    # 99.96 % is not 100 %: no output of a softmax is.
    return "over 99.9 %" if share > 0.999 else show_share(share)


def _shuffled(known: Cons) -> Markup:
    shown = Markup()
    if known.shuffled:
        last = known.shuffled[-1]
        shown = _shares(known.shuffled, MEMORISING) + tag(
            "p",
            f"After {last.epoch} epochs it names {show_share(last.train)} of them as it was told, "
            f"and {show_share(last.test)} of new digits rightly; guessing gets about 10 %.",
        )
    return card(
        "It memorises nonsense",
        f"The labels of {SHUFFLED} digits are shuffled: nothing about an image tells its label "
        "any more. A fresh network learns them.",
        shown,
        "13,002 weights and biases have room for 300 answers learned by heart. A good result on "
        "what was learned from says nothing about whether something was understood; that is why "
        "digits are held out.",
    )


def _few(known: Cons) -> Markup:
    shown = Markup()
    if known.overfit:
        best = min(known.overfit, key=lambda point: point.test_cost)
        last = known.overfit[-1]
        pictures = (
            _shares(known.overfit, OVERFITTING),
            _costs(known.overfit),
        )
        shown = tag("div", join(pictures), class_="figures") + tag(
            "p",
            f"The cost of new digits is lowest after {best.epoch} epochs, at {best.test_cost:.2f}; "
            f"after {last.epoch} it is {last.test_cost:.2f}, and {show_share(last.train)} of the "
            f"digits learned from, but {show_share(last.test)} of new ones, are named rightly.",
        )
    return card(
        "It learns a few examples too well",
        f"A fresh network learns from {known.settings.images:,} digits, with their right labels, "
        f"for {OVERFITTING} epochs.",
        shown,
        "Once it has every digit right, it can only grow surer, of what is true of these digits "
        "alone, too: that is overfitting. More digits help, or to stop where the cost of held-out "
        "digits is lowest.",
    )


def _misled(known: Cons) -> Markup:
    shown = Markup()
    if known.misled:
        last = known.misled[-1]
        plane = Plane(Axis("epochs of wrong labels", 0, MISLEADING, range(6)), SHARES, 340, 220)
        right, told = show_share(last.right), show_share(last.as_told)
        picture = plane.picture(
            f"New digits by epoch: at the end {right} rightly, {told} as it was told",
            plane.line(((each.epoch, each.right) for each in known.misled), "curve-control"),
            plane.line(((each.epoch, each.as_told) for each in known.misled), "curve-best"),
        )
        keys = (
            key("curve-control", f"named rightly: {right}"),
            key("curve-best", f"named as it was told: {told}"),
        )
        shown = figure("New digits", picture) + tag("p", join(keys), class_="keys-line")
    return card(
        "It believes whoever speaks last",
        f"The network that has learned on 9,000 digits goes on with {MISLED:,} of them, but each "
        "is called by the next number: a 3 is called a 4, a 9 a 0.",
        shown,
        "It has no way to tell a label from a lie, and the old labels are no longer there to "
        "object: a step follows the slope of the batch at hand. What is learned later overwrites "
        "what was learned before, with wrong labels as with right ones.",
    )


def _shares(points: tuple[Point, ...], epochs: int) -> Markup:
    return _chart(
        "Named as the labels say",
        Plane(_epochs(epochs), SHARES, 340, 220),
        ((each.epoch, each.train) for each in points),
        ((each.epoch, each.test) for each in points),
        (show_share(points[-1].train), show_share(points[-1].test)),
    )


def _costs(points: tuple[Point, ...]) -> Markup:
    highest = math.ceil(max(max(each.train_cost, each.test_cost) for each in points))
    axis = Axis("cost", 0, highest, range(0, highest + 1, max(1, highest // 4)))
    return _chart(
        "Cost",
        Plane(_epochs(OVERFITTING), axis, 340, 220),
        ((each.epoch, each.train_cost) for each in points),
        ((each.epoch, each.test_cost) for each in points),
        (f"{points[-1].train_cost:.2g}", f"{points[-1].test_cost:.2f}"),
    )


def _epochs(epochs: int) -> Axis:
    return Axis("epochs", 0, epochs, range(0, epochs + 1, epochs // 4))


def _chart(title: str, plane: Plane, train: Points, new: Points, ends: tuple[str, str]) -> Markup:
    picture = plane.picture(
        f"{title} by epoch; at the end {ends[0]} of those learned from, {ends[1]} of new ones",
        plane.line(train, "curve-control"),
        plane.line(new, "curve-best"),
    )
    keys = (
        key("curve-control", f"learned from: {ends[0]}"),
        key("curve-best", f"new digits: {ends[1]}"),
    )
    return tag(
        "figure",
        tag("figcaption", title),
        picture,
        tag("p", join(keys), class_="keys-line"),
        class_="unit-figure",
    )


CONS = Experiment(
    path="neurons/cons",
    title="What it gets wrong",
    idea=(
        "A network that names nine digits of ten rightly still takes noise for a digit, cannot "
        "draw one, learns nonsense by heart, and believes whatever it is told last."
    ),
    settings=ConsSettings,
    function=run_cons,
    view=draw,
    needs=Needs.NOTHING,
    action="Put it to the test",
    empty="Five cards come here, one after another.",
    small={"images": 20},
)
