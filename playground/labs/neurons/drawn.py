"""What a network says of a drawing, while it is being drawn."""

from __future__ import annotations

from markupsafe import Markup

from playground.core.network import MLP
from playground.drawing.markup import tag
from playground.labs.neurons.digits_layers import draw_bars, draw_way, follow
from playground.labs.neurons.normalising import normalise, read_drawing
from playground.labs.neurons.shipped_training import shipped_training

_SHIPPED = "the network that ships, trained for 30 epochs"


def draw_verdict(given: object, network: MLP | None = None, step: int = 0) -> Markup:
    """Return what a network says of a drawing, and the drawing as it sees it.

    Parameters
    ----------
    given : object
        See `read_drawing`.
    network : MLP, optional
        The one that ships where there is none.
    step : int
        How many steps it has made.

    Raises
    ------
    OptionError
        When there is no drawing in it, or an empty one.
    """
    image = normalise(read_drawing(given))
    steps = "1 step" if step == 1 else f"{step:,} steps"
    who = f"your network, after {steps}" if network else _SHIPPED
    network = network or shipped_training().network
    way = follow(network, image)
    sure = f"{100 * float(way.outputs.max()):.0f} %"
    return tag(
        "div",
        tag("p", "This is a ", tag("b", way.said), f", says {who}; it is {sure} sure."),
        tag(
            "div",
            draw_way(network, way),
            tag("div", draw_bars(way.outputs), class_="digit-box"),
            class_="network",
        ),
        tag(
            "p",
            "At the left is what the network sees: your ink, scaled to 20 pixels, its centre of "
            "mass in the middle of 28 by 28, as all digits it has learned from.",
            class_="hint",
        ),
        class_="playground-lab",
        data_view="neurons/digits",
    )
